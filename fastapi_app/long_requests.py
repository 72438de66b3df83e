"""Requests that compute for long, answered in a thread beside the event loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from typing_extensions import override

from song_preference.errors import ServiceBusy
from song_preference.messages import Message

MAX_WAITING = 64
"""Most requests that wait; each keeps its body of up to 8 MB in memory."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class LongRequestQueue:
    """Answers requests in a thread, one at a time.

    Several threads would be no faster, since they share Python's interpreter lock, and would slow the event loop down.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._unanswered = 0

    async def answer(self, request: Request, handler: Handler) -> Response:
        """Return the response to a request whose body was read; raise `ServiceBusy` and `ClientDisconnect`."""
        if self._unanswered > MAX_WAITING:
            raise ServiceBusy(Message("service_busy", {"waiting": MAX_WAITING}))
        self._unanswered += 1
        try:
            async with self._turn:
                if await request.is_disconnected():
                    raise ClientDisconnect
                return await run_in_threadpool(lambda: asyncio.run(handler(request)))
        finally:
            self._unanswered -= 1


class LongRequestRoute(APIRoute):
    """A route whose requests are parsed, checked and answered in the queue of the application."""

    @override
    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def enqueue(request: Request) -> Response:
            await request.body()
            queue: LongRequestQueue = request.app.state.long_requests
            return await queue.answer(request, handler)

        return enqueue
