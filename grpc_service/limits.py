"""Limits on the calls of one server: how long each waits for its caller, how many wait and how many are answered."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio

import grpc

from grpc_service.errors import CallRejected

REQUEST_SECONDS = 30
"""Longest wait for the message of a call whose headers have come."""

IDLE_STREAM_SECONDS = 600
"""Longest wait for the next message of a stream."""

SEND_SECONDS = 10
"""Longest wait for a caller that does not read its response."""

STOPPING_SECONDS = 1
"""Replaces the three above once the service stops: a message that was sent with its headers has arrived by then."""

MAX_OPEN = 4_000
"""Most calls that wait for their callers at once, 25 KB each; the one that waits longest makes room for a new one."""

MAX_CALLS = 256
"""Most calls answered at once; the caller of a further one would probably time out before its response."""

MAX_HEAVY_CALLS = 32
"""Most batches and explanations among them: they queue for two threads, and their responses are long."""


class ConcurrencyLimit:
    """Rejects calls beyond a number that are answered at once."""

    def __init__(self, max_calls: int) -> None:
        self._max_calls, self._calls = max_calls, 0

    def __enter__(self) -> None:
        if self._calls >= self._max_calls:
            text = f"The service already answers {self._calls} such calls: wait a moment, then call again."
            raise CallRejected(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        self._calls += 1

    def __exit__(self, *_: object) -> None:
        self._calls -= 1


class WaitLimit:
    """Limits how long calls wait for their callers, and how many do."""

    def __init__(self) -> None:
        self._without_message: dict[asyncio.Timeout, None] = {}
        self._others: dict[asyncio.Timeout, None] = {}
        self._is_stopping = False

    def begin(self, timeout: asyncio.Timeout, seconds: float | None, *, has_message: bool = True) -> None:
        """Let a call wait for `seconds`; beyond `MAX_OPEN`, end the oldest one, those without a message first."""
        self.forget(timeout)
        if len(self._without_message) + len(self._others) >= MAX_OPEN:
            oldest = next(iter(self._without_message or self._others))
            self.forget(oldest)
            _expire(oldest, 0)
        (self._others if has_message else self._without_message)[timeout] = None
        if self._is_stopping:
            seconds = STOPPING_SECONDS
        timeout.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    def finish(self, timeout: asyncio.Timeout) -> None:
        """Let a call that waited work on without a time limit."""
        self.forget(timeout)
        timeout.reschedule(None)

    def forget(self, timeout: asyncio.Timeout) -> None:
        """Remove a call from those that wait."""
        self._without_message.pop(timeout, None)
        self._others.pop(timeout, None)

    def stop(self) -> None:
        """End every call that waits, now or later, after `STOPPING_SECONDS`."""
        self._is_stopping = True
        for timeout in (*self._without_message, *self._others):
            _expire(timeout, STOPPING_SECONDS)

    def error(self) -> CallRejected:
        """Return the error for a call whose wait was ended."""
        if self._is_stopping:
            return CallRejected(grpc.StatusCode.UNAVAILABLE, "The service is stopping: call again.")
        text = "The caller sent or read nothing for too long, or too many other calls wait: call again."
        return CallRejected(grpc.StatusCode.DEADLINE_EXCEEDED, text)


def _expire(timeout: asyncio.Timeout, seconds: float) -> None:
    if not timeout.expired():
        timeout.reschedule(asyncio.get_running_loop().time() + seconds)
