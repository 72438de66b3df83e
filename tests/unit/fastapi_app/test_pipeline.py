from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.support.airflow import RUN_ID, FakeAirflow, with_history
from tests.support.rest import KEY, check_problem, fuzz

RUNS = "/pipeline/runs"
JSON: dict[Any, Any] = {**KEY, "Content-Type": "application/json"}


@pytest.fixture
def server() -> FakeAirflow:
    return with_history()


def test_a_run_starts_and_its_address_is_reported(managed: TestClient, server: FakeAirflow) -> None:
    asked = {
        "source": "incoming/mine.csv",
        "name": "Mine",
        "test_size": 0.2,
        "seed": 7,
        "trials": 9,
        "force": True,
        "new_listener": True,
    }
    answer = managed.post(RUNS, headers=KEY, json=asked)
    assert answer.status_code == 202
    run = answer.json()
    assert (run["id"], run["state"], run["started_at"]) == (server.next.run_id, "queued", None)
    location = answer.headers["location"]
    assert (unquote(location), location.count("/")) == (f"{RUNS}/{server.next.run_id}", 3)
    assert "+" not in location
    assert managed.get(location).json()["id"] == run["id"]
    assert server.conf == asked


@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"json": {"source": None, "trials": None}}])
def test_what_is_left_out_is_as_the_form_has_it(managed: TestClient, server: FakeAirflow, sent: dict[str, Any]) -> None:
    assert managed.post(RUNS, headers=KEY, **sent).status_code == 202
    model = {"seed": 42, "trials": None, "force": False, "new_listener": None}
    assert server.conf == {"source": None, "name": None, "test_size": 0.3, **model}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"test_size": 0.09}, "test_size"),
        ({"test_size": 0.51}, "test_size"),
        ({"test_size": None}, "test_size"),
        ({"test_size": "0.3"}, "test_size"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": True}, "seed"),
        ({"trials": 0}, "trials"),
        ({"trials": 501}, "trials"),
        ({"force": "yes"}, "force"),
        ({"new_listener": "yes"}, "new_listener"),
        ({"source": 3}, "source"),
        ({"name": "a" * 81}, "name"),
        ({"trails": 3}, "trails"),
        ([], "body"),
        (3, "body"),
    ],
)
def test_a_value_out_of_range_starts_nothing(managed: TestClient, server: FakeAirflow, sent: Any, field: str) -> None:
    body = check_problem(managed.post(RUNS, headers=KEY, json=sent), 422, RUNS)
    assert [found["field"] for found in body["errors"]] == [field]
    assert server.paths == []


@pytest.mark.parametrize("content", ['{"test_size": NaN}', '{"\\ud800": 1}', '{"source": "\\ud800"}'])
def test_what_json_hardly_is_starts_nothing(managed: TestClient, server: FakeAirflow, content: str) -> None:
    check_problem(managed.post(RUNS, headers=JSON, content=content), 422, RUNS)
    assert server.paths == []


@pytest.mark.parametrize(
    "source",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://user:secret@example.com/x.csv",
        "incoming/../../etc/passwd",
        "s3://data/datasets/latest.json",
        "sample",
        "",
        "incoming/a\nb.csv",
        "incoming/" + "x" * 5000,
    ],
)
def test_a_source_that_may_not_be_named_is_rejected_at_once(
    managed: TestClient, server: FakeAirflow, source: str
) -> None:
    body = check_problem(managed.post(RUNS, headers=KEY, json={"source": source}), 422, RUNS)
    assert "Name a Google Drive link, a public https URL" in body["detail"]
    assert "secret" not in body["detail"]
    assert server.paths == []


@pytest.mark.parametrize(
    "source",
    [
        "https://example.com/x.csv",
        "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz012345/view",
        "s3://data/incoming/x.csv",
        "incoming/x.csv",
    ],
)
def test_a_source_that_may_be_named_reaches_the_run(managed: TestClient, server: FakeAirflow, source: str) -> None:
    assert managed.post(RUNS, headers=KEY, json={"source": source}).status_code == 202
    assert server.conf is not None
    assert server.conf["source"] == source


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "another"}])
@pytest.mark.parametrize("path", [RUNS, "/model/rollback"])
def test_who_changes_something_needs_the_key(
    managed: TestClient, server: FakeAirflow, path: str, headers: dict[str, str]
) -> None:
    check_problem(managed.post(path, headers=headers, json={"seed": 1}), 401, path)
    assert server.paths == []


def test_runs_are_listed_the_newest_first_a_page_at_a_time(managed: TestClient) -> None:
    listed = managed.get(RUNS).json()
    assert (listed["total"], [run["id"] for run in listed["runs"]]) == (2, ["failed", RUN_ID])
    second = managed.get(RUNS, params={"limit": 1, "offset": 1}).json()
    assert (second["total"], [run["id"] for run in second["runs"]]) == (2, [RUN_ID])
    for query in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 10**7}, {"limit": "x"}):
        check_problem(managed.get(RUNS, params=query), 422, RUNS)


def test_a_run_is_reported_with_all_that_came_of_it(managed: TestClient) -> None:
    assert managed.get(f"{RUNS}/{RUN_ID}").json() == {
        "id": RUN_ID,
        "state": "success",
        "asked_at": "2026-11-25T06:24:57Z",
        "started_at": "2026-11-25T06:24:57Z",
        "ended_at": "2026-11-25T06:25:20Z",
        "tasks": [
            {"id": "download", "state": "success", "seconds": 1.5},
            {"id": "register", "state": "success", "seconds": 2.0},
        ],
        "reason": None,
        "code": None,
        "params": {},
        "dataset_version": "abc123abc123",
        "model_version": "7",
        "promoted": False,
        "training": {
            "id": "asset__1",
            "state": "success",
            "asked_at": "2026-11-25T06:25:21Z",
            "started_at": "2026-11-25T06:25:21Z",
            "ended_at": None,
            "tasks": [{"id": "promote", "state": "success", "seconds": 3.0}],
            "reason": "It is worse.",
            "code": None,
            "params": {},
        },
    }


def test_a_failed_run_says_why(managed: TestClient) -> None:
    run = managed.get(f"{RUNS}/failed").json()
    assert (run["state"], run["reason"], run["training"]) == ("failed", "No energy: add it.", None)


@pytest.mark.parametrize("run_id", ["nothing", "~", "%2E%2E", "%2e", "a b", "%00", "%ff", "x" * 300])
def test_a_run_that_is_not_there_is_not_found(managed: TestClient, run_id: str) -> None:
    answer = managed.get(f"{RUNS}/{run_id}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "GET /pipeline/runs lists them" in answer.json()["detail"]


def ask_everything(managed: TestClient) -> list[Any]:
    started = managed.post(RUNS, headers=KEY)
    return [started, managed.get(RUNS), managed.get(f"{RUNS}/{RUN_ID}")]


def test_an_airflow_that_is_away_is_reported_with_the_remedy(managed: TestClient, server: FakeAirflow) -> None:
    server.broken = httpx.ConnectError("refused")
    for answer in ask_everything(managed):
        problem = check_problem(answer, 503, answer.request.url.path)
        assert problem["detail"] == "Airflow at http://airflow does not answer: is it running?"


def test_a_dag_that_was_not_read_yet_is_reported_with_the_remedy(managed: TestClient, server: FakeAirflow) -> None:
    server.runs.clear()
    for answer in ask_everything(managed)[:2]:
        assert "try again in a moment" in check_problem(answer, 503, RUNS)["detail"]


def test_an_airflow_that_fails_is_reported_without_internals(managed: TestClient, server: FakeAirflow) -> None:
    managed.get(RUNS)
    server.broken = httpx.Response(500, json={"detail": "hunter2"})
    for answer in ask_everything(managed):
        assert "hunter2" not in answer.text
        check_problem(answer, 502, answer.request.url.path)


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # which Schemathesis does
@pytest.mark.parametrize(("path", "method"), [(RUNS, "GET"), (RUNS, "POST"), (f"{RUNS}/{{run_id}}", "GET")])
def test_no_request_about_runs_is_too_strange(managed_app: FastAPI, path: str, method: str) -> None:
    fuzz(managed_app, path, method)
