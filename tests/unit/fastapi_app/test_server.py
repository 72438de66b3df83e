import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import httpx
import psutil
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from fastapi_app.server import BODY_SECONDS, EXIT_SECONDS, HEADER_SECONDS, Server, configuration
from local_stack.config import ROOT
from song_preference.dataset import sample
from song_preference.prediction import ModelRef
from song_preference.serving.model_store import ModelCache
from tests.support.dashboard import ENVIRONMENT
from tests.support.ports import free_port
from tests.support.rest import LIVE, http_request
from tests.support.songs import SONG

LONGEST_STOP_SECONDS = 8
ROWS = 60_000
CSV = ",".join(SONG) + "\n" + (",".join(map(str, SONG.values())) + "\n") * ROWS

STUCK = """
import sys, threading
from fastapi import FastAPI
from fastapi_app.server import configuration, serve
app = FastAPI()
@app.get("/health/live")
def live() -> None: pass
@app.get("/stuck")
def stuck() -> None: threading.Event().wait()
serve(configuration(app, "127.0.0.1", int(sys.argv[-1])))
"""


@pytest.mark.parametrize(
    ("trusted", "client", "scheme"),
    [
        ("", "10.0.0.1", "http"),
        ("127.0.0.1", "10.0.0.1", "http"),
        ("10.0.0.0/8", "203.0.113.9", "https"),
        ("127.0.0.1,10.0.0.1", "203.0.113.9", "https"),
    ],
)
def test_only_proxies_of_the_settings_name_their_clients(
    monkeypatch: pytest.MonkeyPatch, trusted: str, client: str, scheme: str
) -> None:
    # uvicorn's own variable is ours: what counts is what the settings made of it.
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    seen: dict[str, Any] = {}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope)

    config = configuration(app, "127.0.0.1", 0, trusted)
    config.load()
    headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "client": ("10.0.0.1", 1), "scheme": "http", "headers": headers}
    asyncio.run(config.loaded_app(scope, AsyncMock(), AsyncMock()))
    assert (seen["client"][0], seen["scheme"]) == (client, scheme)


def test_the_bounds_are_those_that_are_documented() -> None:
    keep_alive = configuration(AsyncMock(), "127.0.0.1", 0).timeout_keep_alive
    assert (HEADER_SECONDS, BODY_SECONDS, keep_alive) == (10, 30, 75)


@contextmanager
def running(*command: str, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The process, once it listens on the port."""
    port, environment = free_port(), {**os.environ, **variables}
    with subprocess.Popen([sys.executable, *command, str(port)], cwd=ROOT, env=environment) as process:
        try:
            deadline = time.monotonic() + 60
            while not is_live(port):
                assert process.poll() is None
                assert time.monotonic() < deadline
                threading.Event().wait(0.05)
            yield process, port
        finally:
            process.kill()


def is_live(port: int) -> bool:
    try:
        with connected(port, LIVE) as sock:
            return sock.recv(15) == b"HTTP/1.1 200 OK"
    except ConnectionError:
        return False


def connected(port: int, content: bytes) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=60)
    sock.sendall(content)
    return sock


def keep_champion(graph: bytes, directory: Path) -> None:
    """Keep a model as a service that ran before would have."""
    name = ENVIRONMENT["MODEL_NAME"]
    ModelCache(directory, name, "champion").keep(ModelRef(name, "1", "champion"), graph)


def test_sigterm_answers_what_is_in_hand_and_leaves_the_rest(graph: bytes, tmp_path: Path) -> None:
    keep_champion(graph, tmp_path)
    own = {"MODEL_CACHE_DIR": str(tmp_path), "MAX_UPLOAD_BYTES": "200000000", "MANAGE_DATASETS": "false"}
    scored = http_request("/predict/csv", CSV.encode(), "Content-Type: text/csv")
    open_ends = [
        b"",
        LIVE,
        LIVE[:10],
        scored,
        scored[:1_000_000],
        http_request("/predict", b"{", "Content-Type: application/json", length=1_000),
        http_request("/predict/csv", b"--x", "Content-Type: multipart/form-data; boundary=x", length=10**9),
        http_request("/graphql", b"{", "Content-Type: application/json", length=1_000),
    ]
    with running("-m", "fastapi_app", "--port", **ENVIRONMENT | own) as (process, port):
        held = [connected(port, content) for content in open_ends for _ in range(3)]
        with connected(port, scored) as sock:
            answer = sock.recv(15)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            while chunk := sock.recv(1_000_000):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert answer.count(b"\n0.0444,") == ROWS
        assert answer.endswith(b"0\r\n\r\n")
        assert process.wait(LONGEST_STOP_SECONDS) == 0
        assert time.monotonic() - began < LONGEST_STOP_SECONDS
        for sock in held:
            sock.close()


def test_sigterm_leaves_a_thread_behind_that_does_not_end() -> None:
    with running("-c", STUCK) as (process, port), connected(port, LIVE.replace(b"/health/live", b"/stuck")):
        # Whatever comes later is begun later.
        assert is_live(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST_STOP_SECONDS) == 0


def test_a_server_that_ended_in_time_lets_its_process_go_on() -> None:
    server = Server(configuration(FastAPI(), "127.0.0.1", 0))
    server.should_exit = True
    server.run()
    assert server.started
    for timer in (thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)):
        timer.join(EXIT_SECONDS / 2)
        assert not timer.is_alive()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_service_at_once(stop: signal.Signals) -> None:
    with running("-c", STUCK) as (process, _):
        process.send_signal(stop)
        assert process.wait(LONGEST_STOP_SECONDS / 2) == 0


S3 = (
    *("MLFLOW_S3_ENDPOINT_URL", "MINIO_ACCESS_KEY", "MINIO_SECRET_ACCESS_KEY"),
    *("DATA_REPO_BUCKET_NAME", "MLFLOW_BUCKET_NAME"),
)
LINE_BYTES = 50_000_000
GROWTH_BYTES = 30_000_000
"""The line is read in pieces of 1 MB; the service and its readers grew by 823 MiB for one of 198 MB that they held."""


@pytest.mark.parametrize("path", ["/predict/csv", "/datasets/validate"])
def test_a_line_of_50_mb_is_held_in_no_process_of_the_service(graph: bytes, tmp_path: Path, path: str) -> None:
    own = dict.fromkeys(("MODEL_CACHE_DIR", "INCOMING_DIR"), str(tmp_path))
    own |= dict.fromkeys(("MAX_UPLOAD_BYTES", "MAX_DATASET_BYTES"), "200000000")
    own |= dict.fromkeys(S3, "http://127.0.0.1:9")
    keep_champion(graph, tmp_path)
    header, *songs = sample.csv().splitlines()

    def playlist(line_bytes: int) -> Iterator[bytes]:
        yield b"\n".join([header + b",title", *(song + b",a" for song in songs[1:]), songs[0] + b","])
        yield from itertools.repeat(b"x" * 1_000_000, line_bytes // 1_000_000)

    with running("-m", "fastapi_app", "--port", **ENVIRONMENT | own) as (process, port):

        def peak(line_bytes: int) -> int:
            url, headers = f"http://127.0.0.1:{port}{path}", {"Content-Type": "text/csv"}
            with ThreadPoolExecutor(1) as pool:
                sent = pool.submit(httpx.post, url, content=playlist(line_bytes), headers=headers, timeout=60)
                highest = 0
                # Measured now and then, so that the service has the processor.
                while wait([sent], timeout=0.02).not_done:
                    highest = max(highest, memory(psutil.Process(process.pid)))
            assert sent.result().status_code == 200
            assert ("250,000 characters" in sent.result().text) == bool(line_bytes)
            return highest

        # Of several, since a look now and then misses the highest of a short request.
        small = max(peak(0) for _ in range(5))
        assert peak(LINE_BYTES) - small < GROWTH_BYTES


def memory(process: psutil.Process) -> int:
    """Return the resident bytes of a process and those that it started."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total
