import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fastapi_app.app import create_app
from song_preference.clients import QUERY
from song_preference.features import Song
from song_preference.serving.predictor import Predictor
from song_preference.serving.store import ModelStore
from tests.conftest import SONG


@pytest.fixture
def client(predictor: Predictor) -> Iterator[TestClient]:
    with TestClient(create_app(predictor), raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, song: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/graphql", json={"query": QUERY, "variables": {"song": song}}).json()
    return answer


def test_a_song_is_predicted(client: TestClient, predictor: Predictor) -> None:
    answer = ask(client, SONG)["data"]["predict"]
    expected = predictor.predict(Song.checked(SONG))
    assert (answer["label"], answer["probability"]) == (expected.label, expected.probability)
    assert answer["model"] == {"name": "spotify_model_prod", "version": "1", "alias": "champion"}


def test_an_invalid_feature_has_a_code_and_leaves_no_traceback(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        (error,) = ask(client, {**SONG, "energy": 1.5})["errors"]
    assert error["extensions"]["code"] == "INVALID_FEATURE"
    assert error["message"].startswith("energy: ")
    assert caplog.records == []


def test_without_a_champion_the_code_says_so(store: ModelStore) -> None:
    with TestClient(create_app(Predictor(store))) as client:
        (error,) = ask(client, SONG)["errors"]
    assert error["extensions"]["code"] == "MODEL_NOT_READY"


def test_an_unexpected_error_tells_nothing_but_is_logged(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(Predictor, "predict", explode)
    (error,) = ask(client, SONG)["errors"]
    assert "hunter2" not in str(error)
    assert "hunter2" in caplog.text


def test_graphiql_is_served(client: TestClient) -> None:
    page = client.get("/graphql", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "GraphiQL" in page.text
