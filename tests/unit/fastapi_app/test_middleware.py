import asyncio

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from fastapi_app.middleware import RequestMiddleware
from song_preference import logs
from song_preference.serving.metrics import Metrics
from song_preference.serving.model_store import ModelStore
from tests.support.songs import SONG


@pytest.mark.parametrize("given", ["a", "Z" * 64, "2026-11-25_req.7"])
@pytest.mark.parametrize("path", ["/health/live", "/no-such-path", "/docs", "/metrics"])
def test_a_request_keeps_its_id(rest: TestClient, path: str, given: str) -> None:
    assert rest.get(path, headers={"X-Request-ID": given}).headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", [None, "", "Z" * 65, "a b", "a\tb", "<script>", "é".encode()])
def test_a_request_without_a_good_id_gets_one(rest: TestClient, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given}
    first, second = (rest.post("/predict", json=SONG, headers=headers).headers["x-request-id"] for _ in range(2))
    assert first != second
    assert len(first) == len(second) == 32
    assert int(first, 16)


def test_code_of_a_request_logs_under_its_id(rest_app: FastAPI) -> None:
    seen = []

    @rest_app.get("/in-a-thread")
    def look() -> None:
        seen.append(logs.request_id.get())

    @rest_app.get("/in-the-loop")
    async def look_too() -> None:
        seen.append(logs.request_id.get())

    client = TestClient(rest_app)
    for path in ("/in-a-thread", "/in-the-loop"):
        client.get(path, headers={"X-Request-ID": path[1:]})
    assert seen == ["in-a-thread", "in-the-loop"]


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    """Fails after its answer has begun."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("boom")


async def receive() -> Message:
    return {"type": "http.request"}


async def send(message: Message) -> None:
    pass


async def hanging_up(scope: Scope, receive: Receive, send: Send) -> None:
    """Finds its caller gone."""
    raise ClientDisconnect


def test_a_caller_that_hangs_up_is_no_failure(store: ModelStore, caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics(store)
    asyncio.run(RequestMiddleware(hanging_up, metrics)({"type": "http", "path": "/", "headers": []}, receive, send))
    labels = {"protocol": "rest", "operation": "unknown", "outcome": "client_error"}
    assert metrics.registry.get_sample_value("song_preference_requests_total", labels) == 1
    assert not caplog.records


def test_an_answer_that_has_begun_is_cut_off(store: ModelStore) -> None:
    metrics = Metrics(store)
    with pytest.raises(RuntimeError):
        asyncio.run(RequestMiddleware(broken, metrics)({"type": "http", "path": "/", "headers": []}, receive, send))
    labels = {"protocol": "rest", "operation": "unknown", "outcome": "server_error"}
    assert metrics.registry.get_sample_value("song_preference_requests_total", labels) == 1
