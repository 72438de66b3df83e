import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from strawberry.utils.str_converters import to_camel_case

from fastapi_app.management import Management
from song_preference.pipeline.airflow import Airflow
from song_preference.run_options import ETL_DAG
from song_preference.serving.predictor import Predictor
from tests.support.airflow import RUN_ID, FakeAirflow, with_history
from tests.support.graphql import application, ask, code, requests

LIST = "query ($first: Int! = 20) { pipelineRuns(first: $first) { id state askedAt startedAt endedAt } }"
ONE = """query ($id: String!) { pipelineRun(id: $id) {
  id state askedAt startedAt endedAt reason code params datasetVersion modelVersion promoted
  tasks { id state seconds }
  training { id state askedAt startedAt endedAt reason code params tasks { id state seconds } }
} }"""


@pytest.fixture
def server() -> FakeAirflow:
    return with_history()


@pytest.fixture
def airflow(server: FakeAirflow) -> Airflow:
    return server.client()


@pytest.fixture
def client(predictor: Predictor, management: Management) -> Iterator[TestClient]:
    with TestClient(application(predictor, management)) as client:
        yield client


def as_graphql(answer: Any) -> Any:
    """REST's JSON with keys and times as GraphQL writes them."""
    match answer:
        case list():
            return [as_graphql(item) for item in answer]
        case dict():
            return {to_camel_case(key): as_graphql(value) for key, value in answer.items()}
        case str():
            return re.sub("^(2026-.+)Z$", r"\1+00:00", answer)
    return answer


def test_runs_are_as_rest_reports_them(client: TestClient, managed: TestClient) -> None:
    expected = as_graphql(managed.get("/pipeline/runs").json()["runs"])
    assert ask(client, LIST)["data"]["pipelineRuns"] == expected
    assert [run["id"] for run in ask(client, LIST, first=1)["data"]["pipelineRuns"]] == [expected[0]["id"]]


@pytest.mark.parametrize("run_id", [RUN_ID, "failed"])
def test_a_run_is_as_rest_reports_it(client: TestClient, managed: TestClient, run_id: str) -> None:
    assert ask(client, ONE, id=run_id)["data"]["pipelineRun"] == as_graphql(
        managed.get(f"/pipeline/runs/{run_id}").json()
    )


@pytest.mark.parametrize("first", [0, 101, -1])
def test_too_many_runs_are_rejected(client: TestClient, first: int) -> None:
    answer = ask(client, LIST, first=first)
    assert code(answer) == "INVALID_QUERY"
    assert "must lie in [1, 100]" in answer["errors"][0]["message"]


@pytest.mark.parametrize("run_id", ["nothing", "", "~", "..", "a/taskInstances", "\0"])
def test_a_run_that_is_not_there_has_its_code(client: TestClient, run_id: str) -> None:
    assert code(ask(client, ONE, id=run_id)) == "RUN_NOT_FOUND"
    assert requests(client, "pipelineRun", "client_error") == 1


def test_an_airflow_that_is_away_has_its_code(client: TestClient, server: FakeAirflow) -> None:
    server.broken = httpx.ConnectError("refused")
    for query, operation in ((LIST, "pipelineRuns"), (ONE, "pipelineRun")):
        answer = ask(client, query, id=RUN_ID)
        assert code(answer) == "PIPELINE_UNAVAILABLE"
        assert answer["errors"][0]["message"].endswith("is it running?")
        assert requests(client, operation, "server_error") == 1


def test_a_dag_that_was_not_read_yet_has_its_code(client: TestClient, server: FakeAirflow) -> None:
    del server.runs[ETL_DAG]
    assert code(ask(client, LIST)) == "PIPELINE_UNAVAILABLE"


def test_an_airflow_that_fails_has_its_code_and_keeps_its_insides(client: TestClient, server: FakeAirflow) -> None:
    ask(client, LIST)
    server.broken = httpx.Response(500, json={"detail": "hunter2"})
    answer = ask(client, LIST)
    assert code(answer) == "PIPELINE_ERROR"
    assert "hunter2" not in str(answer)


@pytest.mark.parametrize("query", [LIST, ONE])
def test_a_service_that_only_predicts_says_so(predictor: Predictor, query: str) -> None:
    with TestClient(application(predictor)) as client:
        answer = ask(client, query, id=RUN_ID)
    assert code(answer) == "NOT_MANAGED"
    assert answer["errors"][0]["message"] == "This service only predicts: set MANAGE_DATASETS=true."
