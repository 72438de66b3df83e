import asyncio
import base64
import hashlib
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from graphql import build_schema, get_introspection_query, specified_scalar_types
from starlette.types import Message
from starlette.websockets import WebSocketDisconnect

from fastapi_app.graphql.router import ASSETS
from fastapi_app.graphql.schema import sdl
from local_stack.config import ROOT
from song_preference import errors, messages
from song_preference.clients import QUERY
from song_preference.errors import (
    BatchTooLarge,
    DiskFull,
    FieldProblem,
    Finding,
    InvalidDataset,
    InvalidSong,
    SongPreferenceError,
)
from song_preference.features import FEATURES, Song
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from tests.support.graphql import BATCH, INLINE, application, ask, code, requests
from tests.support.registry import FakeRegistry
from tests.support.songs import SONG

EXPLAIN = """query ($song: SongInput!) {
  explain(song: $song) { base prediction { label probability } contributions { feature value } }
}"""
MODEL = "{ model { name version alias threshold since stale refusal } }"
LEAK = "password=hunter2"
CODES = {
    "InvalidSong": "INVALID_FEATURE",
    "BatchTooLarge": "BATCH_TOO_LARGE",
    "ServiceBusy": "SERVICE_BUSY",
    "ModelNotReady": "MODEL_NOT_READY",
    "RegistryUnavailable": "REGISTRY_UNAVAILABLE",
    "NotManaged": "NOT_MANAGED",
    "DatasetNotFound": "DATASET_NOT_FOUND",
    "StorageUnavailable": "STORAGE_UNAVAILABLE",
    "DiskFull": "DISK_FULL",
    "RunNotFound": "RUN_NOT_FOUND",
    "PipelineUnavailable": "PIPELINE_UNAVAILABLE",
    "PipelineError": "PIPELINE_ERROR",
}
"""What callers rely on; every other error is internal."""

EVERY_ERROR = [
    InvalidSong([FieldProblem("energy", "too loud")]),
    BatchTooLarge(3, 2),
    InvalidDataset(Finding("energy", messages.Message("column_missing"), 1)),
    *(
        kind(LEAK)
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, SongPreferenceError)
        and kind not in {InvalidSong, BatchTooLarge, InvalidDataset}
    ),
]


@pytest.fixture
def app(predictor: Predictor) -> FastAPI:
    return application(predictor)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def explode(*_: object) -> None:
    raise RuntimeError(LEAK)


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


def test_a_song_may_stand_in_the_query(client: TestClient) -> None:
    inline = ask(client, f"{{ predict(song: {INLINE}) {{ probability }} }}")
    assert inline["data"]["predict"]["probability"] == ask(client, QUERY, song=SONG)["data"]["predict"]["probability"]


def test_a_query_may_come_by_get(client: TestClient) -> None:
    assert client.get("/graphql", params={"query": "{ model { version } }"}).json() == {
        "data": {"model": {"version": "1"}}
    }


@pytest.mark.parametrize("half", ["\\ud800", "x\\uDC00", b"\xed\xa0\x80"])
@pytest.mark.parametrize(
    "body",
    [
        '{"query": "query a { model { name } }", "operationName": "HALF"}',
        '{"query": "{ model { name } } # HALF"}',
        '{"query": "query ($v: String!) { dataset(version: $v) { version } }", "variables": {"v": "HALF"}}',
        '{"query": "{ model { name } }", "variables": {"HALF": 1}}',
        '{"query": "{ model { name } }", "extensions": {"HALF": "HALF"}}',
        '"HALF"',
    ],
)
def test_half_of_a_surrogate_pair_is_the_callers_error(client: TestClient, body: str, half: str | bytes) -> None:
    content = body.encode().replace(b"HALF", half.encode() if isinstance(half, str) else half)
    answer = client.post("/graphql", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert code(answer.json()) == "INVALID_QUERY"
    assert "valid Unicode" in answer.json()["errors"][0]["message"]


def test_a_whole_surrogate_pair_is_a_character(client: TestClient) -> None:
    content = '{"query": "{ model { name } } # \\ud83c\\udfb5"}'
    answer = client.post("/graphql", content=content, headers={"Content-Type": "application/json"})
    assert answer.json()["data"]["model"]["name"]


def test_an_answer_states_its_length_once(client: TestClient) -> None:
    answer = client.post("/graphql", json={"query": MODEL})
    assert answer.headers.get_list("content-length") == [str(len(answer.content))]


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
    with pytest.raises(errors.ModelRejected):
        store.refresh()
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


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_every_error_has_its_code_or_is_masked(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: SongPreferenceError
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Predictor, "predict_each", fail)
    answer = ask(client, QUERY, song=SONG)
    expected = CODES.get(type(error).__name__, "INTERNAL")
    assert code(answer) == expected
    is_masked = expected == "INTERNAL"
    assert (answer["errors"][0]["message"] == "The service failed: see its log for the reason.") is is_masked
    assert bool(caplog.records) is is_masked


def test_the_reason_is_data_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"directory": "/tmp", "free": 0.5, "total": 1.0}  # noqa: S108 - no file is written

    def fail(*_: object) -> None:
        raise DiskFull(messages.Message("disk_full", values))

    monkeypatch.setattr(Predictor, "predict_each", fail)
    (error,) = ask(client, QUERY, song=SONG)["errors"]
    assert error["extensions"] == {"code": "DISK_FULL", "reason": {"code": "disk_full", "params": values}}


def test_an_unexpected_error_reveals_nothing_but_is_logged(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Predictor, "predict_each", explode)
    answer = ask(client, QUERY, song=SONG)
    assert code(answer) == "INTERNAL"
    assert LEAK not in str(answer)
    assert LEAK in caplog.text


def test_an_error_outside_of_the_resolvers_is_masked_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("fastapi_app.graphql.limits.SizeRule.enter_document", explode)
    answer = ask(client, "{ model { version since } }")
    assert code(answer) == "INTERNAL"
    assert LEAK not in str(answer)
    assert LEAK in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\xfa",
        b'"query"',
        b"null",
        b"5",
        b"[]",
        b"[" * 100_000,
        b"1" * 5_000,
        b'{"query": 5}',
        b"{}",
    ],
    ids=range(11),
)
def test_a_body_that_is_no_request_is_rejected(client: TestClient, content: bytes) -> None:
    answer = client.post("/graphql", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert code(answer.json()) == "INVALID_QUERY"
    assert requests(client, "invalid", "client_error") == 1


@pytest.mark.parametrize("name", ["missing", ["a"], {"a": 1}])
def test_an_operation_that_is_not_there_is_rejected(client: TestClient, name: Any) -> None:
    answer = client.post("/graphql", json={"query": MODEL, "operationName": name})
    assert answer.status_code == 400
    assert code(answer.json()) == "INVALID_QUERY"


@pytest.mark.parametrize(
    ("query", "operation", "outcome"),
    [
        (MODEL, "model", "ok"),
        ("{ a: model { name } b: model { version } }", "model", "ok"),
        ("query ($song: SongInput!) { ...f } fragment f on Query { explain(song: $song) { base } }", "explain", "ok"),
        ("query ($song: SongInput!) { predict(song: $song) { label } ... { model { name } } }", "several", "ok"),
        ("{ __typename }", "introspection", "ok"),
        ("{ __schema { types { name } } }", "introspection", "ok"),
        ("{ ...f ...f } fragment f on Query { __typename model { name } }", "model", "ok"),
        ("{ predictBatch(songs: [{}]) { stale } }", "invalid", "client_error"),
        ("{ nothing }", "invalid", "client_error"),
        ("{", "invalid", "client_error"),
        (f"{{ predict(song: {INLINE.replace('0.5', '5')}) {{ label }} }}", "predict", "client_error"),
    ],
)
def test_requests_are_counted(client: TestClient, query: str, operation: str, outcome: str) -> None:
    ask(client, query, song=SONG)
    assert requests(client, operation, outcome) == 1


def test_the_operation_that_is_named_is_counted(client: TestClient) -> None:
    query = "query a { model { name } } query b ($song: SongInput!) { explain(song: $song) { base } }"
    client.post("/graphql", json={"query": query, "operationName": "b", "variables": {"song": SONG}})
    assert requests(client, "explain", "ok") == 1


def test_failures_are_counted_as_the_servers(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Predictor, "predict_each", explode)
    ask(client, QUERY, song=SONG)
    assert requests(client, "predict", "server_error") == 1


def test_a_client_that_hangs_up_leaves_no_traceback(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"100")],
    }
    arriving: list[Message] = [
        {"type": "http.request", "body": b'{"query": ', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return arriving.pop(0)

    async def send(_: Message) -> None:
        """Nobody listens."""

    with caplog.at_level(logging.INFO):
        asyncio.run(app(scope, receive, send))
    assert arriving == []
    assert caplog.records == []


def test_there_is_no_websocket(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/graphql", ["graphql-transport-ws"]):
        """Is never reached."""


def test_other_methods_are_rejected(client: TestClient) -> None:
    assert [client.request(method, "/graphql").status_code for method in ("PUT", "PATCH", "DELETE")] == [405] * 3


def test_graphiql_and_introspection_are_served_where_allowed(client: TestClient) -> None:
    page = client.get("/graphql", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "GraphiQL" in page.text
    assert "errors" not in ask(client, get_introspection_query(input_value_deprecation=True))
    assert "Did you mean" in str(ask(client, "{ modl { name } }"))


def test_graphiql_comes_from_this_service_alone(client: TestClient) -> None:
    page = client.get("/graphql", headers={"accept": "text/html"})
    assert "default-src 'self'" in page.headers["content-security-policy"]
    named = re.findall(r'(?:src|href)="(?!data:)([^"]+)"( integrity="sha384-([^"]+)")?', page.text)
    assert len(named) == len(ASSETS)
    for address, _, digest in named:
        asset = client.get(f"/{address}")
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["content-type"].startswith(("text/javascript", "text/css"))
        assert base64.b64encode(hashlib.sha384(asset.content).digest()).decode() == digest
    for other in ("index.html", "NOTICE", "..%2frouter.py"):
        assert client.get(f"/graphql/assets/{other}").status_code == 404


def test_nothing_reveals_the_schema_where_that_is_not_allowed(predictor: Predictor) -> None:
    with TestClient(application(predictor, ide=False)) as client:
        assert client.get("/graphql", headers={"accept": "text/html"}).status_code == 404
        assert client.get("/graphql/assets/page.js").status_code == 404
        assert code(ask(client, '{ __type(name: "Model") { name } }')) == "INVALID_QUERY"
        assert "Did you mean" not in str(ask(client, "{ modl { name } }"))
        assert ask(client, MODEL)["data"]["model"]["version"] == "1"


def test_the_committed_schema_is_up_to_date() -> None:
    assert (ROOT / "schema.graphql").read_text() == sdl(), "Write sdl() to schema.graphql."


def test_the_schema_describes_everything() -> None:
    types = [kind for name, kind in build_schema(sdl()).type_map.items() if not is_specified(name)]
    fields = [field for kind in types for field in getattr(kind, "fields", {}).values()]
    arguments = [argument for field in fields for argument in getattr(field, "args", {}).values()]
    assert len(types) == 19
    assert all(part.description for part in [*types, *fields, *arguments])


def is_specified(name: str) -> bool:
    return name.startswith("__") or name in specified_scalar_types


VERSIONS = "query ($first: Int! = 20) { modelVersions(first: $first) { version aliases datasetVersion rocAuc } }"


def test_versions_come_from_the_registry(client: TestClient, registry: FakeRegistry, graph: bytes) -> None:
    registry.register("2", graph)
    newest = {"version": "2", "aliases": ["champion"], "datasetVersion": "abc", "rocAuc": 0.88}
    assert ask(client, VERSIONS)["data"] == {"modelVersions": [newest, {**newest, "version": "1"}]}
    assert ask(client, VERSIONS, first=1)["data"] == {"modelVersions": [newest]}
    assert "must lie in [1, 100]" in ask(client, VERSIONS, first=101)["errors"][0]["message"]
    registry.is_down = True
    assert code(ask(client, VERSIONS)) == "REGISTRY_UNAVAILABLE"
