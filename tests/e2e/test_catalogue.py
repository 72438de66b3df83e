"""A catalogue over REST: uploaded, imported, scored by the champion, and by another one after a rollback."""

import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import grpc
import httpx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local_stack.config import ROOT
from song_preference.catalogue.__main__ import main
from song_preference.dataset.store import DatasetStore
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.pipeline.__main__ import follow
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.run_options import ETL_DAG, IMPORT_DAG, SCORING_DAG, TRAINING_DAG
from song_preference.storage import ObjectStore
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1.prediction_pb2_grpc import PredictionServiceStub
from tests.support.named_songs import Entry, spotify_zip
from tests.support.stack import PLAYLIST
from tests.support.waiting import wait_for

EXAMPLE = (ROOT / "incoming" / "example_catalogue.csv").read_bytes()
REAL = PLAYLIST.parent / "catalogue"
ENDED = {"success", "failed"}
SONGS, LISTED = 502, "Song of the list"
"""How many the catalogue has, and the title of the one that the listener knows."""

OPTIONAL = ("isrc", "album", "genre", "year", "popularity", "spotify_url")
SONG = f"id title artist isrc album genre year popularity spotifyUrl {' '.join(FEATURES)} probability liked reason"


def imported(rest: httpx.Client, content: bytes, name: str) -> dict[str, Any]:
    """Upload a catalogue and return the report of its import once that has ended."""
    answer = rest.post("/catalogue", files={"file": (name, content)})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    location = answer.headers["location"]
    wait_for(lambda: rest.get(location).json()["state"] in ENDED, "the end of the import")
    report: dict[str, Any] = rest.get(location).json()
    return report


def scores(rest: httpx.Client) -> dict[str, Any]:
    """Wait for the answers of the model in service, and return them."""
    wait_for(lambda: rest.get("/catalogue").json()["scores"] is not None, "the scores of the model in service", 300)
    found: dict[str, Any] = rest.get("/catalogue").json()["scores"]
    return found


def wait_for_index(rest: httpx.Client, catalogue: str, model: str, songs: int) -> None:
    wanted = {"catalogue": catalogue, "model": model, "songs": songs, "stale": False}
    wait_for(lambda: rest.get("/catalogue").json()["index"] == wanted, "the index of the champion", 300)


def rolled_back(rest: httpx.Client, version: str) -> dict[str, Any]:
    answer = rest.post("/model/rollback", json={"version": version}).json()
    assert (answer["model"]["version"], answer["is_announced"]) == (version, True)
    return scores(rest)


@pytest.fixture(scope="module")
def catalogue(rest: httpx.Client, objects: ObjectStore) -> Iterator[dict[str, Any]]:
    """The made-up catalogue with a song that no other run has seen, and the likeliest like of the list in use."""
    own = DatasetStore(objects).table(rest.get("/model").json()["dataset_version"], "features", 500)[list(FEATURES)]
    answers = rest.post("/predict/batch", json={"songs": own.to_dict("records")}).json()["predictions"]
    likeliest = own.iloc[max(range(len(own)), key=lambda place: answers[place]["probability"])]
    first = pd.read_csv(BytesIO(EXAMPLE)).head(1)
    new = first.assign(title=f"Song {time.time_ns()}", artist="Nobody")
    listed = first.assign(title=LISTED, artist="Nobody", **likeliest)
    added = pd.concat([new, listed]).to_csv(index=False, header=False)
    report = imported(rest, EXAMPLE + added.encode(), "mine.csv")
    assert report["state"] == "success", report
    yield rest.get("/catalogue").json()["catalogue"]
    main(["remove", report["version"]])
    assert rest.get("/catalogue").status_code == httpx.codes.NOT_FOUND


@pytest.fixture(scope="module")
def second(rest: httpx.Client, airflow: Airflow) -> Iterator[tuple[str, str]]:
    """The version in service and another one; the former is in service again afterwards."""
    before = rest.get("/model").json()["version"]
    run = airflow.trigger(TRAINING_DAG, {"seed": time.time_ns() % 2**32, "trials": 1})
    follow(airflow, run, print)
    yield before, str(airflow.result(run, "promote")["version"])
    assert rest.post("/model/rollback", json={"version": before}).status_code == httpx.codes.OK


def table(objects: ObjectStore, key: str) -> pa.Table:
    content = objects.get(key)
    assert content is not None
    return pq.read_table(BytesIO(content))


def test_the_champion_answers_for_every_song(
    rest: httpx.Client, objects: ObjectStore, catalogue: dict[str, Any]
) -> None:
    assert (catalogue["songs"], catalogue["rows"], catalogue["source"]["kind"]) == (SONGS, SONGS, "s3")
    found = scores(rest)
    folder = f"catalogue/{catalogue['version']}/"
    (part,) = (part["name"] for part in catalogue["parts"])
    songs = table(objects, f"{folder}{part}")
    answers = table(objects, f"{folder}scores/{found['folder']}/{part}").to_pydict()
    batch = rest.post("/predict/batch", json={"songs": songs.select(FEATURES).to_pylist()}).json()
    assert batch["model"]["version"] == found["model"]
    assert [answer["probability"] for answer in batch["predictions"]] == pytest.approx(answers["probability"], abs=1e-6)
    assert sum(answers["liked"]) == found["liked"] > 0


def test_the_log_of_a_mapped_task_and_links_to_results_are_found(
    rest: httpx.Client, airflow: Airflow, logged_in: httpx.Client, catalogue: dict[str, Any]
) -> None:
    scores(rest)
    importing, run = (Run(dag_id, airflow.runs(dag_id, limit=1).runs[0].id) for dag_id in (IMPORT_DAG, SCORING_DAG))
    (task,) = (task for task in airflow.tasks(run) if task.id == "score")
    assert task.map_index == 0
    assert any(line.get("level") == "info" for line in airflow.log(run, task))
    follow(airflow, run, print)
    for of, task_id in ((importing, "publish"), (run, "index")):
        path = f"/api/v2/dags/{of.dag_id}/dagRuns/{quote(of.run_id, safe='')}/taskInstances/{task_id}"
        links = logged_in.get(f"{path}/links").json()["extra_links"]
        assert links["Files in S3"].endswith(f"catalogue%2F{catalogue['version']}%2F")
        assert catalogue["version"] in logged_in.get(f"{path}/xcomEntries/result").json()["value"]
    assert links["Run in MLflow"].partition("?")[0].endswith(f"/runs/{airflow.result(run, 'index')['run_id']}")


def test_another_champion_is_asked_too_and_old_answers_are_used_again(
    rest: httpx.Client, catalogue: dict[str, Any], second: tuple[str, str]
) -> None:
    before, other = second
    rolled_back(rest, before)
    first = scores(rest)
    found = rolled_back(rest, other)
    assert (found["model"], found["catalogue"], found["songs"]) == (other, catalogue["version"], SONGS)
    assert rolled_back(rest, before) == first
    wait_for_index(rest, catalogue["version"], before, SONGS)


def from_message(scored: Any) -> dict[str, Any]:
    """Return a song of gRPC's message in the form of REST."""
    song = scored.song
    told = {name: getattr(song, name) if song.HasField(name) else None for name in OPTIONAL}
    features = {name: getattr(song.features, name) for name in FEATURES}
    reason = scored.reason if scored.HasField("reason") else None
    answer = {"probability": scored.probability, "liked": scored.liked, "reason": reason}
    return {"id": song.id, "title": song.title, "artist": song.artist, **told, **features, **answer}


def from_graphql(rest: httpx.Client, query: str) -> list[dict[str, Any]]:
    """Return the songs of GraphQL's answer in the form of REST."""
    asked = f"{{ {query} {{ songs {{ {SONG} }} }} }}"
    ((_, found),) = rest.post("/graphql", json={"query": asked}).json()["data"].items()
    return [{"spotify_url": song.pop("spotifyUrl"), **song} for song in found["songs"]]


def test_every_protocol_finds_and_recommends_the_same_songs(
    rest: httpx.Client, environment: dict[str, str], catalogue: dict[str, Any]
) -> None:
    model = rest.get("/model").json()["version"]

    def is_fresh(index: dict[str, Any]) -> bool:
        return index.get("catalogue") == catalogue["version"] and index.get("model") == model and not index["stale"]

    with grpc.insecure_channel(environment["GRPC_ADDRESS"]) as channel:
        stub = PredictionServiceStub(channel)

        def of_grpc() -> dict[str, Any]:
            try:
                index = stub.SearchSongs(pb.SearchSongsRequest(query="a"), timeout=10).index
            except grpc.RpcError:
                return {}
            return {"catalogue": index.catalogue, "model": index.model, "stale": index.stale}

        wait_for(lambda: is_fresh(rest.get("/songs?query=a").json()), "the index of REST", 300)
        wait_for(lambda: is_fresh(of_grpc()), "the index of gRPC", 60)
        found = rest.get("/songs", params={"query": "velvet signal", "limit": 7}).json()["songs"]
        assert len(found) == 7
        assert found == from_graphql(rest, 'songs(query: "velvet signal", first: 7)')
        assert found == [
            *map(from_message, stub.SearchSongs(pb.SearchSongsRequest(query="velvet signal", limit=7)).songs)
        ]
        best = rest.get("/recommendations", params={"limit": 10, "genre": "rock"}).json()["songs"]
        assert best == from_graphql(rest, 'recommendations(wishes: {limit: 10, genre: "rock"})')
        assert best == [*map(from_message, stub.Recommend(pb.RecommendRequest(limit=10, genre="rock")).songs)]
        assert best
        known = stub.SearchSongs(pb.SearchSongsRequest(query=LISTED, limit=1)).songs
        assert [(found.song.title, found.liked) for found in known] == [(LISTED, True)]
        proposed = rest.get("/recommendations", params={"limit": 100, "per_artist": 100}).json()["songs"]
        assert LISTED not in {song["title"] for song in proposed}
        page = stub.GetSong(pb.GetSongRequest(id=best[0]["id"]))
    told = rest.get(f"/songs/{best[0]['id']}").json()
    query = f"""{{ song(id: "{best[0]["id"]}") {{ song {{ id title }} catalogue model stale
        explanation {{ prediction {{ probability }} contributions {{ feature value }} }} }} }}"""
    same = rest.post("/graphql", json={"query": query}).json()["data"]["song"]
    explained = told["explanation"]
    assert {(one["catalogue"], one["model"], one["stale"]) for one in (told, same)} == {
        (page.index.catalogue, page.index.model, page.index.stale)
    }
    assert [same["song"], {"id": page.song.id, "title": page.song.title}] == [
        {name: told["song"][name] for name in ("id", "title")}
    ] * 2
    assert same["explanation"]["prediction"]["probability"] == explained["probability"]
    parts = {item["feature"]: item["value"] for item in same["explanation"]["contributions"]}
    assert parts == explained["contributions"]
    assert explained["probability"] == page.explanation.answer.probability
    assert explained["probability"] == pytest.approx(best[0]["probability"], abs=1e-6)
    assert explained["contributions"] == {name: getattr(page.explanation.contributions, name) for name in FEATURES}


@pytest.fixture
def champion(rest: httpx.Client) -> Iterator[str]:
    """The version in service, which is in service again afterwards."""
    version = str(rest.get("/model").json()["version"])
    yield version
    assert rest.post("/model/rollback", json={"version": version}).status_code == httpx.codes.OK


@pytest.mark.once
def test_the_library_that_spotify_sends_is_looked_up_and_trained_on(
    rest: httpx.Client, airflow: Airflow, catalogue: dict[str, Any], champion: str
) -> None:
    index = {"catalogue": catalogue["version"]}
    wait_for(lambda: index.items() <= (rest.get("/catalogue").json()["index"] or {}).items(), "the index", 300)
    songs = pd.read_csv(BytesIO(EXAMPLE)).drop_duplicates(["title", "artist"]).head(300)
    is_liked = songs["danceability"] > 0.5
    likes, dislikes = (
        [Entry(str(title), str(artist).upper()) for title, artist in zip(half["title"], half["artist"], strict=True)]
        for half in (songs[is_liked], songs[~is_liked])
    )
    library = {"file": ("my_spotify_data.zip", spotify_zip(likes, [*dislikes, Entry("Unheard of", "Nobody")]))}

    report = rest.post("/datasets/validate", files=library).json()
    assert (report["likes"], report["dislikes"]) == (len(likes), len(dislikes))
    (found,) = (note["params"] for note in report["normalisations"] if note["code"] == "songs_found")
    origin = Message("from_catalogue", {"version": catalogue["version"]}).as_json()
    shown = [Message("found_in", {"found": 300, "origin": origin}).as_json()]
    assert found == {"found": 300, "rows": 301, "origin": shown, "not_found": ["Unheard of - Nobody"]}

    answer = rest.post("/datasets", params={"new_listener": True}, files=library)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    etl = Run(ETL_DAG, answer.json()["run_id"])
    follow(airflow, etl, print)
    wait_for(lambda: airflow.training_of(etl) is not None, "the training of the new dataset")
    training = airflow.training_of(etl)
    assert training is not None
    follow(airflow, training, print)
    dataset = rest.get("/datasets/latest").json()
    # Without the names of the songs that were not found, which anybody could read.
    (kept,) = (
        note["params"] for note in dataset["preparation"]["normalisations"] if note["code"] == "some_songs_found"
    )
    assert kept == {name: value for name, value in found.items() if name != "not_found"}
    run = rest.get(f"/pipeline/runs/{etl.run_id}").json()
    assert (run["dataset_version"], run["promoted"]) == (dataset["version"], True), run["training"]
    wait_for(lambda: rest.get("/model").json()["version"] == run["model_version"], "the new champion in service")
    # Never songs that were proposed for another list.
    proposed = rest.get("/recommendations").json()
    assert proposed.get("code") == "index_of_another_list" or proposed["model"] == run["model_version"]
    song = {"speechiness": 0.1, "energy": 0.5, "acousticness": 0.5}
    liked = [rest.post("/predict", json=song | {"danceability": share}).json()["liked"] for share in (0.2, 0.8)]
    assert liked == [False, True]


def test_a_file_without_titles_is_rejected_and_the_catalogue_stays(
    rest: httpx.Client, catalogue: dict[str, Any]
) -> None:
    report = imported(rest, EXAMPLE.replace(b"title,", b"number,", 1), "untitled.csv")
    assert (report["state"], report["version"]) == ("failed", None)
    assert "column 'title' is missing" in report["reason"]
    assert rest.get("/catalogue").json()["catalogue"] == catalogue


@pytest.mark.once
def test_a_real_catalogue_of_several_files_is_imported_and_follows_the_champion(
    rest: httpx.Client, second: tuple[str, str]
) -> None:
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is not there")
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(Path(REAL).glob("*.csv")):
            file.write(path, path.name)
    report = imported(rest, packed.getvalue(), "decades.zip")
    found = rest.get("/catalogue").json()["catalogue"]
    assert (report["state"], found["version"], found["rows"], found["songs"]) == (
        *("success", report["version"], 41_106, 40_303),
    )
    before, other = second
    for version in (before, other, before):
        assert rolled_back(rest, version)["songs"] == 40_303
        wait_for_index(rest, report["version"], version, 40_303)
        best = rest.get("/recommendations").json()
        assert (len(best["songs"]), best["model"]) == (20, version)
        named = rest.get("/songs", params={"query": f"{best['songs'][0]['title']} {best['songs'][0]['artist']}"}).json()
        assert best["songs"][0] in named["songs"]
    main(["remove", report["version"]])


def test_only_who_has_the_key_may_upload(environment: dict[str, str]) -> None:
    answer = httpx.post(f"{environment['FASTAPI_URL']}/catalogue", files={"file": ("a.csv", EXAMPLE)})
    assert answer.status_code == httpx.codes.UNAUTHORIZED
