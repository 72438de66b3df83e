"""Runs of the pipeline: their tasks, how they ended and why."""

from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote

from song_preference.messages import Message
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.pipeline.report import (
    RunReport,
    RunSummary,
    TaskReport,
    TrainingOutcome,
    report,
    training_outcome,
)
from song_preference.run_options import ETL_DAG, TASKS
from streamlit_app.data.pipeline import is_at_work

PATIENCE = timedelta(seconds=90)
"""How long after a dataset its training is expected to begin."""

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
"""The state of a step by Airflow's state of the task; any other one waits."""


def run_view(airflow: Airflow, run: Run) -> Report:
    """Return what Airflow knows of a run of either DAG; raise `PipelineError`."""
    return (report if run.dag_id == ETL_DAG else training_outcome)(airflow, run.run_id)


def outcome(found: Report, now: datetime) -> Outcome:
    """Return how a run ended, or that it is at work."""
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
    """Return why it ended as it did; None if nothing was recorded."""
    training = found.training if isinstance(found, RunReport) else None
    return found.explanation() or (training.explanation() if training else None)


def steps(dag_id: str, tasks: list[TaskReport]) -> list[TaskReport]:
    """Return the DAG's tasks in their order, with those that Airflow does not list yet."""
    known = {task.id: task for task in tasks}
    expected = [known.pop(name, TaskReport(id=name, state=None, seconds=None)) for name in TASKS[dag_id]]
    return [*expected, *known.values()]


def seconds(run: RunSummary) -> float | None:
    """Return how long the run took; None until it has ended."""
    return (run.ended_at - run.started_at).total_seconds() if run.started_at and run.ended_at else None


def address(airflow_page: str, run: Run) -> str:
    """Return the address of the run in Airflow's own pages."""
    return f"{airflow_page}/dags/{run.dag_id}/runs/{quote(run.run_id, safe='')}"
