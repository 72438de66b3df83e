"""On a real server and real sockets, with bounds that are short enough to wait for."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from httpx2 import Client
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from fastapi_app import server as server_module
from fastapi_app.server import configuration
from tests.support.rest import API_KEY, LIVE, http_request
from tests.support.songs import SONG
from tests.support.waiting import wait_for

HEADER, BODY, UNREAD, KEEP_ALIVE = 0.5, 1, 1, 2
LONGEST = 10
"""How long any of them may take on a busy machine."""

SONG_BYTES = json.dumps(SONG).encode()
Connect = Callable[[bytes], socket.socket]


PREDICT = http_request("/predict", SONG_BYTES, "Content-Type: application/json")


@pytest.fixture
def server(managed_app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    for name, seconds in (("HEADER", HEADER), ("BODY", BODY), ("UNREAD", UNREAD)):
        monkeypatch.setattr(server_module, f"{name}_SECONDS", seconds)

    @managed_app.get("/endless")
    def endless() -> StreamingResponse:
        return StreamingResponse(iter(lambda: b"x" * 65_536, b""))

    @managed_app.get("/large")
    async def large() -> str:
        return "x" * 20_000_000

    @managed_app.post("/late")
    async def late(request: Request) -> int:
        await asyncio.sleep(1.9 * BODY)
        return len(await request.body())

    config = configuration(managed_app, "127.0.0.1", 0)
    config.timeout_keep_alive = KEEP_ALIVE
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started, "the server")
    yield server
    server.should_exit = True
    thread.join()


@pytest.fixture
def port(server: uvicorn.Server) -> int:
    found: int = server.servers[0].sockets[0].getsockname()[1]
    return found


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    opened = []

    def connected(content: bytes) -> socket.socket:
        sock = socket.socket()
        opened.append(sock)
        # A small buffer, so that answers which nobody reads soon fill it.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.settimeout(LONGEST)
        sock.connect(("127.0.0.1", port))
        sock.sendall(content)
        return sock

    yield connected
    for sock in opened:
        sock.close()


def rest_of(sock: socket.socket) -> bytes:
    """All that comes until the service closes the connection; raises `TimeoutError` where it does not."""
    received = b""
    while chunk := sock.recv(1_000_000):
        received += chunk
    return received


def keep_sending(sock: socket.socket, piece: bytes) -> None:
    """Raises `ConnectionError` once the service has closed the connection."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        sock.sendall(piece)
        threading.Event().wait(0.02)


def check_timed_out(answer: bytes, part: str, path: str) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert lines[0] == b"http/1.1 408 request timeout"
    assert {b"connection: close", b"content-type: application/problem+json"} <= set(lines)
    problem = json.loads(body)
    assert (problem["status"], problem["instance"]) == (408, path)
    assert problem["detail"].startswith(f"The {part} of the request did not arrive within")
    assert f"x-request-id: {problem['request_id']}".encode() in lines


@pytest.mark.parametrize("content", [b"P", PREDICT[:30], PREDICT.partition(b"\r\n\r\n")[0]])
def test_a_header_that_does_not_come_is_answered_and_ends_the_connection(connect: Connect, content: bytes) -> None:
    check_timed_out(rest_of(connect(content)), "header", "")


def test_a_header_that_comes_byte_by_byte_is_no_better(connect: Connect) -> None:
    with pytest.raises(ConnectionError):
        keep_sending(connect(b"G"), b"G")


def test_a_connection_without_a_byte_ends_in_silence(connect: Connect) -> None:
    assert rest_of(connect(b"")) == b""


JSON, CSV, FORM = "application/json", "text/csv", "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((path, JSON) for path in ("/predict", "/predict/batch", "/explain", "/graphql", "/pipeline/runs")),
        *((path, kind) for path in ("/predict/csv", "/datasets", "/datasets/validate") for kind in (CSV, FORM)),
    ],
)
def test_a_body_that_does_not_come_is_answered_and_ends_the_connection(connect: Connect, path: str, kind: str) -> None:
    content = http_request(path, b"-", f"Content-Type: {kind}", f"X-API-Key: {API_KEY}", length=10**9)
    check_timed_out(rest_of(connect(content)), "body", path)


def test_a_body_may_take_its_time_as_long_as_it_comes(connect: Connect) -> None:
    header, _, body = PREDICT.partition(b"\r\n\r\n")
    sock, began = connect(header + b"\r\n\r\n"), time.monotonic()
    for at in range(0, len(body), 10):
        sock.sendall(body[at : at + 10])
        threading.Event().wait(BODY / 5)
    assert time.monotonic() - began > BODY
    assert sock.recv(1_000).startswith(b"HTTP/1.1 200")


def test_a_pause_of_the_service_is_not_the_callers_silence(connect: Connect) -> None:
    # With the last byte but one, uvicorn has more than it takes before the application asks for it.
    body = b"x" * (HIGH_WATER_LIMIT + 2)
    sock = connect(http_request("/late", body[:-1], length=len(body)))
    threading.Event().wait(2.4 * BODY)
    sock.sendall(body[-1:])
    assert sock.recv(1_000).startswith(b"HTTP/1.1 200")


def test_requests_follow_each_other_on_one_connection_that_then_ends_in_silence(connect: Connect) -> None:
    sock = connect(b"")
    for content in (PREDICT, LIVE, PREDICT):
        sock.sendall(content)
        assert sock.recv(10_000).startswith(b"HTTP/1.1 200")
        threading.Event().wait(HEADER * 1.2)
    assert rest_of(sock) == b""


def test_a_second_request_that_only_begins_is_answered_too(connect: Connect) -> None:
    sock = connect(LIVE)
    assert sock.recv(10_000).startswith(b"HTTP/1.1 200")
    sock.sendall(LIVE[:10])
    check_timed_out(rest_of(sock), "header", "")


def test_the_rest_of_a_body_that_was_rejected_is_not_awaited(connect: Connect) -> None:
    sock = connect(http_request("/no-such-path", b"x", length=10**9))
    assert sock.recv(10_000).startswith(b"HTTP/1.1 404")
    with pytest.raises(ConnectionError):
        keep_sending(sock, b"x")


@pytest.mark.parametrize("path", ["/endless", "/large"])
@pytest.mark.parametrize("header", ["Connection: close", "Connection: keep-alive"])
def test_an_answer_that_nobody_reads_ends_the_connection(
    connect: Connect, server: uvicorn.Server, path: str, header: str
) -> None:
    sock = connect(f"GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
    assert sock.recv(10).startswith(b"HTTP/1.1 2")
    assert server.server_state.connections
    wait_for(lambda: not server.server_state.connections, "the end of the connection", LONGEST)


@pytest.mark.parametrize("header", ["Connection: close", "Connection: keep-alive"])
def test_an_answer_may_be_read_slowly(connect: Connect, header: str) -> None:
    sock, began = connect(f"GET /large HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode()), time.monotonic()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
    received = 0
    while time.monotonic() - began < 3 * UNREAD:
        received += len(sock.recv(200_000))
        threading.Event().wait(0.05)
    assert received < 15_000_000
    while received < 20_000_000:
        chunk = sock.recv(1_000_000)
        assert chunk
        received += len(chunk)


def test_many_who_say_nothing_keep_nobody_waiting(connect: Connect, port: int) -> None:
    halves = [b"", b"GET", http_request("/predict", b"{", "Content-Type: application/json", length=10**9)]
    for content in halves * 100:
        connect(content)
    with Client() as http:
        for _ in range(20):
            assert http.post(f"http://127.0.0.1:{port}/predict", json=SONG).status_code == 200
