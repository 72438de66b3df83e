"""The port of the metrics, with clients that connect and then send little or nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Gauge

from grpc_service import metrics_server
from grpc_service.metrics_server import MAX_CONNECTIONS, exposed
from tests.support.grpc_calls import TIMEOUT_SECONDS
from tests.support.ports import free_port
from tests.support.waiting import wait_for

STARTS = (b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: a\r\n")


@pytest.fixture
def port() -> Iterator[int]:
    registry, port = CollectorRegistry(), free_port()
    Gauge("songs", "Songs.", registry=registry).set(7)
    with exposed(registry, "127.0.0.1", port):
        yield port


def connected(port: int, start: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
    client.sendall(start)
    return client


def metrics(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=TIMEOUT_SECONDS) as shown:
        return str(shown.read().decode())


def test_slow_clients_hold_few_threads_and_keep_nobody_from_the_metrics(port: int) -> None:
    before = threading.active_count()
    with ExitStack() as stack:
        held = [stack.enter_context(connected(port, STARTS[at % 3])) for at in range(3 * MAX_CONNECTIONS)]
        assert "songs 7.0" in metrics(port)
        # The oldest were closed for those that came later.
        assert [client.recv(1) for client in held[: 2 * MAX_CONNECTIONS]] == [b""] * 2 * MAX_CONNECTIONS
        wait_for(lambda: threading.active_count() <= before + MAX_CONNECTIONS, "the end of their threads")
        assert "songs 7.0" in metrics(port)


@pytest.mark.parametrize("start", STARTS)
def test_a_client_that_pauses_is_closed_without_a_traceback(
    port: int, start: bytes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert metrics_server._Handler.timeout == metrics_server.PAUSE_SECONDS == 10
    monkeypatch.setattr(metrics_server._Handler, "timeout", 0.05)
    with connected(port, start) as client:
        assert client.recv(1) == b""
    assert capfd.readouterr().err == ""
