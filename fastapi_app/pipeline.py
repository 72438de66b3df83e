"""REST: runs of the pipeline, and the way back to an earlier model."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Query, Response

from fastapi_app.access import NEEDS_KEY
from fastapi_app.dependencies import PredictorDep
from fastapi_app.management import ManagementDep
from fastapi_app.openapi import problems
from fastapi_app.pipeline_schemas import RollbackBody, RollbackOut, RunBody
from fastapi_app.service import model_in_service
from song_preference.dataset.source import locate
from song_preference.errors import ModelRefused, RegistryUnavailable
from song_preference.pipeline import report
from song_preference.pipeline.report import RunPage, RunReport, RunSummary
from song_preference.serving.store import ModelStore, Outcome
from song_preference.training.rollback import rollback

MAX_RUNS = 100

# Not async: Airflow and MLflow may take their time, which a thread can spend.
router = APIRouter()

RunIn = Annotated[RunBody, Body(default_factory=RunBody)]  # type: ignore[valid-type]
RollbackIn = Annotated[RollbackBody, Body(default_factory=RollbackBody)]


@router.post(
    "/pipeline/runs",
    tags=["pipeline"],
    operation_id="startPipeline",
    status_code=202,
    responses=problems(400, 401, 415, 422, 502, 503),
    dependencies=[NEEDS_KEY],
)
def start(asked: RunIn, management: ManagementDep, response: Response) -> RunSummary:
    """Prepare a playlist and train on it; follow the run at the address in `Location`."""
    options: dict[str, Any] = dict(vars(asked))
    if options["source"] is not None:
        locate(options["source"], management.datasets.objects.bucket, management.playlist_settings, trusted=False)
    run = report.start(management.airflow, options)
    response.headers["Location"] = f"/pipeline/runs/{quote(run.id, safe='')}"
    return run


@router.get("/pipeline/runs", tags=["pipeline"], operation_id="pipelineRuns", responses=problems(422, 502, 503))
def runs(
    management: ManagementDep,
    limit: Annotated[int, Query(ge=1, le=MAX_RUNS, description="How many at most.")] = 20,
    offset: Annotated[int, Query(ge=0, le=10**6, description="How many of the newest to leave out.")] = 0,
) -> RunPage:
    """List the runs of the pipeline, the newest first."""
    return report.page(management.airflow, limit, offset)


@router.get(
    "/pipeline/runs/{run_id}", tags=["pipeline"], operation_id="pipelineRun", responses=problems(404, 422, 502, 503)
)
def run(run_id: str, management: ManagementDep) -> RunReport:
    """Tell how a run stands, why it failed, and what came of it: dataset, training and model."""
    return report.report(management.airflow, run_id)


@router.post(
    "/model/rollback",
    tags=["model"],
    operation_id="rollbackModel",
    responses=problems(400, 401, 404, 415, 422, 503),
    dependencies=[NEEDS_KEY],
)
def roll_back(asked: RollbackIn, management: ManagementDep, predictor: PredictorDep) -> RollbackOut:
    """Make an earlier version the champion again, and serve it here at once; other services follow by themselves."""
    done = rollback(management.model_settings, asked.version)
    outcome = _refreshed(predictor.store)
    return RollbackOut(done=done, outcome=outcome, model=model_in_service(predictor.store))


def _refreshed(store: ModelStore) -> Outcome:
    # What was done in the registry is done: that it cannot be served here is no reason to say that it failed.
    try:
        return store.refresh(again=True)
    except RegistryUnavailable:
        return "unavailable"
    except ModelRefused:
        return "refused"
