"""Reports of runs of the pipeline, for listeners, and the reasons in the logs of their tasks."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from song_preference.messages import Message
from song_preference.pipeline.airflow import Airflow, Log, Run, RunSummary, Task, TaskReport
from song_preference.run_options import ETL_DAG, IMPORT_DAG, STEP_LOGGER, TRAINING_DAG


class ExplainedRun(RunSummary):
    """A run with its tasks, and the reason of its end: in English, and as data that a client can translate."""

    tasks: list[TaskReport] = Field(description="In their order.")
    reason: str | None = Field(description="Why it failed.")
    code: str | None = Field(None, description="Names the reason; null for what was stored without codes.")
    params: dict[str, Any] = Field({}, description="The values in the reason.")

    def explanation(self) -> Message | None:
        """Return the reason, if there is one."""
        return Message(self.code, self.params, self.reason) if self.reason else None


class TrainingReport(ExplainedRun):
    """The training that followed."""

    reason: str | None = Field(description="Why it failed, had nothing to do, or made its model champion or not.")


class RunReport(ExplainedRun):
    """A run of the pipeline and its results: dataset, training and model."""

    dataset_version: str | None = Field(description="The dataset that it published.")
    model_version: str | None = Field(description="The version of the model that was trained on that dataset.")
    promoted: bool | None = Field(description="Whether that became the champion; null until it is decided.")
    training: TrainingReport | None = Field(description="The training that followed; null until it starts.")


class TrainingOutcome(TrainingReport):
    """A training by itself, whatever started it."""

    dataset_version: str | None = Field(description="The dataset that it was trained on.")
    model_version: str | None = Field(description="The version of the model that came of it.")
    promoted: bool | None = Field(description="Whether that became the champion; null until it is decided.")


class ImportReport(ExplainedRun):
    """The import of a catalogue."""

    version: str | None = Field(description="The catalogue that it published.")


def report(airflow: Airflow, run_id: str) -> RunReport:
    """Return the report of one run; raise `RunNotFound` or `PipelineUnavailable`."""
    run = Run(ETL_DAG, run_id)
    summary, tasks = airflow.summary(run), airflow.tasks(run)
    dataset = airflow.published(run)["version"] if _succeeded(tasks, "register") else None
    training = airflow.training_of(run) if dataset else None
    outcome = training_outcome(airflow, training.run_id) if training else None
    # Where two datasets came in one moment, the training may have taken the other.
    own = outcome if outcome and outcome.dataset_version == dataset else None
    return RunReport(
        **_told(summary, tasks, _failure(airflow, run, tasks) if summary.state == "failed" else None),
        dataset_version=dataset,
        model_version=own and own.model_version,
        promoted=own and own.promoted,
        training=outcome,
    )


def training_outcome(airflow: Airflow, run_id: str) -> TrainingOutcome:
    """Return the report of one training; raise `RunNotFound` or `PipelineUnavailable`."""
    run = Run(TRAINING_DAG, run_id)
    # In this order, so that a run that has failed has its failed task.
    summary, tasks = airflow.summary(run), airflow.tasks(run)
    model = _model(airflow, run, tasks)
    why = Message(model.get("code"), model.get("params", {}), model["reason"]) if "reason" in model else None
    if summary.state == "failed":
        why = _failure(airflow, run, tasks)
    elif why is None and any(task.state == "skipped" for task in tasks):
        why = skip_reason(airflow, run)
    return TrainingOutcome(
        **_told(summary, tasks, why),
        dataset_version=model.get("dataset_version"),
        model_version=model.get("version"),
        promoted=model.get("promoted"),
    )


def import_report(airflow: Airflow, run_id: str) -> ImportReport:
    """Return the report of one import of a catalogue; raise `RunNotFound` or `PipelineUnavailable`."""
    run = Run(IMPORT_DAG, run_id)
    summary, tasks = airflow.summary(run), airflow.tasks(run)
    return ImportReport(
        **_told(summary, tasks, _failure(airflow, run, tasks) if summary.state == "failed" else None),
        version=airflow.result(run, "publish")["version"] if _succeeded(tasks, "publish") else None,
    )


def failure(airflow: Airflow, run: Run) -> str:
    """Return every error in the log of the failed task, for an operator."""
    for task in airflow.tasks(run):
        if task.state == "failed":
            return "\n".join(dict.fromkeys(_errors(airflow.log(run, task))))
    return str(_failed_early(run))


def skip_reason(airflow: Airflow, run: Run) -> Message | None:
    """Return why the run had nothing to do; None unless a task of it decided so."""
    for task in airflow.tasks(run):
        if task.state == "skipped" and task.try_number:
            return reason(airflow.log(run, task), "warning")
    return None


def _errors(log: Log) -> Iterator[str]:
    """Yield the last exception of each traceback, and the text of every other error."""
    for entry in log:
        match entry:
            case {"error_detail": [{"exc_type": kind, "exc_value": value}, *_]}:
                yield f"{kind}: {value}"
            case {"event": "Task exited"}:
                pass  # the line before it says why
            case {"level": "error" | "critical", "event": event}:
                yield str(event)


def reason(log: Log, level: str) -> Message | None:
    """Return the last message of our task at this level; None if it raised an unexpected exception."""
    for entry in reversed(log):
        match entry:
            case {"logger": logger, "level": said, "event": event} if (logger, said) == (STEP_LOGGER, level):
                return Message(entry.get("code"), entry.get("params", {}), str(event).removeprefix("Skipped: "))
    return None


def _model(airflow: Airflow, training: Run, tasks: list[Task]) -> dict[str, Any]:
    """Return the result of the last task that knows the model's version, empty before that."""
    known = next((task for task in ("promote", "register") if _succeeded(tasks, task)), None)
    return airflow.result(training, known) if known else {}


def _failure(airflow: Airflow, run: Run, tasks: list[Task]) -> Message:
    for task in tasks:
        if task.state == "failed":
            unexpected = Message("task_failed_unexpectedly", {"task": task.id})
            return reason(airflow.log(run, task), "error") or unexpected
    return _failed_early(run)


def _failed_early(run: Run) -> Message:
    return Message("run_failed_before_its_tasks", {"dag": run.dag_id})


def _told(summary: RunSummary, tasks: list[Task], why: Message | None) -> dict[str, Any]:
    """Return the fields of an `ExplainedRun`."""
    return {**vars(summary), "tasks": [*tasks], "reason": str(why) if why else None, **(why.as_json() if why else {})}


def _succeeded(tasks: list[Task], task_id: str) -> bool:
    return any(task.id == task_id and task.state == "success" for task in tasks)
