"""REST: runs of the pipeline, and rollbacks of the model."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any, Self
from urllib.parse import quote

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from fastapi_app.dependencies import NEEDS_KEY, Limit, Offset, PredictorDep
from fastapi_app.errors import problems
from fastapi_app.management import ManagementDep
from fastapi_app.model import model_in_service
from fastapi_app.schemas import RefreshOut
from song_preference.dataset.source import locate
from song_preference.errors import DiskFull, RegistryUnavailable
from song_preference.messages import Message
from song_preference.pipeline import report
from song_preference.pipeline.airflow import RunPage, RunSummary
from song_preference.pipeline.report import RunReport
from song_preference.run_options import ETL_DAG, ETL_OPTIONS, Option
from song_preference.serving.model_store import Outcome
from song_preference.training.rollback import announced, decline, rollback

# Not async: Airflow and MLflow may answer slowly, so FastAPI runs these in threads.
router = APIRouter()


def run_body(options: Iterable[Option]) -> type[BaseModel]:
    """Return the body that asks for these options."""
    fields: dict[str, Any] = {option.name: _field(option) for option in options}
    about = "The options of a run, as in Airflow's form; a missing one has the form's default."
    # A key misspelt would start a run that nobody meant.
    return create_model("RunBody", __config__=ConfigDict(extra="forbid", strict=True), __doc__=about, **fields)


def _field(option: Option) -> tuple[Any, Any]:
    low, high = option.bounds or (None, None)
    kind = option.type | None if option.default is None else option.type
    description = option.description["en"]
    return kind, Field(option.default, ge=low, le=high, max_length=option.longest, description=description)


RunBody = run_body(ETL_OPTIONS)


NUMBER = r"^[1-9][0-9]{0,8}$"


class RollbackBody(BaseModel, extra="forbid", coerce_numbers_to_str=True):
    """The version to roll back to."""

    version: str | None = Field(
        None,
        pattern=NUMBER,
        description="Its number in the registry. Null: the one that the champion replaced.",
    )


class Change(BaseModel):
    """The change in the registry."""

    done: str
    code: str | None = Field(description="Names what it did; the same in every language.")
    params: dict[str, Any] = Field(description="The values in `done`.")

    @classmethod
    def of(cls, done: Message, **values: Any) -> Self:
        """Return the change that a message is about."""
        return cls(done=str(done), **done.as_json(), **values)


class RollbackOut(Change, RefreshOut):
    """The change in the registry, the outcome of this service's refresh, and the model in service."""

    is_announced: bool = Field(description="Whether Airflow knows, which then asks the model about the catalogue.")


RunIn = Annotated[RunBody, Body(default_factory=RunBody)]  # type: ignore[valid-type]
RollbackIn = Annotated[RollbackBody, Body(default_factory=RollbackBody)]


@router.post(
    "/pipeline/runs",
    tags=["Pipeline"],
    operation_id="startPipeline",
    summary="Start a run",
    status_code=202,
    responses=problems(400, 401, 415, 422, 502, 503),
    dependencies=[NEEDS_KEY],
)
def start(asked: RunIn, management: ManagementDep, response: Response) -> RunSummary:
    """Prepare a playlist and train on it; follow the run at the address in `Location`."""
    options: dict[str, Any] = dict(vars(asked))
    if options["source"] is not None:
        locate(options["source"], management.datasets.objects.bucket, management.playlist_settings, trusted=False)
    run = management.airflow.start(ETL_DAG, options)
    response.headers["Location"] = f"/pipeline/runs/{quote(run.id, safe='')}"
    return run


@router.get(
    "/pipeline/runs",
    tags=["Pipeline"],
    operation_id="pipelineRuns",
    summary="List runs",
    responses=problems(422, 502, 503),
)
def runs(management: ManagementDep, limit: Limit = 20, offset: Offset = 0) -> RunPage:
    """List the runs of the pipeline, the newest first."""
    return management.airflow.runs(ETL_DAG, limit, offset)


@router.get(
    "/pipeline/runs/{run_id}",
    tags=["Pipeline"],
    operation_id="pipelineRun",
    summary="Follow a run",
    responses=problems(404, 422, 502, 503),
)
def run(run_id: str, management: ManagementDep) -> RunReport:
    """Return the state of a run, why it failed, and its results: dataset, training and model."""
    return report.report(management.airflow, run_id)


@router.post(
    "/model/rollback",
    tags=["Model"],
    operation_id="rollbackModel",
    summary="Go back to an earlier version",
    responses=problems(400, 401, 404, 415, 422, 503),
    dependencies=[NEEDS_KEY],
)
def roll_back(asked: RollbackIn, management: ManagementDep, predictor: PredictorDep) -> RollbackOut:
    """Make an earlier version the champion again and serve it here at once; other services follow by themselves."""
    done = rollback(management.model_settings, asked.version)
    outcome: Outcome = "unavailable"
    # The rollback succeeded in the registry, even if this service cannot load the model yet.
    with suppress(RegistryUnavailable, DiskFull):
        outcome = predictor.store.refresh(again=True)
    is_announced = announced(management.airflow)
    return RollbackOut.of(done, outcome=outcome, model=model_in_service(predictor.store), is_announced=is_announced)


@router.post(
    "/model/versions/{version}/decline",
    tags=["Model"],
    operation_id="declineVersion",
    summary="Stop proposing a version",
    responses=problems(401, 404, 422, 503),
    dependencies=[NEEDS_KEY],
)
def declined(version: Annotated[str, Path(pattern=NUMBER)], management: ManagementDep) -> Change:
    """Keep the champion instead of a version: the dashboard no longer proposes it."""
    return Change.of(decline(management.model_settings, version))
