import asyncio
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from fastapi_app.schemas import EXAMPLE_SONG
from local_stack.config import ROOT
from song_preference.features import FEATURES, Song
from song_preference.serving.predictor import Predictor
from tests.support.registry import FakeRegistry
from tests.support.rest import KEY, MAX_BATCH_SIZE, Threads
from tests.support.songs import SONG

MODEL = {"name": "spotify_model_prod", "version": "1", "alias": "champion", "dataset_version": None}


@pytest.mark.parametrize("path", ["/predict", "/predict/"])
@pytest.mark.parametrize("body", [SONG, {"features": SONG}, {**SONG, "tempo": 120.0}])
def test_a_song_is_predicted(rest: TestClient, predictor: Predictor, path: str, body: dict[str, Any]) -> None:
    expected = predictor.predict(Song.checked(SONG))
    assert rest.post(path, json=body).json() == {
        "label": expected.label,
        "liked": expected.liked,
        "probability": expected.probability,
        "threshold": 0.5,
        "model": MODEL,
        "stale": False,
    }


def test_the_ends_of_the_range_are_songs(rest: TestClient) -> None:
    for end in (0, 1):
        assert rest.post("/predict", json=dict.fromkeys(FEATURES, end)).status_code == 200


def test_a_model_that_may_be_old_says_so(quiet: TestClient, registry: FakeRegistry) -> None:
    registry.ref = None
    quiet.post("/model/refresh", headers=KEY)
    for path, body in (("/predict", SONG), ("/explain", SONG), ("/predict/batch", {"songs": [SONG]})):
        assert quiet.post(path, json=body).json()["stale"] is True


def test_a_batch_gets_one_answer_per_song_in_their_order(rest: TestClient, predictor: Predictor) -> None:
    songs = [SONG | {"danceability": danceability} for danceability in (0.1, 0.9)]
    expected = [predictor.predict(Song.checked(song)) for song in songs]
    assert rest.post("/predict/batch", json={"songs": [songs[0], {"features": songs[1]}]}).json() == {
        "model": MODEL,
        "threshold": 0.5,
        "stale": False,
        "predictions": [{"label": e.label, "liked": e.liked, "probability": e.probability} for e in expected],
    }


@pytest.mark.parametrize(("count", "status"), [(0, 200), (MAX_BATCH_SIZE, 200), (MAX_BATCH_SIZE + 1, 413)])
def test_a_batch_is_bounded(rest: TestClient, count: int, status: int) -> None:
    response = rest.post("/predict/batch", json={"songs": [SONG] * count})
    assert response.status_code == status
    if status == 413:
        assert f"at most {MAX_BATCH_SIZE} are allowed" in response.json()["detail"]


def test_an_explanation_adds_up_to_the_prediction(rest: TestClient) -> None:
    explanation = rest.post("/explain", json=SONG).json()
    prediction = rest.post("/predict", json=SONG).json()
    contributions = explanation.pop("contributions")
    assert set(contributions) == set(FEATURES)
    total = explanation.pop("base") + sum(contributions.values())
    assert total == pytest.approx(prediction["probability"], abs=1e-6)
    assert explanation == prediction


def test_more_dancing_never_explains_a_dislike(rest: TestClient) -> None:
    values = [
        rest.post("/explain", json=SONG | {"danceability": value}).json()["contributions"]["danceability"]
        for value in (0.1, 0.5, 0.95)
    ]
    assert all(lower < higher for lower, higher in pairwise(values))


def test_the_documentation_shows_examples_that_work(rest: TestClient) -> None:
    paths = rest.get("/openapi.json").json()["paths"]
    for path in ("/predict", "/predict/batch", "/explain"):
        examples = paths[path]["post"]["requestBody"]["content"]["application/json"]["examples"]
        for example in examples.values():
            assert rest.post(path, json=example["value"]).status_code == 200
    csv = paths["/predict/csv"]["post"]["requestBody"]["content"]["text/csv"]["example"]
    assert rest.post("/predict/csv", content=csv, headers={"Content-Type": "text/csv"}).status_code == 200
    assert set(EXAMPLE_SONG) == set(FEATURES)


def test_a_batch_does_not_hold_the_event_loop(
    rest: TestClient, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor.observer = threads = Threads()
    parse = Request.json

    async def noted_parse(request: Request) -> Any:
        threads.predicted()
        return await parse(request)

    monkeypatch.setattr(Request, "json", noted_parse)
    rest.post("/predict", json=SONG)
    rest.post("/predict/batch", json={"songs": [SONG, SONG]})
    parsed, predicted, batch_parsed, batch_predicted = threads.seen
    assert parsed == predicted
    assert batch_parsed == batch_predicted != parsed


def test_a_prediction_crosses_few_files(rest_app: FastAPI) -> None:
    files: set[str] = set()

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(rest_app), base_url="http://rest") as client:
            await client.post("/predict", json=SONG)
            sys.setprofile(lambda frame, event, _: files.add(frame.f_code.co_filename) if event == "call" else None)
            try:
                return await client.post("/predict", json=SONG)
            finally:
                sys.setprofile(None)

    assert asyncio.run(ask()).is_success
    ours = {Path(file).relative_to(ROOT) for file in files if Path(file).is_relative_to(ROOT)}
    ours = {file for file in ours if file.parts[0] in {"fastapi_app", "song_preference"}}
    # Besides, the server's protocol passes the request on.
    assert len(ours) <= 10, ours
