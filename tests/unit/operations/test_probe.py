import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from operations.probe import problem


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b'{"scheduler": {"status": "unhealthy"}}')

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_answer_is_enough_where_nothing_is_expected(url: str) -> None:
    assert problem(url) is None


@pytest.mark.parametrize(
    ("expectation", "wrong"),
    [
        ("scheduler.status=healthy", "scheduler.status is unhealthy, not healthy"),
        ("triggerer.status=healthy", "triggerer.status is missing"),
    ],
)
def test_the_body_is_read_where_the_status_would_lie(url: str, expectation: str, wrong: str) -> None:
    assert problem(url, expectation) == wrong


def test_what_was_expected_is_no_problem(url: str) -> None:
    assert problem(url, "scheduler.status=unhealthy") is None


def test_an_error_status_is_a_problem(url: str) -> None:
    assert problem(f"{url}/broken") == f"{url}/broken answers 503 Service Unavailable"


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "grpc://127.0.0.1:9"])
def test_silence_is_a_problem(address: str) -> None:
    assert "does not answer" in str(problem(address))
