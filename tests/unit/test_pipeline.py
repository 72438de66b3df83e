import json
import runpy
import sys
from typing import Any

import httpx
import pytest

from song_preference import pipeline
from song_preference.errors import PipelineError
from song_preference.pipeline import ETL_DAG, TRAINING_DAG, Airflow, Run, follow, run_to_champion
from song_preference.settings import AirflowSettings

RUN = Run(ETL_DAG, "manual__2026-11-25T06:24:56.625440+00:00")
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
    {"event": "Skipping task.", "level": "info", "reason": "Version 3 learned from it already."}
]


def task(name: str, state: str | None, try_number: int = 1) -> dict[str, Any]:
    return {"task_id": name, "state": state, "try_number": try_number}


class FakeAirflow:
    """Airflow's REST API as far as the pipeline asks it: one run of the ETL, one of the training."""

    def __init__(self) -> None:
        self.state = "success"
        self.tasks = {ETL_DAG: [task("download", "success")], TRAINING_DAG: [task("train", "success")]}
        self.logs: dict[str, list[dict[str, Any]]] = {}
        self.conf: dict[str, Any] = {}
        self.source_kind = "file"
        self.token, self.logins = "one", 0
        self.training_starts_after = 0
        self.training_is_queued = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer: dict[str, Any]
        path = request.url.path.removeprefix("/api/v2").split("/")[1:]
        if path[0] != "auth" and request.headers["Authorization"] != f"Bearer {self.token}":
            return httpx.Response(401, json={"detail": "Token has expired"})
        match path:
            case ["auth", "token"]:
                self.logins += 1
                answer = {"access_token": self.token}
            case ["dags", _, "dagRuns", RUN.run_id, "taskInstances", "register", "xcomEntries", "return_value"]:
                answer = {"value": {"source_kind": self.source_kind}}
            case ["dags", _, "dagRuns"] if "state" in request.url.params:
                answer = {"dag_runs": [{}] if self.training_is_queued else []}
            case ["dags", dag_id, "dagRuns"] if request.method == "POST":
                self.conf = json.loads(request.content)["conf"]
                answer = {"dag_run_id": RUN.run_id}
            case ["dags", _, "dagRuns"]:
                self.training_starts_after -= 1
                start = "2026-11-23" if self.training_starts_after < 0 else None
                answer = {"dag_runs": [{"dag_run_id": "r2", "start_date": start}]}
            case ["dags", _, "dagRuns", _]:
                answer = {"state": self.state}
            case ["dags", _, "dagRuns", _, "upstreamAssetEvents"]:
                answer = {"asset_events": [{"source_run_id": RUN.run_id}]}
            case ["dags", dag_id, "dagRuns", _, "taskInstances"]:
                answer = {"task_instances": self.tasks[dag_id]}
            case ["dags", _, "dagRuns", _, "taskInstances", name, "logs", number]:
                answer = {"content": self.logs[f"{name} {number}"]}
            case unknown:
                raise AssertionError(unknown)
        return httpx.Response(200, json=answer)


@pytest.fixture
def server() -> FakeAirflow:
    return FakeAirflow()


@pytest.fixture
def airflow(server: FakeAirflow, monkeypatch: pytest.MonkeyPatch) -> Airflow:
    monkeypatch.setenv("AIRFLOW_URL", "http://airflow")
    monkeypatch.setenv("_AIRFLOW_WWW_USER_USERNAME", "u")
    monkeypatch.setenv("_AIRFLOW_WWW_USER_PASSWORD", "p")
    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **options: client(transport=httpx.MockTransport(server), **options))
    return Airflow(AirflowSettings())


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
def test_a_failure_is_told_in_the_words_of_its_last_try(
    airflow: Airflow, server: FakeAirflow, log: list[dict[str, Any]], reason: str
) -> None:
    server.state = "failed"
    server.tasks[ETL_DAG] = [task("download", "failed", 2), task("split", "upstream_failed", 0)]
    server.logs["download 2"] = log
    assert airflow.failure(RUN) == reason
    with pytest.raises(PipelineError) as raised:
        follow(airflow, RUN, print)
    assert str(raised.value) == f"{ETL_DAG} failed: {reason}"


def test_a_run_that_failed_before_its_tasks_says_where_to_look(airflow: Airflow, server: FakeAirflow) -> None:
    server.tasks[ETL_DAG] = [task("download", None, 0)]
    assert airflow.failure(RUN) == f"{ETL_DAG} failed before any of its tasks did: its page in Airflow tells why."


def test_a_training_with_nothing_to_do_says_why(airflow: Airflow, server: FakeAirflow) -> None:
    server.tasks[TRAINING_DAG] = [task("train", "skipped"), task("promote", "skipped", 0)]
    server.logs["train 1"] = SKIPPED
    said: list[str] = []
    assert run_to_champion(airflow, said.append) == (RUN, Run(TRAINING_DAG, "r2"))
    assert said[-1] == f"{TRAINING_DAG}: Version 3 learned from it already."


def test_a_training_that_did_something_gives_no_such_reason(airflow: Airflow, server: FakeAirflow) -> None:
    assert airflow.skip_reason(Run(TRAINING_DAG, "r2")) is None


def test_a_token_that_has_run_out_is_renewed(airflow: Airflow, server: FakeAirflow) -> None:
    assert airflow.state(RUN) == "success"
    server.token = "another"  # noqa: S105
    assert airflow.state(RUN) == "success"
    assert server.logins == 2


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("song_preference.pipeline.time.sleep", lambda _: None)


@pytest.mark.usefixtures("no_waiting")
def test_a_training_that_is_queued_behind_another_is_waited_for(airflow: Airflow, server: FakeAirflow) -> None:
    server.training_is_queued, server.training_starts_after = True, 5
    assert run_to_champion(airflow, print, patience_seconds=-1) == (RUN, Run(TRAINING_DAG, "r2"))


@pytest.mark.usefixtures("no_waiting")
def test_a_training_that_nothing_starts_may_be_paused(airflow: Airflow, server: FakeAirflow) -> None:
    server.training_starts_after = 5
    with pytest.raises(PipelineError, match="is it paused"):
        run_to_champion(airflow, print, patience_seconds=-1)


@pytest.mark.parametrize(("kind", "is_told"), [("sample", True), ("drive", False)])
def test_it_is_told_where_the_sample_was_used(
    airflow: Airflow, server: FakeAirflow, kind: str, *, is_told: bool
) -> None:
    server.source_kind = kind
    said: list[str] = []
    run_to_champion(airflow, said.append)
    assert any("BUNDLED SAMPLE" in line for line in said) is is_told


def test_parameters_reach_the_run(airflow: Airflow, server: FakeAirflow) -> None:
    run_to_champion(airflow, print, {"force": True})
    assert server.conf == {"force": True}


@pytest.mark.parametrize(("arguments", "conf"), [([], {}), (["--force"], {"force": True})])
@pytest.mark.usefixtures("airflow")
def test_the_command_trains_again_where_it_is_told_to(
    server: FakeAirflow, monkeypatch: pytest.MonkeyPatch, arguments: list[str], conf: dict[str, Any]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pipeline", *arguments])
    runpy.run_path(pipeline.__file__, run_name="__main__")
    assert server.conf == conf
