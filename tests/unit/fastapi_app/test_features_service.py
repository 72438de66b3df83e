"""Songs that no catalogue has, over REST: a service that knows features by Spotify's ids is asked for them."""

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_app.app import create_app
from fastapi_app.management import Management
from song_preference.dataset.features_api import FeaturesApi
from song_preference.features import FEATURES
from song_preference.serving.predictor import Predictor
from song_preference.serving.song_index import IndexStore
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings
from tests.support.datasets import MemoryObjects
from tests.support.features_service import FakeService
from tests.support.named_songs import (
    ENTRIES,
    ORIGIN,
    Entry,
    features,
    found_in,
    indexes,
    spotify_id,
    spotify_zip,
    tune_my_music,
    without_index,
)
from tests.support.rest import KEY, check_problem

LIKED, DISLIKED = ENTRIES[:40], ENTRIES[40:80]
KNOWN = ENTRIES[:50]
"""The songs in the catalogue."""
UNKNOWN = Entry("Unknown", "Nobody", "z" * 22)
PLAYLIST = {"file": ("my_spotify_data.zip", spotify_zip(LIKED, [*DISLIKED, UNKNOWN]))}


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def catalogue(tmp_path: Path) -> IndexStore:
    return indexes(tmp_path, KNOWN)


@pytest.fixture
def api(service: FakeService, objects: MemoryObjects) -> Iterator[FeaturesApi]:
    with service.running() as address:
        yield FeaturesApi(address, objects, total_seconds=5)


@pytest.fixture
def app(
    predictor: Predictor, rest_settings: RestSettings, management: Management, catalogue: IndexStore, api: FeaturesApi
) -> FastAPI:
    settings = rest_settings.model_copy(update={"manages_datasets": True})
    return create_app(SongSearch(catalogue, predictor), settings, replace(management, features_api=api))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    # Without the lifespan, so that the store keeps its index.
    return TestClient(app)


def notes(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the notes on look-ups, without the names of files."""
    found = [note.get("params", {}).get("message", note) for note in answer["normalisations"]]
    return [note for note in found if note["code"] in {"songs_found", "all_songs_found"}]


def ids(*entries: Entry) -> list[str]:
    return [str(entry.id) for entry in entries]


def test_only_what_the_catalogue_lacks_is_asked_for_and_marked_with_its_origin(
    client: TestClient, service: FakeService, objects: MemoryObjects, api: FeaturesApi
) -> None:
    answer = client.post("/datasets", headers=KEY, files=PLAYLIST)
    assert answer.status_code == 202, answer.text
    assert service.asked == [ids(*ENTRIES[50:80], UNKNOWN)]
    (note,) = notes(answer.json()["preparation"])
    origins = [found_in(50), found_in(30, api.host)]
    assert note["params"] == {"found": 80, "rows": 81, "origin": origins, "not_found": ["Unknown - Nobody"]}
    (stored,) = (content for key, content in objects.contents.items() if key.startswith("incoming/"))
    rows = list(csv.DictReader(io.StringIO(stored.decode())))
    assert [row["features_from"] for row in rows] == [ORIGIN] * 50 + [api.host] * 30 + [""]
    assert [float(rows[49][name]) for name in FEATURES] == pytest.approx(features(50))
    assert [float(rows[50][name]) for name in FEATURES] == pytest.approx([0.51] * 4)
    # What was answered is kept, so the same file is the same dataset version.
    again = client.post("/datasets", headers=KEY, files=PLAYLIST)
    assert again.json()["source"] == answer.json()["source"]
    assert service.asked[1:] == [[UNKNOWN.id]]


def test_each_of_two_files_is_completed_without_any_catalogue(
    client: TestClient, service: FakeService, catalogue: IndexStore, api: FeaturesApi
) -> None:
    catalogue.current = None
    liked, disliked = (tune_my_music(entries, with_ids=True) for entries in (LIKED, [*DISLIKED, UNKNOWN]))
    files = {"liked": ("likes.csv", liked), "disliked": ("no.csv", disliked)}
    answer = client.post("/datasets/validate", files=files)
    assert answer.status_code == 200, answer.text
    assert [len(asked) for asked in service.asked] == [40, 40, 1]
    assert (answer.json()["likes"], answer.json()["dislikes"]) == (40, 40)
    assert [note["params"]["origin"] for note in notes(answer.json())] == [[found_in(40, api.host)]] * 2


def test_one_of_two_files_may_have_features(client: TestClient, service: FakeService, api: FeaturesApi) -> None:
    rows = [
        ",".join(["id", "title", *FEATURES]),
        *(f"{spotify_id(900 + n)},Own {n},{n / 20},0.1,0.2,0.3" for n in range(15)),
    ]
    liked = tune_my_music(ENTRIES[60:80], with_ids=True)
    files = {"liked": ("likes.csv", liked), "disliked": ("no.csv", "\n".join(rows).encode())}
    answer = client.post("/datasets/validate", files=files)
    assert answer.status_code == 200, answer.text
    assert service.asked == [ids(*ENTRIES[60:80])]
    assert [note["params"]["origin"] for note in notes(answer.json())] == [[found_in(20, api.host)]]


@pytest.mark.parametrize("rejection", [(500, {}), (403, {}), (429, {"Retry-After": "60"})])
def test_where_it_fails_its_songs_are_not_found(
    client: TestClient, service: FakeService, rejection: tuple[int, dict[str, str]]
) -> None:
    service.rejections = [rejection] * 2
    answer = client.post("/datasets/validate", files={"file": ("my.zip", spotify_zip(LIKED, ENTRIES[45:60]))})
    errors = check_problem(answer, 422, "/datasets/validate")["errors"]
    # The catalogue has 5 dislikes, which are too few.
    assert {error["code"] for error in errors} >= {"too_few_dislikes", "features_looked_up"}
    answer = client.post("/datasets/validate", files={"file": ("my.zip", spotify_zip(LIKED[:20], ENTRIES[30:60]))})
    assert answer.status_code == 200, answer.text
    (note,) = notes(answer.json())
    assert (note["params"]["found"], note["params"]["origin"]) == (40, [found_in(40)])


def test_where_nothing_is_found_the_places_are_named(
    client: TestClient, service: FakeService, catalogue: IndexStore, api: FeaturesApi
) -> None:
    files = {"file": ("my.zip", spotify_zip([UNKNOWN], []))}
    for places in (f"the catalogue {ORIGIN.split()[1]}; {api.host}", api.host):
        answer = client.post("/datasets/validate", files=files)
        (error,) = check_problem(answer, 422, "/datasets/validate")["errors"]
        assert f"none of its 1 songs was found in {places} (Unknown - Nobody)" in error["problem"]
        catalogue.current = None
    assert len(service.asked) == 2


def test_without_catalogue_and_ids_there_is_nothing_to_ask(
    client: TestClient, service: FakeService, catalogue: IndexStore
) -> None:
    catalogue.current = None
    answer = client.post("/predict/csv", content=tune_my_music(ENTRIES), headers={"Content-Type": "text/csv"})
    assert check_problem(answer, 422, "/predict/csv")["errors"][0]["code"] == "no_audio_features"
    assert service.asked == []


def test_songs_to_score_are_asked_for_too(client: TestClient, api: FeaturesApi) -> None:
    content = tune_my_music([ENTRIES[2], UNKNOWN, ENTRIES[70], ENTRIES[3]], with_ids=True)
    answer = client.post("/predict/csv", content=content, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["label"] != "" for row in rows] == [True, False, True, True]
    assert [row["features_from"] for row in rows] == [ORIGIN, "", api.host, ORIGIN]
    (note,) = (note for note in json.loads(answer.headers["x-notes"]) if note["code"] == "songs_found")
    assert note["params"]["origin"] == [found_in(2), found_in(1, api.host)]


def test_while_it_is_asked_others_are_answered(
    app: FastAPI, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, let_go = Event(), Event()
    answer = service.answer

    def slowly(asked: list[str]) -> bytes:
        reached.set()
        let_go.wait(60)
        return answer(asked)

    monkeypatch.setattr(service, "answer", slowly)

    async def ask_both() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=60) as http:
            checking = asyncio.create_task(http.post("/datasets/validate", files=PLAYLIST))
            assert await asyncio.to_thread(reached.wait, 60)
            live = await http.get("/health/live")
            let_go.set()
            return live, await checking

    live, checked = asyncio.run(ask_both())
    assert (live.status_code, checked.status_code) == (200, 200)


def test_by_default_nothing_is_asked(
    predictor: Predictor, rest_settings: RestSettings, management: Management, tmp_path: Path
) -> None:
    assert management.features_api is None
    settings = rest_settings.model_copy(update={"manages_datasets": True})
    client = TestClient(create_app(SongSearch(without_index(tmp_path), predictor), settings, management))
    answer = client.post("/datasets/validate", files=PLAYLIST)
    errors = check_problem(answer, 422, "/datasets/validate")["errors"]
    assert [error["code"] for error in errors] == ["no_audio_features"]
