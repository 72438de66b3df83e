"""Answers that take long, computed beside the event loop."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from typing_extensions import override

from song_preference.errors import ServiceBusy

MAX_WAITING = 64
"""Each keeps its body of up to 8 MB in memory."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OneByOne:
    """Answers one request at a time in a thread.

    More would be no faster, since they share Python's lock, for which the event loop would wait behind all of them.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._unanswered = 0

    async def answer(self, request: Request, handler: Handler) -> Response:
        """Return the handler's response to a request that was read; raise `ServiceBusy` and `ClientDisconnect`."""
        if self._unanswered > MAX_WAITING:
            raise ServiceBusy(f"{MAX_WAITING} long requests wait already: try again in a few seconds.")
        self._unanswered += 1
        try:
            async with self._turn:
                if await request.is_disconnected():
                    raise ClientDisconnect
                return await run_in_threadpool(lambda: asyncio.run(handler(request)))
        finally:
            self._unanswered -= 1


class OneByOneRoute(APIRoute):
    """Reads a request, and lets `OneByOne` parse, check and answer it."""

    @override
    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            await request.body()
            computing: OneByOne = request.app.state.computing
            return await computing.answer(request, handler)

        return answered
