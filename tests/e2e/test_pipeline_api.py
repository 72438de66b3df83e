"""The pipeline through the API alone: start, follow, fail, and go back to another model."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient

from song_preference.dataset import sample
from song_preference.storage import ObjectStore

PATIENCE_SECONDS = 180
RUNS = "/pipeline/runs"
KEY = "incoming/pipeline_api.csv"
ENDED = {"success", "failed"}
QUERY = """query ($id: String!) {
  pipelineRun(id: $id) { id state reason datasetVersion modelVersion promoted training { id state reason } }
  pipelineRuns(first: 1) { id state }
}"""


@pytest.fixture(scope="module")
def asked(objects: ObjectStore) -> Iterator[dict[str, Any]]:
    """A run of a playlist that lies where anybody may name it, with a seed that no other test uses."""
    objects.put(KEY, sample.csv())
    yield {"source": objects.uri(KEY), "seed": 20261125, "trials": 3}
    objects.remove(KEY)


@pytest.fixture(scope="module")
def run(rest: httpx.Client, asked: dict[str, Any]) -> dict[str, Any]:
    """The run, once its training has ended; never the first one of the platform."""
    if not rest.get(RUNS).json()["runs"]:
        followed(rest, start(rest, {**asked, "seed": 1, "trials": 1}), training_ended)
    return followed(rest, start(rest, {**asked, "force": True}), training_ended)


def start(rest: httpx.Client, body: dict[str, Any]) -> str:
    """The address of a new run."""
    answer = rest.post(RUNS, json=body)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    location = answer.headers["location"]
    assert rest.get(location).json()["id"] == answer.json()["id"]
    return location


def training_ended(run: dict[str, Any]) -> bool:
    return run["state"] == "failed" or (run["training"] or {}).get("state") in ENDED


def followed(rest: httpx.Client, location: str, is_over: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The run, once it is over; at every moment before, it can be asked about."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = rest.get(location)
        assert answer.status_code == httpx.codes.OK, answer.text
        run: dict[str, Any] = answer.json()
        if is_over(run):
            return run
        assert time.monotonic() < deadline, run
        time.sleep(0.3)


def test_a_run_is_reported_with_all_that_came_of_it(
    environment: dict[str, str], rest: httpx.Client, run: dict[str, Any], asked: dict[str, Any]
) -> None:
    assert (run["state"], run["reason"]) == ("success", None)
    assert [task["id"] for task in run["tasks"]] == ["download", "engineer_features", "split", "register"]
    training = run["training"]
    assert training["state"] == "success"
    assert [task["id"] for task in training["tasks"]] == ["search", "export", "evaluate", "register", "promote"]
    for task in run["tasks"] + training["tasks"]:
        assert (task["state"], task["seconds"] > 0) == ("success", True)
    assert run["asked_at"] <= run["started_at"] < run["ended_at"]

    dataset = rest.get(f"/datasets/{run['dataset_version']}").json()
    assert (dataset["source"]["uri"], dataset["parameters"]["seed"]) == (asked["source"], asked["seed"])
    versions = {found["version"]: found for found in rest.get("/model/versions").json()}
    model = versions[run["model_version"]]
    assert model["dataset_version"] == run["dataset_version"]
    assert model["aliases"] == (["champion"] if run["promoted"] else ["challenger"])
    assert re.search("ROC AUC|sample|songs with the list in use", training["reason"])
    registered = MlflowClient().get_model_version(environment["MODEL_NAME"], run["model_version"])
    assert MlflowClient().get_run(str(registered.run_id)).data.params["trials"] == str(asked["trials"])


def test_graphql_reports_the_same(rest: httpx.Client, run: dict[str, Any]) -> None:
    answer = rest.post("/graphql", json={"query": QUERY, "variables": {"id": run["id"]}}).json()
    assert "errors" not in answer
    reported = answer["data"]["pipelineRun"]
    training = run["training"]
    assert reported == {
        "id": run["id"],
        "state": "success",
        "reason": None,
        "datasetVersion": run["dataset_version"],
        "modelVersion": run["model_version"],
        "promoted": run["promoted"],
        "training": {key: training[key] for key in ("id", "state", "reason")},
    }
    assert answer["data"]["pipelineRuns"] == [{"id": run["id"], "state": "success"}]


def test_runs_are_listed_the_newest_first(rest: httpx.Client, run: dict[str, Any]) -> None:
    first, second = (rest.get(RUNS, params={"limit": 1, "offset": offset}).json() for offset in (0, 1))
    assert first["total"] == second["total"] >= 2
    assert first["runs"] == [{key: run[key] for key in ("id", "state", "asked_at", "started_at", "ended_at")}]
    assert second["runs"][0]["asked_at"] < run["asked_at"]


def test_a_model_named_is_served_at_once_and_without_a_name_the_other_again(
    rest: httpx.Client, run: dict[str, Any]
) -> None:
    before = rest.get("/model").json()["version"]
    other = next(found["version"] for found in rest.get("/model/versions").json() if found["version"] != before)
    for body, version in (({"version": other}, other), ({}, before)):
        answer = rest.post("/model/rollback", json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        assert answer.json()["model"]["version"] == version
        assert rest.get("/model").json()["version"] == version
    missing = rest.post("/model/rollback", json={"version": "99999"})
    assert (missing.status_code, "has no version 99999" in missing.json()["detail"]) == (404, True)
    assert rest.get("/model").json()["version"] == before


def test_the_same_again_is_not_trained_on_and_says_why(
    rest: httpx.Client, run: dict[str, Any], asked: dict[str, Any]
) -> None:
    models = rest.get("/model/versions").json()
    again = followed(rest, start(rest, asked), training_ended)
    assert (again["dataset_version"], again["model_version"], again["promoted"]) == (run["dataset_version"], None, None)
    assert {task["state"] for task in again["training"]["tasks"]} == {"skipped"}
    assert (
        f"Version {run['model_version']} was trained from dataset {run['dataset_version']}"
        in again["training"]["reason"]
    )
    assert rest.get("/model/versions").json() == models


def test_a_source_that_is_not_there_fails_with_the_reason_and_everything_stays(
    rest: httpx.Client, run: dict[str, Any]
) -> None:
    before = (rest.get("/datasets/latest").json()["version"], rest.get("/model").json()["version"])
    location = start(rest, {"source": "incoming/none.csv"})
    failed = followed(rest, location, lambda found: found["state"] in ENDED)
    assert failed["state"] == "failed"
    assert re.fullmatch(
        r"The source 'incoming/none\.csv' is rejected: there is no such file\. Name .+\.", failed["reason"]
    )
    assert failed["tasks"][0]["state"] == "failed"
    assert (failed["dataset_version"], failed["training"]) == (None, None)
    assert (rest.get("/datasets/latest").json()["version"], rest.get("/model").json()["version"]) == before


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"source": "https://127.0.0.1/x.csv"}, {}, 422),
        ({"source": "https://169.254.169.254/latest/meta-data"}, {}, 422),
        ({"source": "/etc/passwd"}, {}, 422),
        ({"source": "s3://mlflow/x.csv"}, {}, 422),
        ({"test_size": 0.9}, {}, 422),
        ({}, {"X-API-Key": "another"}, 401),
    ],
)
def test_what_may_not_be_asked_starts_nothing(
    rest: httpx.Client, body: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    before = rest.get(RUNS).json()["total"]
    assert rest.post(RUNS, json=body, headers=headers).status_code == status
    assert rest.get(RUNS).json()["total"] == before


@pytest.mark.parametrize("run_id", ["manual__none", "~", "%2E%2E", "x%2FtaskInstances"])
def test_a_run_that_is_not_there_is_not_found(rest: httpx.Client, run_id: str) -> None:
    assert rest.get(f"{RUNS}/{run_id}").status_code == httpx.codes.NOT_FOUND
