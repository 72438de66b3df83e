"""GraphQL: runs of the pipeline."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from starlette.concurrency import run_in_threadpool
from strawberry.scalars import JSON

from fastapi_app.graphql_types import Asked, FirstArgument, check_first, text
from song_preference.pipeline import report as domain


def _described(model: type[Any], name: str) -> Any:
    return text(str(model.model_fields[name].description))


@strawberry.type(description="One task of a run.")
class PipelineTask:
    """Mirrors `TaskReport`."""

    id: str = text("Its id in Airflow.")
    state: str | None = _described(domain.TaskReport, "state")
    seconds: float | None = _described(domain.TaskReport, "seconds")


@strawberry.type(description="A run, and how it stands.")
class PipelineRun:
    """Mirrors `RunSummary`."""

    id: str = text("Its id in Airflow.")
    state: str = _described(domain.RunSummary, "state")
    asked_at: datetime = _described(domain.RunSummary, "asked_at")
    started_at: datetime | None = _described(domain.RunSummary, "started_at")
    ended_at: datetime | None = _described(domain.RunSummary, "ended_at")


@strawberry.type(description="The training that followed a run.")
class TrainingRun(PipelineRun):
    """Mirrors `TrainingReport`."""

    tasks: list[PipelineTask] = text("In their order.")
    reason: str | None = _described(domain.TrainingReport, "reason")
    code: str | None = _described(domain.Explained, "code")
    params: JSON = _described(domain.Explained, "params")


@strawberry.type(description="A run of the pipeline, and all that came of it.")
class PipelineRunReport(PipelineRun):
    """Mirrors `RunReport`."""

    tasks: list[PipelineTask] = text("In their order.")
    reason: str | None = _described(domain.RunReport, "reason")
    code: str | None = _described(domain.Explained, "code")
    params: JSON = _described(domain.Explained, "params")
    dataset_version: str | None = _described(domain.RunReport, "dataset_version")
    model_version: str | None = _described(domain.RunReport, "model_version")
    promoted: bool | None = _described(domain.RunReport, "promoted")
    training: TrainingRun | None = _described(domain.RunReport, "training")

    @classmethod
    def of(cls, found: domain.RunReport) -> "PipelineRunReport":
        """The report as GraphQL will show it."""
        training = found.training and TrainingRun(**{**vars(found.training), "tasks": _tasks(found.training.tasks)})
        return cls(**{**vars(found), "tasks": _tasks(found.tasks), "training": training})


IdArgument = Annotated[str, strawberry.argument(name="id", description="The run's id.")]


@strawberry.type
class PipelineQuery:
    """Conversions around the reports; each asks Airflow, which may take its time, in a thread."""

    @strawberry.field(description="The runs of the pipeline, the newest first.")  # type: ignore[untyped-decorator]
    async def pipeline_runs(self, info: Asked, first: FirstArgument = 20) -> list[PipelineRun] | None:
        """The first page."""
        check_first(first)
        page = await run_in_threadpool(domain.page, info.context.management.airflow, first)
        return [PipelineRun(**vars(run)) for run in page.runs]

    @strawberry.field(description="A run of the pipeline, and what came of it.")  # type: ignore[untyped-decorator]
    async def pipeline_run(self, info: Asked, run_id: IdArgument) -> PipelineRunReport | None:
        """The report."""
        return PipelineRunReport.of(await run_in_threadpool(domain.report, info.context.management.airflow, run_id))


def _tasks(tasks: list[domain.TaskReport]) -> list[PipelineTask]:
    return [PipelineTask(**vars(task)) for task in tasks]
