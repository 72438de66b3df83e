"""Around every request: its id, its bounds, its measure, and an answer where the code fails."""

import logging
from http import HTTPStatus
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastapi_app.bounds import bounded
from fastapi_app.errors import FAILED, problem
from song_preference import logs
from song_preference.serving.metrics import Metrics

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 8_000_000
"""800 for each song of a batch of 10,000, though 80 would do: a row of a playlist has many other columns."""

CSV_PATH = "/predict/csv"
UPLOAD_PATHS = {CSV_PATH, "/datasets", "/datasets/validate"}
"""They read their upload to a file, within bounds of their own."""

UNCOUNTED = ("/health/", "/metrics", "/graphql")
"""Probes, which would drown the rest, and GraphQL, which counts its own."""

CLIENT_CLOSED_REQUEST = 499
ID_HEADER = logs.REQUEST_ID.encode()


class RequestMiddleware:
    """Plain ASGI, since Starlette's BaseHTTPMiddleware costs more than a prediction."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; only an answer that has begun lets an error through, so that the server cuts it off."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, headers = perf_counter(), dict(scope["headers"])
        identifier = logs.accepted_id(headers.get(ID_HEADER, b"").decode("latin-1"))
        logs.request_id.set(identifier)
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((ID_HEADER, identifier.encode()))
            await send(message)

        path: str = scope["path"]
        if path not in UPLOAD_PATHS and not _is_short(headers):
            receive = bounded(receive, MAX_BODY_BYTES, _too_large)
        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = CLIENT_CLOSED_REQUEST
        except Exception:
            if status:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                raise
            log.exception("Unexpected error")
            await problem(path, HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)(scope, receive, sending)
        finally:
            if not path.startswith(UNCOUNTED):
                self._metrics.request("rest", _operation(scope), _outcome(status), perf_counter() - started)


def _is_short(headers: dict[bytes, bytes]) -> bool:
    """Whether the body is announced as a small one, which the server then holds it to."""
    length = headers.get(b"content-length", b"")
    return length.isdigit() and int(length) <= MAX_BODY_BYTES and b"transfer-encoding" not in headers


def _too_large() -> HTTPException:
    detail = f"The body has more than {MAX_BODY_BYTES} bytes: send fewer songs at once, or a file to {CSV_PATH}."
    # The one kind of exception that FastAPI lets through while it reads a body.
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def _operation(scope: Scope) -> str:
    route = scope.get("route")
    return getattr(route, "operation_id", None) or getattr(route, "name", None) or "unknown"


def _outcome(status: int) -> str:
    if status < HTTPStatus.BAD_REQUEST:
        return "ok"
    return "client_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
