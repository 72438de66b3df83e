from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from song_preference.pipeline.airflow import Run, TaskReport
from song_preference.pipeline.report import RunReport, TrainingOutcome, TrainingReport
from song_preference.run_options import ETL_DAG, TASKS
from streamlit_app.pipeline.progress import address, outcome, reason, steps
from tests.support.airflow import RUN_ID

ASKED = datetime(2026, 11, 25, 6, 24, 57, tzinfo=UTC)
ENDED = ASKED + timedelta(seconds=20)
NOW = ENDED + timedelta(seconds=10)
TRAINING = "asset__1"


def times(state: str) -> dict[str, Any]:
    has_ended = state in {"success", "failed"}
    return {"state": state, "asked_at": ASKED, "started_at": ASKED, "ended_at": ENDED if has_ended else None}


def training(state: str, *tasks: TaskReport, why: str | None = None) -> TrainingReport:
    return TrainingReport(id=TRAINING, tasks=list(tasks), reason=why, **times(state))


def etl(state: str, followed_by: TrainingReport | None = None, promoted: bool | None = None) -> RunReport:
    came_of_it = {"dataset_version": "abc", "model_version": "7", "promoted": promoted, "training": followed_by}
    return RunReport(id=RUN_ID, tasks=[], reason=None, **times(state), **came_of_it)


def by_itself(state: str, promoted: bool | None = None) -> TrainingOutcome:
    return TrainingOutcome(**vars(training(state)), dataset_version="abc", model_version="7", promoted=promoted)


SKIPPED = TaskReport(id="search", state="skipped", seconds=None)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (etl("queued"), "working"),
        (etl("running"), "working"),
        (etl("failed"), "failed"),
        (etl("success"), "working"),
        (etl("success", training("running")), "working"),
        (etl("success", training("failed")), "training_failed"),
        (etl("success", training("success"), promoted=True), "promoted"),
        (etl("success", training("success"), promoted=False), "kept"),
        (etl("success", training("success", SKIPPED)), "skipped"),
        (etl("success", training("success")), "other"),
        (by_itself("running"), "working"),
        (by_itself("failed"), "training_failed"),
        (by_itself("success", promoted=True), "promoted"),
    ],
)
def test_the_outcome_of_a_run(found: RunReport | TrainingOutcome, expected: str) -> None:
    assert outcome(found, NOW) == expected


def test_a_training_that_does_not_come_is_not_awaited_for_ever() -> None:
    assert outcome(etl("success"), ENDED + timedelta(minutes=5)) == "untrained"


def test_the_reason_is_the_trainings_where_that_decided() -> None:
    assert str(reason(etl("success", training("success", why="It is worse.")))) == "It is worse."
    assert reason(etl("running")) is None


def test_steps_stand_in_their_order_and_are_there_before_airflow_reports_them() -> None:
    reported = [TaskReport(id="split", state="success", seconds=1.0), TaskReport(id="new", state=None, seconds=None)]
    found = steps(ETL_DAG, reported)
    assert [step.id for step in found] == [*TASKS[ETL_DAG], "new"]
    assert [step.state for step in found if step.id in {"download", "split"}] == [None, "success"]


def test_the_address_of_a_run_is_quoted() -> None:
    assert address("http://a", Run(ETL_DAG, "m__1+00:00")) == f"http://a/dags/{ETL_DAG}/runs/m__1%2B00%3A00"
