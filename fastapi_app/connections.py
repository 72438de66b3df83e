"""uvicorn's protocol with bounds on how long a connection may keep the service waiting."""

from asyncio import TimerHandle, Transport, get_running_loop
from http import HTTPStatus

from typing_extensions import override
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fastapi_app.errors import problem
from song_preference import logs

HEADER_SECONDS = 10
"""Time for a whole header, from the start of the connection or the first byte of a later request."""

BODY_SECONDS = 30
"""Longest time without a byte of an unfinished body."""

UNREAD_SECONDS = 60
"""Longest time in which a reader takes nothing of what lies ready, which is more than 64 KiB or all that is left."""

KEEP_ALIVE_SECONDS = 75
"""Time until the next request: longer than usual clients and proxies keep a connection, so that they close it first."""

GRACE_SECONDS = 5
"""Time after SIGTERM for requests in hand, and for those whose bodies are on their way."""


class _Flow(FlowControl):
    """Notes when reading began again."""

    resumed_at = 0.0

    @override
    def resume_reading(self) -> None:
        if self.read_paused:
            self.resumed_at = get_running_loop().time()
        super().resume_reading()


class TimedProtocol(HttpToolsProtocol):
    """Ends connections that keep the server waiting.

    uvicorn publishes no hook below its protocols, and ASGI shows a request only once its header is whole. What is used
    here of `HttpToolsProtocol` is not documented: `tests/unit/fastapi_app/test_connections.py` fails where it changes.
    """

    flow: _Flow
    _deadline: TimerHandle | None = None
    _unread: TimerHandle | None = None
    _heard_at = 0.0

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._await_more(HEADER_SECONDS)

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._heard_at = self.loop.time()
        if self._deadline is None:
            if self._is_between_requests():
                self._await_more(HEADER_SECONDS)
            elif self.cycle.more_body:
                self._await_more(BODY_SECONDS)

    @override
    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._stop_waiting()

    @override
    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stop_waiting()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_awaiting_reader()

    @override
    def timeout_keep_alive_handler(self) -> None:
        self._close()

    @override
    def shutdown(self) -> None:
        super().shutdown()
        # Its request sees that the caller is gone, and ends without an error.
        self.loop.call_later(GRACE_SECONDS, self.transport.abort)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()
        self._stop_awaiting_reader()

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_more(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._check)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _check(self) -> None:
        self._deadline = None
        if self._is_between_requests():
            has_begun = self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)
            self._give_up("header", HEADER_SECONDS, can_answer=has_begun)
            return
        # While reading is paused, it is the service that lets the caller wait.
        silent = 0 if self.flow.read_paused else self.loop.time() - max(self._heard_at, self.flow.resumed_at)
        if silent < BODY_SECONDS:
            self._await_more(BODY_SECONDS - silent)
        else:
            self._give_up("body", BODY_SECONDS, can_answer=not self.cycle.response_started)

    def _give_up(self, part: str, seconds: int, *, can_answer: bool) -> None:
        if can_answer:
            self.transport.write(_timed_out(self.scope.get("path", ""), part, seconds))
        self._close()

    def _close(self) -> None:
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._await_reader()

    def _await_reader(self) -> None:
        self._stop_awaiting_reader()
        unread = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(UNREAD_SECONDS, self._check_reader, unread)

    def _stop_awaiting_reader(self) -> None:
        if self._unread is not None:
            self._unread.cancel()

    def _check_reader(self, unread_before: int) -> None:
        if self.transport.get_write_buffer_size() < unread_before:
            self._await_reader()
        else:
            self.transport.abort()


def _timed_out(path: str, part: str, seconds: int) -> bytes:
    """A whole answer, since no request of ASGI's is there that could give it."""
    logs.request_id.set(logs.accepted_id(""))
    detail = f"The {part} of the request did not arrive within {seconds} seconds: send it again, without pauses."
    status = HTTPStatus.REQUEST_TIMEOUT
    answer = problem(path, status, detail, headers={"Connection": "close", logs.REQUEST_ID: logs.request_id.get()})
    headers = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), headers, bytes(answer.body))
