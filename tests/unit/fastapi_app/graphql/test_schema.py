import json
import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient
from graphql import build_schema, specified_scalar_types

from fastapi_app.graphql.schema import sdl
from song_preference import errors
from song_preference.clients import QUERY
from song_preference.features import FEATURES, Song
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from tests.support.graphql import BATCH, INLINE, MODEL, application, ask, code
from tests.support.registry import FakeRegistry
from tests.support.songs import SONG

EXPLAIN = """query ($song: SongInput!) {
  explain(song: $song) { base prediction { label probability } contributions { feature value } }
}"""
VERSIONS = "query ($first: Int! = 20) { modelVersions(first: $first) { version aliases datasetVersion rocAuc } }"


def test_a_song_is_predicted(client: TestClient, predictor: Predictor) -> None:
    answer = ask(client, QUERY, song=SONG)["data"]["predict"]
    expected = predictor.predict(Song.checked(SONG))
    assert (answer["label"], answer["probability"]) == (expected.label, expected.probability)
    assert answer["model"] == {
        "name": "spotify_model_prod",
        "version": "1",
        "alias": "champion",
        "dataset_version": None,
    }
    assert answer["stale"] is False


def test_songs_are_predicted_in_their_order_by_one_model(client: TestClient, predictor: Predictor) -> None:
    songs = [SONG, {**SONG, "danceability": 0.99}]
    batch = ask(client, BATCH, songs=songs)["data"]["predictBatch"]
    expected = [predictor.predict(Song.checked(song)) for song in songs]
    assert [(answer["label"], answer["liked"], answer["probability"]) for answer in batch["answers"]] == [
        (one.label, one.liked, one.probability) for one in expected
    ]
    assert (batch["threshold"], batch["stale"], batch["model"]) == (0.5, False, {"version": "1"})


def test_no_songs_have_no_answers(client: TestClient) -> None:
    assert ask(client, BATCH, songs=[])["data"]["predictBatch"]["answers"] == []


def test_a_whole_batch_fits_into_a_variable(client: TestClient, predictor: Predictor) -> None:
    songs = [SONG] * predictor.max_batch_size
    assert len(ask(client, BATCH, songs=songs)["data"]["predictBatch"]["answers"]) == predictor.max_batch_size


def test_several_batches_share_the_limit_of_a_request(store: ModelStore, predictor: Predictor) -> None:
    twice = """query ($songs: [SongInput!]!) {
      one: predictBatch(songs: $songs) { threshold } two: predictBatch(songs: $songs) { threshold }
    }"""
    with TestClient(application(Predictor(store, max_batch_size=3))) as client:
        answer = ask(client, twice, songs=[SONG] * 2)
        again = ask(client, twice, songs=[SONG])
    assert code(answer) == "BATCH_TOO_LARGE"
    assert answer["data"]["two"] is None
    assert "errors" not in again


def test_a_batch_that_is_too_large_is_rejected(store: ModelStore, predictor: Predictor) -> None:
    with TestClient(application(Predictor(store, max_batch_size=2))) as client:
        answer = ask(client, BATCH, songs=[SONG] * 3)
    assert code(answer) == "BATCH_TOO_LARGE"
    assert "at most 2" in answer["errors"][0]["message"]


def test_an_explanation_adds_up(client: TestClient) -> None:
    explanation = ask(client, EXPLAIN, song=SONG)["data"]["explain"]
    contributions = {item["feature"]: item["value"] for item in explanation["contributions"]}
    assert tuple(contributions) == FEATURES
    total = explanation["base"] + sum(contributions.values())
    assert total == pytest.approx(explanation["prediction"]["probability"], abs=1e-6)


def test_the_model_in_service_is_reported(client: TestClient, predictor: Predictor) -> None:
    model = ask(client, MODEL)["data"]["model"]
    assert model == {
        "name": "spotify_model_prod",
        "version": "1",
        "alias": "champion",
        "threshold": 0.5,
        "since": predictor.store.current().since.isoformat(),
        "stale": False,
        "refusal": None,
    }


def test_a_model_that_may_be_outdated_says_so(client: TestClient, registry: FakeRegistry, store: ModelStore) -> None:
    registry.is_down = True
    with pytest.raises(errors.RegistryUnavailable):
        store.refresh()
    assert ask(client, QUERY, song=SONG)["data"]["predict"]["stale"] is True
    assert ask(client, BATCH, songs=[SONG])["data"]["predictBatch"]["stale"] is True
    assert ask(client, MODEL)["data"]["model"]["stale"] is True


def test_a_rejected_champion_is_reported(client: TestClient, registry: FakeRegistry, store: ModelStore) -> None:
    registry.register("2", b"no graph")
    assert store.refresh() == "refused"
    model = ask(client, MODEL)["data"]["model"]
    assert model["version"] == "1"
    assert "version 2 is rejected" in model["refusal"]


@pytest.mark.parametrize(("query", "variables"), [(QUERY, {"song": SONG}), (EXPLAIN, {"song": SONG}), (MODEL, {})])
def test_without_a_champion_the_code_says_so(store: ModelStore, query: str, variables: dict[str, Any]) -> None:
    with TestClient(application(Predictor(store))) as client:
        assert code(ask(client, query, **variables)) == "MODEL_NOT_READY"


def test_an_error_of_one_field_leaves_the_others_their_answers(client: TestClient) -> None:
    bad = INLINE.replace("0.5", "5")
    answer = ask(client, f"{{ a: predict(song: {INLINE}) {{ label }} b: predict(song: {bad}) {{ label }} }}")
    assert answer["data"]["a"]["label"]
    assert answer["data"]["b"] is None
    assert answer["errors"][0]["path"] == ["b"]


def test_an_invalid_feature_is_named_and_leaves_no_traceback(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = ask(client, QUERY, song={**SONG, "energy": 1.5, "acousticness": -1})
    assert code(answer) == "INVALID_FEATURE"
    assert [item["field"] for item in answer["errors"][0]["extensions"]["errors"]] == ["energy", "acousticness"]
    assert all(item["problem"] for item in answer["errors"][0]["extensions"]["errors"])
    assert caplog.records == []


def test_an_invalid_song_of_a_batch_is_named(client: TestClient) -> None:
    answer = ask(client, BATCH, songs=[SONG, {**SONG, "energy": 1.5}])
    assert code(answer) == "INVALID_FEATURE"
    assert [item["field"] for item in answer["errors"][0]["extensions"]["errors"]] == ["songs.1.energy"]


def test_of_very_many_problems_the_first_are_reported(client: TestClient) -> None:
    answer = ask(client, BATCH, songs=[{**SONG, "energy": 2}] * 100)
    assert len(answer["errors"][0]["extensions"]["errors"]) == 20


@pytest.mark.parametrize("value", ["0.5", True, None, [0.5], {}, 10**400])
def test_what_is_no_number_is_rejected(client: TestClient, value: Any) -> None:
    assert code(ask(client, QUERY, song={**SONG, "energy": value})) == "INVALID_QUERY"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_rejected(client: TestClient, value: str) -> None:
    body = json.dumps({"query": QUERY, "variables": {"song": SONG}}).replace("0.521", value)
    answer = client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert code(answer.json()) == "INVALID_QUERY"


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ('"0.5"', "INVALID_QUERY"),
        ("true", "INVALID_QUERY"),
        ("NaN", "INVALID_QUERY"),
        ("null", "INVALID_QUERY"),
        ("1e999", "INVALID_FEATURE"),
        ("1.5", "INVALID_FEATURE"),
    ],
)
def test_what_is_no_feature_is_rejected_in_a_query_too(client: TestClient, literal: str, expected: str) -> None:
    song = INLINE.replace("0.521", literal)
    assert code(ask(client, f"{{ predict(song: {song}) {{ label }} }}")) == expected


def test_nothing_reveals_the_schema_where_that_is_not_allowed(predictor: Predictor) -> None:
    with TestClient(application(predictor, ide=False)) as client:
        assert client.get("/graphql", headers={"accept": "text/html"}).status_code == 404
        assert client.get("/graphql/assets/page.js").status_code == 404
        assert code(ask(client, '{ __type(name: "Model") { name } }')) == "INVALID_QUERY"
        assert "Did you mean" not in str(ask(client, "{ modl { name } }"))
        assert ask(client, MODEL)["data"]["model"]["version"] == "1"


def test_the_schema_describes_everything() -> None:
    types = [kind for name, kind in build_schema(sdl()).type_map.items() if not is_specified(name)]
    fields = [field for kind in types for field in getattr(kind, "fields", {}).values()]
    arguments = [argument for field in fields for argument in getattr(field, "args", {}).values()]
    assert len(types) == 25
    assert all(part.description for part in [*types, *fields, *arguments])


def is_specified(name: str) -> bool:
    return name.startswith("__") or name in specified_scalar_types


def test_versions_come_from_the_registry(client: TestClient, registry: FakeRegistry, graph: bytes) -> None:
    registry.register("2", graph)
    newest = {"version": "2", "aliases": ["champion"], "datasetVersion": "abc", "rocAuc": 0.88}
    assert ask(client, VERSIONS)["data"] == {"modelVersions": [newest, {**newest, "version": "1"}]}
    assert ask(client, VERSIONS, first=1)["data"] == {"modelVersions": [newest]}
    assert "must lie in [1, 100]" in ask(client, VERSIONS, first=101)["errors"][0]["message"]
    registry.is_down = True
    assert code(ask(client, VERSIONS)) == "REGISTRY_UNAVAILABLE"
