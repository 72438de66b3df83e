"""REST requests and what tests check of each answer."""

import threading
from http import HTTPStatus
from typing import Any

import schemathesis
from fastapi import FastAPI
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

API_KEY = "sésame"
KEY = {b"X-API-Key": API_KEY.encode()}
"""The header, in UTF-8 as curl sends it."""

PAGE = "https://page.example"
MAX_DATASET_BYTES = 300_000
MAX_BATCH_SIZE = 50
MAX_UPLOAD_BYTES = 3_000_000
KEYED = {"X-API-Key": API_KEY.encode().decode("latin-1")}
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


def http_request(path: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Return the bytes of a POST request."""
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Threads:
    """Notes which thread each answer was made in."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def predicted(self, *_: object, **__: object) -> None:
        self.seen.append(threading.get_ident())


def check_problem(response: Response, status: int, path: str = "/predict") -> dict[str, Any]:
    """The problem, which is whole."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    body: dict[str, Any] = response.json()
    assert (body["type"], body["title"]) == ("about:blank", HTTPStatus(status).phrase)
    assert (body["status"], body["instance"]) == (status, path)
    assert body["request_id"] == response.headers["x-request-id"]
    assert set(body) - {"errors", "code", "params"} == {"type", "title", "status", "detail", "instance", "request_id"}
    return body


def fuzz(app: FastAPI, path: str, method: str) -> None:
    operation = schemathesis.openapi.from_asgi("/openapi.json", app)[path][method]

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=[not_a_server_error], headers=KEYED)

    ask()
