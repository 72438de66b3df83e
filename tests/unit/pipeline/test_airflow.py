import json
import sys
from typing import Any

import httpx
import pytest

from song_preference.errors import AnswerLost, PipelineError, PipelineUnavailable, RunNotFound
from song_preference.pipeline.__main__ import follow, main, run_to_champion
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.pipeline.report import failure, skip_reason
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from song_preference.settings import AirflowSettings
from tests.support.airflow import LOCAL, FakeAirflow, FakeRun, task

RUN = Run(ETL_DAG, "manual__2026-11-25T06:24:56.625440+00:00")
TRAINING = Run(TRAINING_DAG, "asset_triggered__2026-11-25T06:25:30+00:00")
LATER = "2026-11-25T06:25:30+00:00"
DESIGNED: list[dict[str, Any]] = [
    {"event": "::group::Pre Execute", "level": "info"},
    {"event": "Bundle loaded", "level": "info"},
    {"event": "The playlist has no column energy: add it.", "level": "error", "logger": "dag_parts.step"},
    {"event": "Task exited", "level": "error", "exit_code": 1},
]
UNEXPECTED: list[dict[str, Any]] = [
    {
        "event": "Task failed with exception",
        "level": "error",
        "error_detail": [
            {"exc_type": "OSError", "exc_value": "No space left on device"},
            {"exc_type": "KeyError", "exc_value": "'energy'"},
        ],
    },
    {"event": "Server indicated the task shouldn't be running anymore", "level": "error"},
]
SKIPPED: list[dict[str, Any]] = [
    {"event": "Skipped: Version 3 learned from it already.", "level": "warning", "logger": "dag_parts.step"},
    {"event": "Skipping task.", "level": "info", "reason": "Version 3 learned from it already."},
]


@pytest.fixture
def server() -> FakeAirflow:
    """Return an Airflow that holds one successful run of each DAG."""
    server = FakeAirflow()
    server.next = FakeRun(
        RUN.run_id, tasks=[task("download", "success")], results={"register": {"source_kind": "file"}}
    )
    server.runs[ETL_DAG] = [server.next]
    training = FakeRun(TRAINING.run_id, LATER, tasks=[task("train", "success")], sources=[RUN.run_id])
    server.runs[TRAINING_DAG] = [training]
    return server


@pytest.fixture
def airflow(server: FakeAirflow) -> Airflow:
    return server.client()


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (DESIGNED, "The playlist has no column energy: add it."),
        (
            UNEXPECTED,
            "OSError: No space left on device\nServer indicated the task shouldn't be running anymore",
        ),
    ],
)
def test_a_failure_is_reported_in_the_words_of_its_last_try(
    airflow: Airflow, server: FakeAirflow, log: list[dict[str, Any]], reason: str
) -> None:
    run = server.runs[ETL_DAG][0]
    run.state, run.tasks = "failed", [task("download", "failed", 2), task("split", "upstream_failed", 0)]
    server.logs["download 2"] = log
    assert failure(airflow, RUN) == reason
    with pytest.raises(PipelineError) as raised:
        follow(airflow, RUN, print)
    assert str(raised.value) == f"{ETL_DAG} failed: {reason}"


def test_of_a_mapped_task_the_log_of_the_one_that_failed_is_read(airflow: Airflow, server: FakeAirflow) -> None:
    run = server.runs[ETL_DAG][0]
    run.state = "failed"
    run.tasks = [task("plan", "success"), *(task("score", "success", map_index=index) for index in range(149))]
    run.tasks.append(task("score", "failed", 2, map_index=149))
    server.logs["score 2 149"] = DESIGNED
    assert failure(airflow, RUN) == "The playlist has no column energy: add it."
    said: list[str] = []
    with pytest.raises(PipelineError, match="The playlist has no column energy"):
        follow(airflow, RUN, said.append)
    assert said[:2] == [f"{ETL_DAG}: plan success", f"{ETL_DAG}: score[0] success"]
    assert said[-1] == f"{ETL_DAG}: score[149] failed"
    assert len(said) == 151


def test_a_run_that_failed_before_its_tasks_says_where_to_look(airflow: Airflow, server: FakeAirflow) -> None:
    server.runs[ETL_DAG][0].tasks = [task("download", None, 0)]
    assert failure(airflow, RUN) == f"{ETL_DAG} failed before any of its tasks did: its page in Airflow shows why."


def test_a_training_with_nothing_to_do_says_why(airflow: Airflow, server: FakeAirflow) -> None:
    server.runs[TRAINING_DAG][0].tasks = [task("train", "skipped"), task("promote", "skipped", 0)]
    server.logs["train 1"] = SKIPPED
    said: list[str] = []
    assert run_to_champion(airflow, said.append) == (RUN, TRAINING)
    assert said[-1] == f"{TRAINING_DAG}: Version 3 learned from it already."


def test_a_training_that_did_something_gives_no_such_reason(airflow: Airflow, server: FakeAirflow) -> None:
    assert skip_reason(airflow, TRAINING) is None


def test_a_token_that_has_run_out_is_renewed(airflow: Airflow, server: FakeAirflow) -> None:
    assert airflow.state(RUN) == "success"
    server.token = "another"  # noqa: S105
    assert airflow.state(RUN) == "success"
    assert server.logins == 2


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("song_preference.pipeline.__main__.time.sleep", lambda _: None)


@pytest.mark.usefixtures("no_waiting")
def test_a_training_that_is_queued_behind_another_is_waited_for(airflow: Airflow, server: FakeAirflow) -> None:
    server.is_busy, server.runs[TRAINING_DAG][0].listings_before_start = True, 5
    assert run_to_champion(airflow, print, patience_seconds=-1) == (RUN, TRAINING)


@pytest.mark.usefixtures("no_waiting")
def test_a_training_that_nothing_starts_may_be_paused(airflow: Airflow, server: FakeAirflow) -> None:
    server.runs[TRAINING_DAG][0].listings_before_start = 5
    with pytest.raises(PipelineError, match="is it paused"):
        run_to_champion(airflow, print, patience_seconds=-1)


@pytest.mark.parametrize(("kind", "is_told"), [("sample", True), ("drive", False)])
def test_it_is_reported_where_the_sample_was_used(
    airflow: Airflow, server: FakeAirflow, kind: str, *, is_told: bool
) -> None:
    server.next.results["register"] = {"source_kind": kind}
    said: list[str] = []
    run_to_champion(airflow, said.append)
    assert any("BUNDLED SAMPLE" in line for line in said) is is_told


def test_parameters_reach_the_run(airflow: Airflow, server: FakeAirflow) -> None:
    run_to_champion(airflow, print, {"force": True})
    assert server.conf == {"force": True}


@pytest.mark.parametrize(
    ("arguments", "conf"),
    [
        ([], {}),
        (["--force"], {"force": True}),
        (["--new-listener", "yes"], {"new_listener": True}),
        (["--new-listener", "no"], {"new_listener": False}),
    ],
)
def test_the_command_trains_again_where_it_is_asked_to(
    server: FakeAirflow, monkeypatch: pytest.MonkeyPatch, arguments: list[str], conf: dict[str, Any]
) -> None:
    for name, value in LOCAL.items():
        monkeypatch.setenv(name, value)
    client = httpx.Client
    serving = {"transport": httpx.MockTransport(server)}
    monkeypatch.setattr(httpx, "Client", lambda **options: client(**{**options, **serving}))
    monkeypatch.setattr(sys, "argv", ["pipeline", *arguments])
    main()
    assert server.conf == conf


def failing(server: FakeAirflow, airflow: Airflow) -> PipelineError:
    with pytest.raises(PipelineError) as raised:
        airflow.trigger(ETL_DAG)
    return raised.value


@pytest.mark.parametrize(
    "broken",
    [httpx.ConnectError("no"), httpx.ReadTimeout("no"), *(httpx.Response(status) for status in (502, 503, 504))],
    ids=str,
)
def test_an_airflow_that_is_away_says_what_to_do(server: FakeAirflow, broken: httpx.Response | Exception) -> None:
    server.broken = broken
    error = failing(server, server.client())
    assert isinstance(error, PipelineUnavailable)
    # Only of an Airflow that was reached may something have begun.
    assert isinstance(error, AnswerLost) is isinstance(broken, httpx.ReadTimeout)
    assert str(error) == "Airflow at http://airflow does not answer: is it running?"


def test_what_is_no_airflow_is_reported(server: FakeAirflow) -> None:
    server.broken = httpx.Response(200, text="<html>Welcome</html>")
    error = failing(server, server.client())
    assert type(error) is PipelineUnavailable
    assert "check AIRFLOW_URL" in str(error)


@pytest.mark.parametrize(
    ("status", "detail", "shown"),
    [
        (400, "Invalid input for param seed", "400 Bad Request. Invalid input for param seed"),
        (403, {"statement": "INSERT INTO dag_run"}, "403 Forbidden. Its log tells why."),
        (500, "cannot deserialize Dag", "500 Internal Server Error. Its log tells why."),
    ],
)
def test_a_rejection_is_reported_without_airflows_internals(
    server: FakeAirflow, airflow: Airflow, status: int, detail: Any, shown: str
) -> None:
    airflow.state(RUN)
    server.broken = httpx.Response(status, json={"detail": detail})
    error = failing(server, airflow)
    assert type(error) is PipelineError
    assert str(error) == f"Airflow rejected POST /api/v2/dags/{ETL_DAG}/dagRuns: {shown}"


def test_a_dag_that_was_not_read_yet_is_reported(server: FakeAirflow, airflow: Airflow) -> None:
    server.runs.clear()
    error = failing(server, airflow)
    assert type(error) is PipelineUnavailable
    assert f"Airflow has not read {ETL_DAG} yet" in str(error)
    with pytest.raises(PipelineUnavailable, match="has not read"):
        airflow.runs(ETL_DAG, limit=1)


def test_a_runs_id_goes_over_the_wire_as_one_part_of_the_path(server: FakeAirflow, airflow: Airflow) -> None:
    airflow.tasks(RUN)
    quoted = "manual__2026-11-25T06%3A24%3A56.625440%2B00%3A00"
    asked = "taskInstances?order_by=start_date&limit=100&offset=0"
    assert server.paths[-1] == f"/api/v2/dags/{ETL_DAG}/dagRuns/{quoted}/{asked}"


@pytest.mark.parametrize(
    "run_id", ["unknown", "~", ".", "..", "", "a/b", "a/taskInstances", "../..", "a?x", "a\n", "\0", "é", "x" * 251]
)
def test_a_run_that_is_not_there_is_reported(server: FakeAirflow, airflow: Airflow, run_id: str) -> None:
    with pytest.raises(RunNotFound, match="no such run"):
        airflow.summary(Run(ETL_DAG, run_id))
    assert len(server.paths) == (2 if run_id == "unknown" else 0)


def test_a_run_whose_answer_was_lost_is_not_started_twice() -> None:
    started: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "one"})
        if request.method == "GET":
            return httpx.Response(200, json=FakeRun(started[0]).shown())
        run_id = json.loads(request.content)["dag_run_id"]
        if run_id in started:
            return httpx.Response(409, json={"detail": "It exists."})
        started.append(run_id)
        return httpx.Response(500)

    run = Airflow(AirflowSettings.model_validate(LOCAL), httpx.MockTransport(answer)).trigger(ETL_DAG)
    assert [run.run_id] == started
