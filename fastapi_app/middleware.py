"""The middleware around every request: request id, limit of the body, metrics, and an answer to unexpected errors."""

import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastapi_app.errors import FAILED, problem
from song_preference import logs
from song_preference.serving.metrics import Metrics

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 8_000_000
"""800 for each song of a batch of 10,000; four features need 80, but a song may have other keys."""

CSV_PATH = "/predict/csv"
UPLOAD_PATHS = {CSV_PATH, "/datasets", "/datasets/validate", "/catalogue"}
"""Paths that write their upload to a file, with limits of their own."""

UNCOUNTED = re.compile(r"/(health|v2/health|ping|metrics|graphql)(/|$)|/v2/models/.*/ready$")
"""Paths that are not counted: probes would drown the rest, and GraphQL counts its own requests."""

ENCODED = "Content-Encoding must be left out: send the body uncompressed."
CLIENT_CLOSED_REQUEST = 499
ID_HEADER = logs.REQUEST_ID.encode()


class RequestMiddleware:
    """A plain ASGI middleware, since Starlette's BaseHTTPMiddleware costs more than a prediction."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer an unexpected error, or re-raise it after the answer began, to cut that off."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, headers = perf_counter(), dict(scope["headers"])
        identifier = logs.accepted_id(headers.get(ID_HEADER, b"").decode("latin-1"))
        logs.request_id.set(identifier)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((ID_HEADER, identifier.encode()))
            await send(message)

        path: str = scope["path"]
        if path not in UPLOAD_PATHS and not _is_short(headers):
            receive = limited(receive, MAX_BODY_BYTES, _too_large)
        try:
            if path not in UPLOAD_PATHS and headers.get(b"content-encoding", b"identity") != b"identity":
                await problem(path, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, ENCODED)(scope, receive, send_with_id)
                return
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = CLIENT_CLOSED_REQUEST
        except Exception:
            if status:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                raise
            log.exception("Unexpected error")
            await problem(path, HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)(scope, receive, send_with_id)
        finally:
            if not UNCOUNTED.match(path):
                self._metrics.request("rest", _operation(scope), _outcome(status), perf_counter() - started)


def limited(receive: Receive, max_bytes: int, error: Callable[[], Exception]) -> Receive:
    """Return a `receive` that raises `error()` after `max_bytes` of the body, whatever Content-Length says."""
    count = 0

    async def receive_limited() -> Message:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > max_bytes:
            raise error()
        return message

    return receive_limited


def _is_short(headers: dict[bytes, bytes]) -> bool:
    """Return whether Content-Length, which the server enforces, is within the limit."""
    length = headers.get(b"content-length", b"")
    return length.isdigit() and int(length) <= MAX_BODY_BYTES and b"transfer-encoding" not in headers


def _too_large() -> HTTPException:
    detail = f"The body has more than {MAX_BODY_BYTES} bytes: send fewer songs at once, or a file to {CSV_PATH}."
    # The only kind of exception that FastAPI lets through while it reads a body.
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def _operation(scope: Scope) -> str:
    route = scope.get("route")
    return getattr(route, "operation_id", None) or getattr(route, "name", None) or "unknown"


def _outcome(status: int) -> str:
    if status < HTTPStatus.BAD_REQUEST:
        return "ok"
    return "client_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
