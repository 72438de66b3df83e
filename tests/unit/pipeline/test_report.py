from datetime import UTC, datetime
from typing import Any

import pytest

from song_preference.errors import PipelineUnavailable
from song_preference.pipeline.airflow import Run, Task
from song_preference.pipeline.report import RunReport, report, training_outcome
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from tests.support.airflow import FakeAirflow, FakeRun, task

ETL_AT, TRAINING_AT = "2026-11-25T06:24:57+00:00", "2026-11-25T06:25:30+00:00"
EARLIER, LATER = "2026-11-25T05:00:00+00:00", "2026-11-25T07:00:00+00:00"
DOWNLOAD_FAILS = [task("download", "failed", 2, 0.5), task("register", "upstream_failed", 0)]
DECISION = "On 221 songs that neither knew, ROC AUC 0.900 against 0.880 of version 6."
EXPORTED: dict[str, Any] = {"run_id": "m1", "dataset_version": "abc", "version": "7"}


@pytest.fixture
def etl() -> FakeRun:
    tasks = [task("download", "success", 1, 1.5), task("register", "success", 1, 2.0)]
    published = {"register": {"version": "abc", "source_kind": "file"}}
    return FakeRun("manual__1+00:00", ETL_AT, ended="2026-11-25T06:25:20+00:00", tasks=tasks, results=published)


@pytest.fixture
def training(etl: FakeRun) -> FakeRun:
    tasks = [task("search", "success", 1, 9.0), task("register", "success"), task("promote", "success")]
    decided = {"promoted": True, "reason": DECISION, "code": "compared", "params": {"songs": 221}}
    results = {"register": EXPORTED, "promote": {**EXPORTED, **decided}}
    return FakeRun("asset__1+00:00", TRAINING_AT, tasks=tasks, results=results, sources=[etl.run_id])


@pytest.fixture
def server(etl: FakeRun, training: FakeRun) -> FakeAirflow:
    server = FakeAirflow()
    server.runs = {ETL_DAG: [etl], TRAINING_DAG: [training]}
    return server


def reported(server: FakeAirflow, run_id: str = "manual__1+00:00") -> RunReport:
    return report(server.client(), run_id)


def test_a_run_is_reported_with_all_that_came_of_it(server: FakeAirflow, training: FakeRun) -> None:
    found = reported(server)
    assert (found.id, found.state, found.reason) == ("manual__1+00:00", "success", None)
    assert found.started_at == datetime(2026, 11, 25, 6, 24, 57, tzinfo=UTC)
    assert found.ended_at == datetime(2026, 11, 25, 6, 25, 20, tzinfo=UTC)
    assert [(item.id, item.state, item.seconds) for item in found.tasks] == [
        ("download", "success", 1.5),
        ("register", "success", 2.0),
    ]
    assert (found.dataset_version, found.model_version, found.promoted) == ("abc", "7", True)
    assert found.training is not None
    assert (found.training.id, found.training.state, found.training.reason) == ("asset__1+00:00", "success", DECISION)
    assert (found.training.code, found.training.params) == ("compared", {"songs": 221})
    assert [item.id for item in found.training.tasks] == ["search", "register", "promote"]


def test_a_training_that_fails_while_it_is_asked_about_is_not_reported_without_its_failed_task(
    server: FakeAirflow, training: FakeRun
) -> None:
    training.state = "running"
    training.tasks[-1] = task("promote", "running")
    asked = server.client()
    tasks_of, run = asked.tasks, Run(TRAINING_DAG, training.run_id)

    def fails_afterwards(of: Run) -> list[Task]:
        tasks = tasks_of(of)
        if of == run:
            training.state, training.tasks[-1] = "failed", task("promote", "failed")
        return tasks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asked, "tasks", fails_afterwards)
        found = report(asked, "manual__1+00:00").training
        assert found is not None
        assert (found.state, found.reason) == ("running", None)


def test_a_decision_that_was_stored_without_a_code_is_reported_as_it_is(server: FakeAirflow, training: FakeRun) -> None:
    del training.results["promote"]["code"], training.results["promote"]["params"]
    reason = training_outcome(server.client(), training.run_id).explanation()
    assert reason is not None
    assert (reason.code, reason.text("en"), reason.text("es")) == (None, DECISION, DECISION)


def test_a_run_that_waits_has_come_to_nothing_yet(server: FakeAirflow, etl: FakeRun) -> None:
    etl.state, etl.tasks, etl.ended = "queued", [task("download", None, 0)], None
    found = reported(server)
    assert (found.state, found.started_at, found.ended_at) == ("queued", None, None)
    assert (found.dataset_version, found.model_version, found.promoted, found.training) == (None, None, None, None)


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            [
                {"event": "Loading", "level": "info", "logger": "song_preference.dataset.etl"},
                {
                    "event": "This playlist has no energy.",
                    "level": "error",
                    "logger": "dag_parts.step",
                    "code": "no_energy",
                    "params": {"rows": 3},
                },
                {"event": "Task exited", "level": "error"},
            ],
            ("This playlist has no energy.", "no_energy", {"rows": 3}),
        ),
        (
            [{"event": "This playlist has no energy.", "level": "error", "logger": "dag_parts.step"}],
            ("This playlist has no energy.", None, {}),
        ),
        (
            [
                {
                    "event": "Task failed with exception",
                    "level": "error",
                    "logger": "task",
                    "error_detail": [{"exc_type": "KeyError", "exc_value": "hunter2"}],
                },
                {"event": "Process died with hunter2", "level": "critical"},
            ],
            (
                "The task download failed unexpectedly: its log in Airflow shows why.",
                "task_failed_unexpectedly",
                {"task": "download"},
            ),
        ),
    ],
)
def test_a_failure_is_reported_where_it_was_meant_for_readers(
    server: FakeAirflow, etl: FakeRun, log: list[dict[str, Any]], reason: tuple[str, str | None, dict[str, Any]]
) -> None:
    etl.state, etl.tasks, etl.results = "failed", DOWNLOAD_FAILS, {}
    server.logs["download 2"] = log
    found = reported(server)
    assert found.state == "failed"
    assert (found.reason, found.code, found.params) == reason
    assert (found.dataset_version, found.training) == (None, None)


def test_a_run_that_failed_before_its_tasks_says_where_to_look(server: FakeAirflow, etl: FakeRun) -> None:
    etl.state, etl.tasks = "failed", [task("download", None, 0)]
    assert reported(server).reason == f"{ETL_DAG} failed before any of its tasks did: its page in Airflow shows why."


def test_a_training_that_fails_says_why(server: FakeAirflow, training: FakeRun) -> None:
    training.state, training.tasks, training.results = "failed", [task("search", "failed")], {}
    server.logs["search 1"] = [{"event": "Only 3 likes.", "level": "error", "logger": "dag_parts.step"}]
    found = reported(server)
    assert found.training is not None
    assert (found.state, found.training.state, found.training.reason) == ("success", "failed", "Only 3 likes.")
    assert (found.model_version, found.promoted) == (None, None)


def test_a_training_that_fails_late_names_its_model(server: FakeAirflow, training: FakeRun) -> None:
    training.state, training.tasks[-1] = "failed", task("promote", "failed")
    server.logs["promote 1"] = []
    found = reported(server)
    assert (found.model_version, found.promoted) == ("7", None)


def test_a_training_with_nothing_to_do_says_why(server: FakeAirflow, training: FakeRun) -> None:
    training.tasks = [task("search", "skipped"), task("promote", "skipped", 0)]
    line = {"event": "Skipped: Version 3 learned from it.", "code": "already_trained", "params": {"version": "3"}}
    server.logs["search 1"] = [{**line, "level": "warning", "logger": "dag_parts.step"}]
    found = reported(server)
    assert found.training is not None
    assert (found.training.reason, found.model_version) == ("Version 3 learned from it.", None)
    assert (found.training.code, found.training.params) == ("already_trained", {"version": "3"})


def test_a_version_of_before_that_is_promoted_again_is_reported_with_its_decision(
    server: FakeAirflow, training: FakeRun
) -> None:
    training.tasks = [task("search", "success"), task("export", "skipped"), task("register", "skipped", 0)]
    training.tasks.append(task("promote", "success"))
    found = reported(server)
    assert found.training is not None
    assert (found.model_version, found.promoted, found.training.code) == ("7", True, "compared")


def test_a_training_at_work_has_no_model_yet(server: FakeAirflow, training: FakeRun) -> None:
    training.state, training.tasks = "running", [task("search", "running"), task("promote", None, 0)]
    found = reported(server)
    assert found.training is not None
    assert (found.training.state, found.training.reason, found.model_version) == ("running", None, None)


def test_a_training_that_is_queued_is_not_reported_yet(server: FakeAirflow, training: FakeRun) -> None:
    training.state = "queued"
    assert reported(server).training is None


def test_a_model_of_another_dataset_is_not_said_to_come_of_this_one(server: FakeAirflow, training: FakeRun) -> None:
    training.results["promote"]["dataset_version"] = "def"
    found = reported(server)
    assert (found.dataset_version, found.model_version, found.promoted) == ("abc", None, None)
    assert found.training is not None
    assert found.training.reason == DECISION


def test_the_training_is_found_among_others(server: FakeAirflow, training: FakeRun) -> None:
    others = [
        *(FakeRun(f"before_{n}", EARLIER, sources=["manual__0"]) for n in range(30)),
        *(FakeRun(f"by_hand_{n}", ETL_AT) for n in range(30)),
        FakeRun("late_from_another", "2026-11-25T06:24:58+00:00", sources=["manual__0"]),
        *(FakeRun(f"after_{n}", LATER, sources=[f"manual__{n}"]) for n in range(2, 30)),
    ]
    server.runs[TRAINING_DAG] = [*others, training]
    found = reported(server)
    assert found.training is not None
    assert found.training.id == training.run_id


@pytest.mark.parametrize(
    ("from_to", "took", "follows"),
    [
        ((TRAINING_AT, LATER), {"search": "abc"}, True),
        ((TRAINING_AT, LATER), {"search": "def"}, False),
        ((TRAINING_AT, None), {}, False),
        ((EARLIER, LATER), {"search": "abc"}, True),
        ((EARLIER, None), {"search": "abc"}, True),
        ((EARLIER, EARLIER), {"search": "abc"}, False),
    ],
)
def test_a_training_that_took_the_dataset_follows_although_airflow_lost_its_event(
    server: FakeAirflow, training: FakeRun, from_to: tuple[str, str | None], took: dict[str, str], follows: bool
) -> None:
    training.sources, (training.at, training.ended) = ["manual__0"], from_to
    training.results |= {name: {"dataset_version": version} for name, version in took.items()}
    found = reported(server)
    assert (found.training is not None) == follows
    assert found.model_version == ("7" if follows else None)


def test_runs_are_listed_by_pages(server: FakeAirflow, etl: FakeRun) -> None:
    server.runs[ETL_DAG].append(FakeRun("manual__2", LATER, state="queued"))
    airflow = server.client()
    assert [run.id for run in airflow.runs(ETL_DAG, limit=2).runs] == ["manual__2", etl.run_id]
    second = airflow.runs(ETL_DAG, limit=1, offset=1)
    assert (second.total, [run.id for run in second.runs]) == (2, [etl.run_id])


def test_trainings_are_listed_too(server: FakeAirflow, training: FakeRun) -> None:
    found = server.client().runs(TRAINING_DAG, limit=5)
    assert (found.total, [run.id for run in found.runs]) == (1, [training.run_id])


def test_a_training_by_itself_is_reported_with_its_model(server: FakeAirflow, training: FakeRun) -> None:
    training.sources = []
    found = training_outcome(server.client(), training.run_id)
    assert (found.dataset_version, found.model_version, found.promoted) == ("abc", "7", True)
    assert (found.state, found.reason) == ("success", DECISION)
    assert [item.id for item in found.tasks] == ["search", "register", "promote"]


def test_a_training_by_itself_that_fails_says_why(server: FakeAirflow, training: FakeRun) -> None:
    training.state, training.tasks, training.results = "failed", [task("search", "failed")], {}
    server.logs["search 1"] = [{"event": "Only 3 likes.", "level": "error", "logger": "dag_parts.step"}]
    found = training_outcome(server.client(), training.run_id)
    assert (found.state, found.reason, found.model_version) == ("failed", "Only 3 likes.", None)


def test_what_starts_is_queued(server: FakeAirflow) -> None:
    airflow = server.client()
    started = airflow.summary(airflow.trigger(ETL_DAG, {"seed": 7}))
    assert (started.id, started.state, started.started_at) == (server.next.run_id, "queued", None)
    assert server.conf == {"seed": 7}


def test_a_start_does_not_wait_for_a_dag_that_was_not_read_yet(server: FakeAirflow) -> None:
    server.runs.clear()
    with pytest.raises(PipelineUnavailable, match="has not read"):
        server.client().trigger(ETL_DAG, {})
    assert server.logins == 1
    assert len(server.paths) == 2
