"""Runs the application in uvicorn, with timeouts for slow clients, and stops it in time."""

import signal
import socket
import sys
from asyncio import TimerHandle, Transport, get_running_loop
from http import HTTPStatus

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fastapi_app.errors import problem
from song_preference import logs
from song_preference.process import exempt_from_collection, exit_after
from song_preference.tls import Tls

HEADER_SECONDS = 10
"""Longest time for a whole header, from the start of the connection or the first byte of a later request."""

BODY_SECONDS = 30
"""Longest pause within a body."""

UNREAD_SECONDS = 60
"""Longest time in which a client reads nothing of a response that is buffered here."""

KEEP_ALIVE_SECONDS = 75
"""Longest time until the next request; longer than that of usual clients and proxies, so that they close first."""

GRACE_SECONDS = 5
"""Time after SIGTERM for requests that are being answered or received."""


class _Flow(FlowControl):
    """A flow control that records when reading was resumed."""

    resumed_at = 0.0

    @override
    def resume_reading(self) -> None:
        if self.read_paused:
            self.resumed_at = get_running_loop().time()
        super().resume_reading()


class TimedProtocol(HttpToolsProtocol):
    """Closes connections whose clients are too slow.

    uvicorn has no public hook below its protocols, and ASGI sees a request only once its header is complete. The
    attributes of `HttpToolsProtocol` that this class uses are undocumented: `test_server_connections.py` fails if they
    change.
    """

    flow: _Flow
    _deadline: TimerHandle | None = None
    _unread: TimerHandle | None = None
    _received_at = 0.0

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._start_receive_timeout(HEADER_SECONDS)

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._received_at = self.loop.time()
        if self._deadline is None:
            if self._is_between_requests():
                self._start_receive_timeout(HEADER_SECONDS)
            elif self.cycle.more_body:
                self._start_receive_timeout(BODY_SECONDS)

    @override
    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._stop_receive_timeout()

    @override
    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stop_receive_timeout()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_read_timeout()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_read_timeout()

    @override
    def timeout_keep_alive_handler(self) -> None:
        self._close()

    @override
    def shutdown(self) -> None:
        super().shutdown()
        # The request then sees a disconnected client and ends without an error.
        self.loop.call_later(GRACE_SECONDS, self.transport.abort)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_receive_timeout()
        self._stop_read_timeout()

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_receive_timeout(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._check_received)

    def _stop_receive_timeout(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _check_received(self) -> None:
        self._deadline = None
        if self._is_between_requests():
            has_started = self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)
            self._time_out("header", HEADER_SECONDS, can_answer=has_started)
            return
        # While reading is paused, the client is waiting for the service.
        silent_seconds = 0 if self.flow.read_paused else self.loop.time() - max(self._received_at, self.flow.resumed_at)
        if silent_seconds < BODY_SECONDS:
            self._start_receive_timeout(BODY_SECONDS - silent_seconds)
        else:
            self._time_out("body", BODY_SECONDS, can_answer=not self.cycle.response_started)

    def _time_out(self, part: str, seconds: int, *, can_answer: bool) -> None:
        if can_answer:
            self.transport.write(_timeout_response(self.scope.get("path", ""), part, seconds))
        self._close()

    def _close(self) -> None:
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._start_read_timeout()

    def _start_read_timeout(self) -> None:
        self._stop_read_timeout()
        unread = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self._check_read, unread)

    def _stop_read_timeout(self) -> None:
        if self._unread is not None:
            self._unread.cancel()

    def _check_read(self, unread_before: int) -> None:
        if self.transport.get_write_buffer_size() < unread_before:
            self._start_read_timeout()
        else:
            self.transport.abort()


def _timeout_response(path: str, part: str, seconds: int) -> bytes:
    """Return the bytes of a response, since there is no ASGI request yet that could be answered."""
    logs.request_id.set(logs.accepted_id(""))
    detail = f"The {part} of the request did not arrive within {seconds} seconds: send it again, without pauses."
    status = HTTPStatus.REQUEST_TIMEOUT
    answer = problem(path, status, detail, headers={"Connection": "close", logs.REQUEST_ID: logs.request_id.get()})
    headers = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), headers, bytes(answer.body))


EXIT_SECONDS = GRACE_SECONDS + 1
"""Time from SIGTERM until the process exits, even if threads still run, for which Python would wait."""


class Server(uvicorn.Server):
    """A uvicorn server that ends the process in time, even if threads still run."""

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        exit_timer = exit_after(EXIT_SECONDS)
        try:
            await super().shutdown(sockets)
        finally:
            exit_timer.cancel()


def configuration(
    app: ASGIApp, host: str, port: int, trusted_proxies: str = "", tls: Tls | None = None
) -> uvicorn.Config:
    """Return uvicorn's configuration; `trusted_proxies` are comma-separated addresses that may set X-Forwarded-For."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=TimedProtocol,
        log_config=None,
        access_log=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_context_factory=(lambda *_: tls.context) if tls else None,
    )


def serve(config: uvicorn.Config) -> None:
    """Serve until SIGTERM or SIGINT, and exit with status 0."""
    # uvicorn raises the signal again at its end, which by default makes the exit status 143.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    exempt_from_collection()
    Server(config).run()
