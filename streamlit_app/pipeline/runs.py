"""Runs of the pipeline as the page follows and tells them."""

from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from song_preference.messages import Message
from song_preference.pipeline import Airflow, Run
from song_preference.pipeline.report import (
    RunReport,
    RunSummary,
    TaskReport,
    TrainingOutcome,
    page,
    report,
    training_outcome,
)
from song_preference.run_options import ETL_DAG, TASKS, TRAINING_DAG

PATIENCE = timedelta(seconds=90)
"""For so long after a dataset the training that learns from it is expected to begin."""

LOOKED_AT = 5

Report = RunReport | TrainingOutcome
Outcome = Literal["working", "failed", "untrained", "training_failed", "promoted", "kept", "skipped", "other"]
StepState = Literal["waiting", "running", "done", "failed", "retrying", "skipped", "unreached"]

STEP_STATES: dict[str | None, StepState] = {
    "running": "running",
    "restarting": "running",
    "success": "done",
    "failed": "failed",
    "up_for_retry": "retrying",
    "skipped": "skipped",
    "upstream_failed": "unreached",
}
"""By Airflow's word; what it has another one for waits."""


def is_at_work(run: RunSummary) -> bool:
    """Return whether the run has not ended."""
    return run.state not in {"success", "failed"}


def found_at_work(airflow: Airflow) -> Run | None:
    """The run to follow where somebody started one; a training is followed as part of what led to it.

    Raises `PipelineError`.
    """
    etl = page(airflow, LOOKED_AT).runs
    if busy := _first_at_work(etl):
        return Run(ETL_DAG, busy.id)
    training = _first_at_work(page(airflow, LOOKED_AT, dag_id=TRAINING_DAG).runs)
    if training is None:
        return None
    origin = report(airflow, etl[0].id) if etl else None
    if origin and origin.training and origin.training.id == training.id:
        return Run(ETL_DAG, origin.id)
    return Run(TRAINING_DAG, training.id)


def _first_at_work(newest_first: list[RunSummary]) -> RunSummary | None:
    return next((run for run in reversed(newest_first) if is_at_work(run)), None)


def told(airflow: Airflow, run: Run) -> Report:
    """Return the report of a run of either DAG; raise `PipelineError`."""
    return (report if run.dag_id == ETL_DAG else training_outcome)(airflow, run.run_id)


def outcome(found: Report, now: datetime) -> Outcome:
    """Return what came of a run, or that it is running."""
    if is_at_work(found):
        return "working"
    if isinstance(found, TrainingOutcome):
        return "training_failed" if found.state == "failed" else _decision(found.promoted, found.tasks)
    if found.state == "failed":
        return "failed"
    training = found.training
    if training is None:
        return "working" if found.ended_at is None or now - found.ended_at < PATIENCE else "untrained"
    if is_at_work(training):
        return "working"
    return "training_failed" if training.state == "failed" else _decision(found.promoted, training.tasks)


def _decision(promoted: bool | None, tasks: list[TaskReport]) -> Outcome:
    if promoted is not None:
        return "promoted" if promoted else "kept"
    return "skipped" if any(task.state == "skipped" for task in tasks) else "other"


def reason(found: Report) -> Message | None:
    """Return why it ended as it did."""
    training = found.training if isinstance(found, RunReport) else None
    return found.explanation() or (training.explanation() if training else None)


def steps(dag_id: str, tasks: list[TaskReport]) -> list[TaskReport]:
    """Return the tasks in their order, with those that Airflow has not created yet."""
    known = {task.id: task for task in tasks}
    expected = [known.pop(name, TaskReport(id=name, state=None, seconds=None)) for name in TASKS[dag_id]]
    return [*expected, *known.values()]


def seconds(run: RunSummary) -> float | None:
    """Return how long the run took; None until it has ended."""
    return (run.ended_at - run.started_at).total_seconds() if run.started_at and run.ended_at else None


def address(airflow_page: str, run: Run) -> str:
    """Return the address of the run in Airflow."""
    return f"{airflow_page}/dags/{run.dag_id}/runs/{quote(run.run_id, safe='')}"
