from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fastapi_app.app import create_app
from fastapi_app.schemas import EXAMPLE_SONG
from song_preference.features import FEATURES, Song
from song_preference.serving.predictor import Predictor
from song_preference.serving.store import ModelStore
from tests.conftest import SONG

JSON = {"content-type": "application/json"}


@pytest.fixture
def client(predictor: Predictor) -> Iterator[TestClient]:
    with TestClient(create_app(predictor), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client_without_champion(store: ModelStore) -> Iterator[TestClient]:
    with TestClient(create_app(Predictor(store)), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/predict", "/predict/"])
@pytest.mark.parametrize("body", [SONG, {"features": SONG}, {**SONG, "tempo": 120.0}])
def test_a_song_is_predicted(client: TestClient, predictor: Predictor, path: str, body: dict[str, Any]) -> None:
    expected = predictor.predict(Song.checked(SONG))
    assert client.post(path, json=body).json() == {
        "label": expected.label,
        "liked": expected.liked,
        "probability": expected.probability,
        "threshold": 0.5,
        "model": {"name": "spotify_model_prod", "version": "1", "alias": "champion"},
    }


@pytest.mark.parametrize("value", [1.5, -1, "0.5", True, None])
def test_an_invalid_feature_is_named(client: TestClient, value: object) -> None:
    response = client.post("/predict", json={**SONG, "energy": value})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == ["energy"]


@pytest.mark.parametrize("body", ["[]", "3", '"song"', "null", '{"features": []}', "{}"])
def test_anything_but_a_song_is_invalid(client: TestClient, body: str) -> None:
    assert client.post("/predict", content=body, headers=JSON).status_code == 422


def test_json_that_is_none_is_a_bad_request(client: TestClient) -> None:
    response = client.post("/predict", content="{energy: 0.5", headers=JSON)
    assert (response.status_code, response.json()["title"]) == (400, "Bad Request")


def test_without_a_champion_the_service_lives_and_says_the_remedy(client_without_champion: TestClient) -> None:
    assert client_without_champion.get("/health/live").json() == {"status": "live"}
    for response in (
        client_without_champion.get("/health/ready"),
        client_without_champion.post("/predict", json=SONG),
    ):
        assert response.status_code == 503
        assert "run the DAG process_etl_spotify_data" in response.json()["detail"]


def test_with_a_champion_the_service_is_ready(client: TestClient) -> None:
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_an_unexpected_error_tells_nothing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(Predictor, "predict", explode)
    response = client.post("/predict", json=SONG)
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "hunter2" not in response.text


def test_the_documentation_shows_an_example_that_works(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["examples"]["song"]["value"]
    assert example == EXAMPLE_SONG
    assert set(example) == set(FEATURES)
    assert client.post("/predict", json=example).status_code == 200
    assert client.get("/docs").status_code == 200
