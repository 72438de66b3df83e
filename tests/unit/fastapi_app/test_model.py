import re
from datetime import datetime
from importlib.metadata import version

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from song_preference.messages import Message
from song_preference.serving.model_store import ModelStore
from tests.support.registry import FakeRegistry
from tests.support.rest import KEY
from tests.support.songs import SONG


def test_the_root_names_the_service_and_links_that_work(rest: TestClient) -> None:
    body = rest.get("/").json()
    assert (body["name"], body["version"]) == ("Song preference", version("song-preference"))
    assert set(body["links"]) == {"docs", "redoc", "openapi", "graphql", "model", "health"}
    for link in set(body["links"].values()) - {"/graphql"}:
        assert rest.get(link).status_code == 200
    assert rest.post(body["links"]["graphql"], json={"query": "{ model { version } }"}).status_code == 200


def test_a_browser_gets_a_page_of_the_links_that_needs_nothing_else(rest: TestClient) -> None:
    links = rest.get("/").json()["links"]
    page = rest.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["vary"] == rest.get("/").headers["vary"] == "Accept"
    named = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page.text)
    assert {f"/{address}" for address in named} == set(links.values())


def test_health_names_both_probes(rest_without_champion: TestClient) -> None:
    health = rest_without_champion.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "live")
    statuses = {name: rest_without_champion.get(link).status_code for name, link in health.json()["links"].items()}
    assert statuses == {"live": 200, "ready": 503}


def test_the_model_is_described(rest: TestClient) -> None:
    body = rest.get("/model").json()
    assert datetime.fromisoformat(body.pop("since")).tzinfo is not None
    assert body == {
        "name": "spotify_model_prod",
        "version": "1",
        "alias": "champion",
        "dataset_version": None,
        "threshold": 0.5,
        "stale": False,
        "refusal": None,
    }


@pytest.mark.parametrize("headers", [{}, {b"X-API-Key": b""}, {b"X-API-Key": b"wrong"}, {b"X-API-Key": "é".encode()}])
def test_a_refresh_needs_the_key(
    rest: TestClient, registry: FakeRegistry, graph: bytes, headers: dict[bytes, bytes]
) -> None:
    registry.register("2", graph)
    response = rest.post("/model/refresh", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "ApiKey"
    assert "X-API-Key" in response.json()["detail"]


def test_a_refresh_brings_the_new_champion(quiet: TestClient, registry: FakeRegistry, graph: bytes) -> None:
    registry.register("2", graph)
    model = {"name": "spotify_model_prod", "version": "2", "alias": "champion", "dataset_version": None}
    assert quiet.post("/model/refresh", headers=KEY).json() == {"outcome": "swapped", "model": model}
    assert quiet.post("/model/refresh", headers=KEY).json() == {"outcome": "unchanged", "model": model}
    assert quiet.post("/predict", json=SONG).json()["model"] == model


def test_a_refresh_says_why_there_is_no_new_champion(quiet: TestClient, registry: FakeRegistry) -> None:
    registry.register("2", b"no graph")
    for _ in range(2):
        rejected = quiet.post("/model/refresh", headers=KEY)
        assert rejected.status_code == 409
        assert "version 2 is rejected" in rejected.json()["detail"]
        reason = Message(rejected.json()["code"], rejected.json()["params"])
        assert "onnxruntime no puede cargar su grafo" in reason.text("es")
    assert quiet.get("/health/ready").json() == {
        "status": "ready",
        "stale": True,
        "model": "1",
        "refusal": rejected.json()["detail"],
    }
    registry.is_down = True
    assert quiet.post("/model/refresh", headers=KEY).status_code == 503


def test_readiness_says_that_the_champion_has_no_artifacts(
    quiet: TestClient, registry: FakeRegistry, graph: bytes
) -> None:
    registry.register("2", graph)
    del registry.graphs["2"]
    lost = quiet.post("/model/refresh", headers=KEY)
    assert lost.status_code == 503
    ready = {"status": "ready", "stale": True, "model": "1", "refusal": lost.json()["detail"]}
    assert quiet.get("/health/ready").json() == ready
    assert quiet.post("/predict", json=SONG).json()["model"]["version"] == "1"


def test_without_a_champion_the_service_lives_and_says_the_remedy(rest_without_champion: TestClient) -> None:
    client = rest_without_champion
    assert client.get("/health/live").json() == {"status": "live"}
    csv = {"file": ("songs.csv", "speechiness,energy,danceability,acousticness\n")}
    for response in (
        client.get("/health/ready"),
        client.get("/model"),
        client.post("/predict", json=SONG),
        client.post("/predict/batch", json={"songs": [SONG]}),
        client.post("/predict/csv", files=csv),
        client.post("/explain", json=SONG),
    ):
        assert response.status_code == 503
        assert "run the DAG process_etl_spotify_data" in response.json()["detail"]
    assert client.post("/model/refresh", headers=KEY).json() == {"outcome": "missing", "model": None}


def test_with_a_champion_the_service_is_ready(rest: TestClient) -> None:
    assert rest.get("/health/ready").json() == {"status": "ready", "stale": False, "model": "1", "refusal": None}


def test_requests_are_counted_by_operation_and_probes_are_not(rest: TestClient, store: ModelStore) -> None:
    rest.post("/predict", json=SONG)
    rest.post("/predict", json={})
    rest.post("/predict/", json=SONG)
    rest.get("/predict")
    rest.get("/no-such-path")
    rest.get("/health/live")
    rest.post("/graphql", json={"query": "{ model { version } }"})
    answer = rest.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    counted = {line for line in answer.text.splitlines() if line.startswith("song_preference_requests_total")}
    counts = {
        ("graphql", "model", "ok"): 1,
        ("rest", "predict", "ok"): 2,
        ("rest", "predict", "client_error"): 2,
        ("rest", "unknown", "client_error"): 1,
    }
    assert counted == {
        f'song_preference_requests_total{{operation="{operation}",outcome="{outcome}",protocol="{protocol}"}} {count}.0'
        for (protocol, operation, outcome), count in counts.items()
    }
    assert 'song_preference_predictions_total{label="' in answer.text


def test_operations_have_names_that_clients_are_made_from(rest_app: FastAPI) -> None:
    schema = rest_app.openapi()
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    predictions = "explain health live metrics model modelVersions predict predictBatch predictCsv ready"
    others = "recommendations refreshModel searchSongs service song"
    # These have the forms of their protocols, for errors too.
    inference = "infer inferenceLive inferenceModel inferenceModelReady inferenceReady inferenceServer"
    mlflow = "invocations mlflowVersion ping"
    ours = [*predictions.split(), *others.split()]
    expected = sorted([*ours, *inference.split(), *mlflow.split()])
    assert sorted(operation["operationId"] for operation in operations) == expected
    for operation in operations:
        for status, response in operation["responses"].items() if operation["operationId"] in ours else ():
            assert int(status) < 400 or list(response["content"]) == ["application/problem+json"]


def test_versions_are_listed_from_the_registry_the_newest_first(
    rest: TestClient, registry: FakeRegistry, graph: bytes
) -> None:
    registry.register("2", graph)
    newest = {
        "version": "2",
        "created_at": "2026-11-25T00:00:00Z",
        "aliases": ["champion"],
        "dataset_version": "abc",
        "source_kind": "file",
        "roc_auc": 0.88,
    }
    assert rest.get("/model/versions").json() == [newest, {**newest, "version": "1"}]
    assert rest.get("/model/versions", params={"limit": 1}).json() == [newest]
    for limit in (0, 101, "x"):
        assert rest.get("/model/versions", params={"limit": limit}).status_code == 422
    registry.is_down = True
    assert rest.get("/model/versions").status_code == 503
