import asyncio
import base64
import hashlib
import logging
import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from graphql import get_introspection_query
from starlette.types import Message
from starlette.websockets import WebSocketDisconnect

from fastapi_app.graphql.router import ASSETS
from song_preference.clients import QUERY
from tests.support.graphql import INLINE, MODEL, ask, code, requests
from tests.support.songs import SONG


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
