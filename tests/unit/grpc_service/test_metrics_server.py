"""The port of the metrics, with clients that connect and then send little or nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from grpc_service import metrics_server
from grpc_service.metrics_server import MAX_CONNECTIONS, exposed
from song_preference.tls import client_tls, server_tls, verification
from tests.support.grpc_calls import TIMEOUT_SECONDS
from tests.support.ports import free_port
from tests.support.tls import issue
from tests.support.waiting import wait_for

STARTS = (b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: a\r\n")


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Gauge("songs", "Songs.", registry=registry).set(7)
    return registry


@pytest.fixture(params=["HTTP", "HTTPS"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The files of TLS with which the metrics are served, and read."""
    return issue(tmp_path) if request.param == "HTTPS" else {}


@pytest.fixture
def port(registry: CollectorRegistry, files: dict[str, str]) -> Iterator[int]:
    port = free_port()
    with exposed(registry, "127.0.0.1", port, server_tls(files)):
        yield port


def connected(port: int, start: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
    client.sendall(start)
    return client


def metrics(port: int, files: dict[str, str]) -> str:
    tls = client_tls(files)
    url = f"http{'s' if tls else ''}://127.0.0.1:{port}/metrics"
    return httpx.get(url, timeout=TIMEOUT_SECONDS, verify=verification(tls)).raise_for_status().text


def test_slow_clients_hold_few_threads_and_keep_nobody_from_the_metrics(port: int, files: dict[str, str]) -> None:
    before = threading.active_count()
    with ExitStack() as stack:
        held = [stack.enter_context(connected(port, STARTS[at % 3])) for at in range(3 * MAX_CONNECTIONS)]
        assert "songs 7.0" in metrics(port, files)
        # The oldest were closed for those that came later.
        assert [client.recv(1) for client in held[: 2 * MAX_CONNECTIONS]] == [b""] * 2 * MAX_CONNECTIONS
        wait_for(lambda: threading.active_count() <= before + MAX_CONNECTIONS, "the end of their threads")
        assert "songs 7.0" in metrics(port, files)


@pytest.mark.parametrize("start", STARTS)
def test_a_client_that_pauses_is_closed_without_a_traceback(
    port: int, start: bytes, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert metrics_server._Handler.timeout == metrics_server.PAUSE_SECONDS == 10
    monkeypatch.setattr(metrics_server._Handler, "timeout", 0.05)
    with connected(port, start) as client:
        assert client.recv(1) == b""
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("files", ["HTTPS"], indirect=True)
def test_with_a_ca_of_clients_the_metrics_need_a_certificate(port: int, files: dict[str, str]) -> None:
    with pytest.raises(httpx.TransportError):
        metrics(port, {"TLS_CA_FILE": files["TLS_CA_FILE"]})
    with pytest.raises(httpx.TransportError):
        metrics(port, {})
    assert "songs 7.0" in metrics(port, files)
