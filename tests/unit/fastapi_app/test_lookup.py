"""Files without features over REST: their songs are looked up in the catalogue, and the completed file is kept."""

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_app.app import create_app
from fastapi_app.management import Management
from song_preference.features import FEATURES
from song_preference.serving.predictor import Predictor
from song_preference.serving.song_index import IndexStore
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings
from tests.support.airflow import FakeAirflow
from tests.support.datasets import MemoryObjects
from tests.support.named_songs import ENTRIES, ORIGIN, Entry, features, found_in, indexes, spotify_zip, tune_my_music
from tests.support.rest import KEY, check_problem

TEXT = {"Content-Type": "text/csv"}
UNKNOWN = [Entry(f"Unknown {number}", "Nobody") for number in range(12)]
LIKED, DISLIKED = ENTRIES[:30], ENTRIES[30:55]
EMPTY = b"title,artist,label,energy,danceability,speechiness,acousticness\n" + b"".join(
    f"{song.title},{song.artist},{number % 2},,undefined,,\n".encode() for number, song in enumerate(ENTRIES)
)
Files = dict[str, tuple[str, bytes]]


@pytest.fixture
def catalogue(tmp_path: Path) -> IndexStore:
    directory = tmp_path / "index"
    directory.mkdir()
    return indexes(directory)


@pytest.fixture
def app(predictor: Predictor, rest_settings: RestSettings, management: Management, catalogue: IndexStore) -> FastAPI:
    settings = rest_settings.model_copy(update={"manages_datasets": True})
    return create_app(SongSearch(catalogue, predictor), settings, management)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    # Without the lifespan, so that the store keeps its index.
    return TestClient(app)


@pytest.fixture
def temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of temporary files, with nothing else in it."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def two(likes: list[Entry], dislikes: list[Entry]) -> Files:
    return {"liked": ("likes.csv", tune_my_music(likes)), "disliked": ("no.csv", tune_my_music(dislikes))}


def one(likes: list[Entry], dislikes: list[Entry]) -> Files:
    return {"file": ("my_spotify_data.zip", spotify_zip(likes, dislikes))}


def labelled(likes: list[Entry], dislikes: list[Entry]) -> Files:
    rows = [["title", "artist", "isrc", "liked"]]
    rows += [[*entry[:2], "", word] for word, entries in (("yes", likes), ("no", dislikes)) for entry in entries]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return {"file": ("mine.csv", text.getvalue().encode())}


def note(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the note on the look-up, which is the only one of its kind."""
    notes = [found.get("params", {}).get("message", found) for found in answer["normalisations"]]
    (found,) = (found for found in notes if found["code"] in {"songs_found", "all_songs_found"})
    return dict(found)


@pytest.mark.parametrize("form", [one, labelled])
def test_a_playlist_without_features_is_checked_kept_and_trained_on(
    client: TestClient, server: FakeAirflow, objects: MemoryObjects, form: Any
) -> None:
    files = form([*LIKED, *UNKNOWN], DISLIKED)
    checked = client.post("/datasets/validate", files=files)
    assert checked.status_code == 200, checked.text
    report = checked.json()
    assert (report["rows_raw"], report["rows_kept"], report["likes"], report["dislikes"]) == (67, 55, 30, 25)
    assert not objects.contents
    found = note(report)
    shown = [f"Unknown {number} - Nobody" for number in range(10)]
    assert found["params"] == {"found": 55, "rows": 67, "origin": [found_in(55)], "not_found": [*shown, "..."]}

    answer = client.post("/datasets", headers=KEY, files=files)
    assert (answer.status_code, answer.json()["preparation"]) == (202, report)
    assert server.conf is not None
    assert server.conf["source"] == answer.json()["source"]
    (content,) = objects.contents.values()
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert [row["features_from"] for row in rows] == [ORIGIN] * 30 + [""] * 12 + [ORIGIN] * 25
    assert [float(rows[0][name]) for name in FEATURES] == pytest.approx(features(1))
    # The same file and catalogue are the same content, and so the same dataset version.
    assert client.post("/datasets", headers=KEY, files=files).json()["source"] == answer.json()["source"]
    assert len(objects.contents) == 1


def test_of_two_files_each_is_completed(client: TestClient, objects: MemoryObjects) -> None:
    answer = client.post("/datasets", headers=KEY, files=two(LIKED, [*DISLIKED, UNKNOWN[0]]))
    assert answer.status_code == 202, answer.text
    report = answer.json()["preparation"]
    assert (report["likes"], report["dislikes"]) == (30, 25)
    looked_up = [found["params"] for found in report["normalisations"] if found["code"] == "of_file"]
    codes = {(found["file"], found["message"]["code"]) for found in looked_up}
    assert {("liked.csv", "all_songs_found"), ("disliked.csv", "songs_found")} <= codes
    assert answer.json()["source"].endswith("/likes.zip")
    # The stored file needs no catalogue any more.
    (content,) = objects.contents.values()
    again = client.post("/datasets/validate", files={"file": ("again.zip", content)}).json()
    assert again == report


def test_only_one_of_two_files_may_lack_features(client: TestClient) -> None:
    rows = [",".join(["title", *FEATURES]), *(f"Own {n},{n / 20},0.1,0.2,0.3" for n in range(15))]
    files = two(LIKED, []) | {"disliked": ("no.csv", "\n".join(rows).encode())}
    report = client.post("/datasets/validate", files=files).json()
    assert (report["likes"], report["dislikes"], note(report)["code"]) == (30, 15, "all_songs_found")


def test_columns_of_features_without_any_count_as_none(client: TestClient) -> None:
    report = client.post("/datasets/validate", files={"file": ("empty.csv", EMPTY)}).json()
    assert (report["likes"], report["dislikes"], note(report)["code"]) == (50, 50, "all_songs_found")


@pytest.mark.parametrize(
    ("files", "codes"),
    [
        (two(UNKNOWN, UNKNOWN), {"no_song_found"}),
        (two(LIKED, UNKNOWN), {"no_song_found"}),
        (one(LIKED, [*UNKNOWN, ENTRIES[40]]), {"too_few_dislikes", "features_looked_up", "without_features"}),
        (one(LIKED, LIKED), {"too_few_likes", "too_few_dislikes", "file_has", "features_looked_up"}),
        (one([], []), {"no_songs"}),
        ({"file": ("a.csv", tune_my_music(LIKED))}, {"label_missing"}),
        ({"file": ("a.csv", b"title,artist\n" + b"x" * 200_000 + b",y\n")}, {"no_song_found"}),
        ({"file": ("a.json", b'{"tracks": [{"track": 1}], "bannedTracks": [{"uri": {"a": []}}]}')}, {"no_song_found"}),
    ],
)
def test_a_playlist_of_which_too_little_is_found_is_rejected_and_leaves_nothing(
    client: TestClient, objects: MemoryObjects, files: Files, codes: set[str], temporary_files: Path
) -> None:
    for path, headers in (("/datasets/validate", {}), ("/datasets", KEY)):
        answer = client.post(path, headers=headers, files=files)
        errors = check_problem(answer, 422, path)["errors"]
        assert {found["params"].get("message", found)["code"] for found in errors} == codes
    assert not objects.contents
    assert not [*temporary_files.iterdir()]


def test_without_a_catalogue_the_way_to_one_is_named(client: TestClient, catalogue: IndexStore) -> None:
    catalogue.current = None
    for files in (one(LIKED, DISLIKED), labelled(LIKED, DISLIKED), two(LIKED, DISLIKED)):
        errors = check_problem(client.post("/datasets/validate", files=files), 422, "/datasets/validate")["errors"]
        assert "import a catalogue" in errors[0]["problem"]
        codes = [found["params"].get("message", found)["code"] for found in errors]
        assert codes == ["no_audio_features"]


def test_songs_to_score_are_looked_up_too(client: TestClient, predictor: Predictor) -> None:
    answer = client.post("/predict/csv", content=tune_my_music([ENTRIES[2], UNKNOWN[0], ENTRIES[4]]), headers=TEXT)
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["label"] != "" for row in rows] == [True, False, True]
    assert [float(rows[2][name]) for name in FEATURES] == pytest.approx(features(5))
    assert rows[1]["error"] == "row: was not found: its features are unknown"
    notes = json.loads(answer.headers["x-notes"])
    assert {
        "code": "songs_found",
        "params": {"found": 2, "rows": 3, "origin": [found_in(2)], "not_found": ["Unknown 0 - Nobody"]},
    } in notes
