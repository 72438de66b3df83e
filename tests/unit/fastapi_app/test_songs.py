"""Songs by name and recommendations over REST and GraphQL."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_app.app import create_app
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import Search, SongSearch, Wishes
from song_preference.settings import RestSettings
from tests.support.graphql import ask, code
from tests.support.registry import FakeRegistry
from tests.support.rest import check_problem, fuzz
from tests.support.song_index import EXAMPLE, index_of, searching

SONG = "id isrc title artist album genre year popularity spotifyUrl speechiness energy danceability acousticness"
SCORED = f"{SONG} probability liked reason"
LIST = f"songs {{ {SCORED} }} catalogue model stale"
CAMEL = {"spotify_url": "spotifyUrl"}


@pytest.fixture(scope="module")
def index(graph: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_of(pd.read_csv(EXAMPLE), graph, tmp_path_factory.mktemp("index") / "index.sqlite")


@pytest.fixture
def search(index: Path, predictor: Predictor, tmp_path: Path) -> SongSearch:
    return searching(index, predictor, tmp_path)


@pytest.fixture
def app(search: SongSearch, rest_settings: RestSettings) -> FastAPI:
    return create_app(search, rest_settings)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """A client without the threads that follow MLflow."""
    return TestClient(app)


def camel(song: dict[str, Any]) -> dict[str, Any]:
    return {CAMEL.get(name, name): value for name, value in song.items()}


def test_a_search_has_the_same_answer_over_rest_and_graphql(client: TestClient, search: SongSearch) -> None:
    rest = client.get("/songs", params={"query": "velvet signal", "limit": 3}).json()
    assert [song["title"] for song in rest["songs"]] == [
        song.title for song in search.search(Search(query="velvet signal", limit=3)).songs
    ]
    assert len(rest["songs"]) == 3
    assert (rest["model"], rest["stale"]) == ("1", False)
    query = f"query ($words: String!) {{ songs(query: $words, first: 3) {{ {LIST} }} }}"
    found = ask(client, query, words="velvet signal")["data"]["songs"]
    assert found == {**rest, "songs": [camel(song) for song in rest["songs"]]}


def test_recommendations_have_the_same_answer_over_rest_and_graphql(client: TestClient, search: SongSearch) -> None:
    wishes: dict[str, str | int] = {
        "limit": 5,
        "genre": "folk",
        "year_from": 1990,
        "sort": "popularity",
        "per_artist": 1,
    }
    rest = client.get("/recommendations", params=wishes).json()
    expected = search.recommend(Wishes.checked(wishes)).songs
    assert [song["id"] for song in rest["songs"]] == [song.id for song in expected]
    assert expected
    query = f"""{{ recommendations(wishes: {{limit: 5, genre: "folk", yearFrom: 1990, sort: POPULARITY, perArtist: 1}})
        {{ {LIST} }} }}"""
    assert ask(client, query)["data"]["recommendations"]["songs"] == [camel(song) for song in rest["songs"]]
    assert len(ask(client, "{ recommendations { songs { id } } }")["data"]["recommendations"]["songs"]) == 12


def test_a_songs_page_is_the_same_over_rest_and_graphql_and_asks_the_champion(
    client: TestClient, predictor: Predictor
) -> None:
    found = client.get("/recommendations", params={"limit": 1}).json()["songs"][0]
    page = client.get(f"/songs/{found['id']}").json()
    assert page["song"] == {name: value for name, value in found.items() if name in page["song"]}
    features = {name: page["song"][name] for name in page["explanation"]["contributions"]}
    assert page["explanation"] == client.post("/explain", json=features).json()
    query = f"""query ($id: String!) {{ song(id: $id) {{ song {{ {SONG} }} model stale catalogue
        explanation {{ prediction {{ probability model {{ version }} }} contributions {{ feature value }} }} }} }}"""
    same = ask(client, query, id=found["id"])["data"]["song"]
    assert same["song"] == camel(page["song"])
    assert same["explanation"]["prediction"]["probability"] == page["explanation"]["probability"]
    told = {item["feature"]: item["value"] for item in same["explanation"]["contributions"]}
    assert told == page["explanation"]["contributions"]


def test_every_answer_tells_that_another_champion_came(
    client: TestClient, registry: FakeRegistry, predictor: Predictor, graph: bytes
) -> None:
    known = client.get("/recommendations", params={"limit": 1}).json()["songs"][0]["id"]
    registry.register("2", graph)
    predictor.store.refresh(again=True)
    rest = [client.get(path).json() for path in ("/songs?query=velvet", f"/songs/{known}", "/recommendations")]
    origin = "{ catalogue model stale }"
    query = f'{{ songs(query: "velvet") {origin} song(id: "{known}") {origin} recommendations {origin} }}'
    for told in (*rest, *ask(client, query)["data"].values()):
        assert (told["catalogue"], told["model"], told["stale"]) == (rest[0]["catalogue"], "1", True)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/songs", ["query"]),
        ("/songs?query=", ["query"]),
        (f"/songs?query={'a' * 5_000}", ["query"]),
        ("/songs?query=a&limit=0", ["limit"]),
        ("/songs?query=a&limit=x", ["limit"]),
        ("/recommendations?limit=101&sort=best&year_from=1e9", ["limit", "year_from", "sort"]),
        ("/recommendations?popularity_from=nan", ["popularity_from"]),
        (f"/recommendations?genre={'a' * 101}", ["genre"]),
    ],
)
def test_a_question_that_breaks_a_rule_is_a_422_that_names_the_field(
    client: TestClient, path: str, fields: list[str]
) -> None:
    assert [
        error["field"] for error in check_problem(client.get(path), 422, path.partition("?")[0])["errors"]
    ] == fields


@pytest.mark.parametrize(
    "query",
    ["'", '"', "*", "NEAR(", "a AND", "-", "^a", "title:", "%00", "%F0%9F%98%80", "%ED%A0%80", "ß", "((", "a\\"],
)
def test_no_query_fails(client: TestClient, query: str) -> None:
    assert client.get(f"/songs?query={query}").status_code == 200
    assert client.get(f"/recommendations?genre={query}").status_code == 200
    assert client.get(f"/songs/{query.replace('%00', 'x')}").status_code == 404


def test_an_unknown_song_is_a_404_over_rest_and_has_its_code_in_graphql(client: TestClient) -> None:
    assert check_problem(client.get("/songs/nothing"), 404, "/songs/nothing")["code"] == "no_such_song"
    answer = ask(client, '{ song(id: "nothing") { model } }')
    assert code(answer) == "NOT_FOUND"
    assert answer["errors"][0]["extensions"]["reason"]["code"] == "no_such_song"


def test_graphql_names_the_field_at_fault(client: TestClient) -> None:
    answer = ask(
        client, '{ songs(query: "a", first: 1000) { model } recommendations(wishes: {perArtist: 0}) { model } }'
    )
    assert [error["extensions"]["errors"][0]["field"] for error in answer["errors"]] == ["limit", "per_artist"]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_ARGUMENT"}


def test_without_a_catalogue_it_says_so(rest: TestClient) -> None:
    for path in ("/songs?query=a", "/songs/a", "/recommendations"):
        assert check_problem(rest.get(path), 404, path.partition("?")[0])["code"] == "no_index_yet"


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # which Schemathesis does
@pytest.mark.parametrize("path", ["/songs", "/songs/{song_id}", "/recommendations"])
def test_no_question_is_too_strange(app: FastAPI, path: str) -> None:
    fuzz(app, path, "GET")
