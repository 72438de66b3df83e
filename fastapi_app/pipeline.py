"""REST: runs of the pipeline, and rollbacks of the model."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from fastapi_app.dependencies import NEEDS_KEY, PredictorDep
from fastapi_app.management import ManagementDep
from fastapi_app.model import model_in_service
from fastapi_app.openapi import problems
from fastapi_app.schemas import RefreshOut
from song_preference.dataset.source import locate
from song_preference.errors import ModelRefused, RegistryUnavailable
from song_preference.pipeline import report
from song_preference.pipeline.report import RunPage, RunReport, RunSummary
from song_preference.serving.model_store import ModelStore, Outcome
from song_preference.training.rollback import rollback

MAX_RUNS = 100

# Not async: Airflow and MLflow may answer slowly, so FastAPI runs these in threads.
router = APIRouter()


class RunBody(BaseModel):
    """As the form of Airflow asks; what is left out is as the form has it."""

    # A key misspelt would start a run that nobody meant.
    model_config = ConfigDict(extra="forbid", strict=True)

    source: str | None = Field(
        None,
        description="A link to the file on Google Drive, a public https address, s3://data/incoming/<file> or "
        "incoming/<file>. Null: the playlist that the operator configured.",
    )
    test_size: float = Field(0.3, ge=0.1, le=0.5, description="Share of the songs that no model learns from.")
    seed: int = Field(42, ge=0, le=2**32 - 1, description="Decides every random choice.")
    trials: int | None = Field(
        None, ge=1, le=500, description="How many models to try. Null: as many as the operator configured."
    )
    force: bool = Field(False, description="Train even if these songs and settings gave a model before.")


class RollbackBody(BaseModel):
    """The version to roll back to."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    version: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,8}$",
        description="Its number in the registry. Null: the one that the champion replaced.",
    )


class RollbackOut(RefreshOut):
    """What the rollback did in the registry, how this service's refresh ended, and the model in service."""

    done: str


RunIn = Annotated[RunBody, Body(default_factory=RunBody)]
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
    if asked.source is not None:
        locate(asked.source, management.datasets.objects.bucket, management.playlist_settings, trusted=False)
    run = report.start(management.airflow, asked.model_dump())
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
    """Return the state of a run, why it failed, and its results: dataset, training and model."""
    return report.report(management.airflow, run_id)


@router.post(
    "/model/rollback",
    tags=["model"],
    operation_id="rollbackModel",
    responses=problems(400, 401, 404, 415, 422, 503),
    dependencies=[NEEDS_KEY],
)
def roll_back(asked: RollbackIn, management: ManagementDep, predictor: PredictorDep) -> RollbackOut:
    """Make an earlier version the champion again and serve it here at once; other services follow by themselves."""
    done = rollback(management.model_settings, asked.version)
    outcome = _refreshed(predictor.store)
    return RollbackOut(done=done, outcome=outcome, model=model_in_service(predictor.store))


def _refreshed(store: ModelStore) -> Outcome:
    # The rollback succeeded in the registry, even if this service cannot load the model yet.
    try:
        return store.refresh(again=True)
    except RegistryUnavailable:
        return "unavailable"
    except ModelRefused:
        return "refused"
