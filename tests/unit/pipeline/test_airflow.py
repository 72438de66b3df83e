import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from song_preference.errors import AnswerLost, PipelineError, PipelineUnavailable, RunNotFound
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.run_options import CHAMPION_ASSET, ETL_DAG
from song_preference.settings import AirflowSettings
from tests.support.airflow import LOCAL, RUN_ID, FakeAirflow, FakeRun, with_history

RUN = Run(ETL_DAG, RUN_ID)


@pytest.fixture
def server() -> FakeAirflow:
    return with_history()


@pytest.fixture
def airflow(server: FakeAirflow) -> Airflow:
    return server.client()


def test_a_token_that_has_run_out_is_renewed(airflow: Airflow, server: FakeAirflow) -> None:
    assert airflow.state(RUN) == "success"
    server.token = "another"  # noqa: S105
    assert airflow.state(RUN) == "success"
    assert server.logins == 2


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


def airflow_that(answer: Callable[[httpx.Request], httpx.Response]) -> Airflow:
    """Return a client that is logged in to what answers like this."""

    def answer_or_log_in(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "one"})
        return answer(request)

    return Airflow(AirflowSettings.model_validate(LOCAL), httpx.MockTransport(answer_or_log_in))


def test_a_run_whose_answer_was_lost_is_not_started_twice() -> None:
    started: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=FakeRun(started[0]).shown())
        run_id = json.loads(request.content)["dag_run_id"]
        if run_id in started:
            return httpx.Response(409, json={"detail": "It exists."})
        started.append(run_id)
        return httpx.Response(500)

    assert [airflow_that(answer).trigger(ETL_DAG).run_id] == started


def test_an_event_that_airflow_could_not_write_is_made_again() -> None:
    events: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"assets": [{"id": 7, "name": CHAMPION_ASSET}]})
        events.append(request.content)
        return httpx.Response(500 if len(events) == 1 else 200, json={})

    airflow_that(answer).announce_champion()
    assert [*map(json.loads, events)] == [{"asset_id": 7}] * 2
