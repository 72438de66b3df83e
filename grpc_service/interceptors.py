"""Wraps the handler of every method: bounded waiting, parsing, request id, error statuses and metrics."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from grpc import aio

from grpc_service.errors import SERVER_ERRORS, CallRefused, code_of, status_of
from song_preference import logs
from song_preference.serving.metrics import Metrics

REQUEST_SECONDS = 30
"""Longest wait for the message of a call whose headers have come."""

IDLE_STREAM_SECONDS = 600
"""Longest wait for the next message of a stream."""

SEND_SECONDS = 10
"""Longest wait for a caller who does not read its answer."""

STOPPING_SECONDS = 1
"""The same three once the service stops: a message that was sent with its headers is there by then."""

MAX_OPEN = 4_000
"""Calls that wait for their callers at once, 25 KB each; the one that waits longest makes room for one more."""

MAX_CALLS = 256
"""Calls at work at once; a further one would hardly be answered before its caller's patience ends."""

MAX_HEAVY_CALLS = 32
"""Batches and explanations among them: they queue for two threads, and their answers are long."""

HEAVY = {"PredictBatch", "Explain"}
EOF: Any = aio.EOF  # type: ignore[attr-defined] # not in the stubs

log = logging.getLogger(__name__)

Context: TypeAlias = "aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class HandlerRegistry:
    """Stands in for the server where services register their methods, and registers each of them wrapped.

    Every method exchanges its messages as a stream, the requests as bytes, which looks the same on the wire: gRPC's own
    unary handlers wait for their callers without bound, and answer bytes that are no message with INTERNAL and a
    traceback.
    """

    def __init__(self, server: aio.Server, service: str, metrics: Metrics) -> None:
        self._server, self._service, self._metrics = server, service, metrics
        self._waits = _Waits()
        self._light, self._heavy = _Slots(MAX_CALLS), _Slots(MAX_HEAVY_CALLS)

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Ignore what generated code registers a second time: by name is enough."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Register the wrapped methods of one service."""
        wrapped = {name: self._wrapped(name, handler, service == self._service) for name, handler in handlers.items()}
        self._server.add_registered_method_handlers(service, wrapped)  # type: ignore[attr-defined] # not in the stubs

    def end_waiting(self) -> None:
        """End the calls that have nothing in hand, so that a stop waits for those that have."""
        self._waits.end()

    def _wrapped(self, method: str, handler: Handler, is_ours: bool) -> Handler:
        # Probes and reflection would drown the rest of the metrics.
        metrics = self._metrics if is_ours else None
        parse: Any = handler.request_deserializer
        exchange = self._streaming(handler) if handler.response_streaming else self._unary(method, handler, is_ours)

        async def handle(_: object, context: Context) -> None:
            call = _Call(method, context, parse, self._waits, metrics)
            try:
                async with call.limit:
                    await exchange(call, context)
            except TimeoutError:
                error = self._waits.timeout_error()
                if call.is_sending:
                    # A status would wait behind the answer that nobody reads. What gRPC itself holds of the call, it
                    # lets go with the connection: there is no way to reset one stream.
                    call.count(error)
                    raise asyncio.CancelledError from None
                await call.fail(error)
            except BaseException as error:
                await call.fail(error)
                raise
            else:
                call.count(None)

        return grpc.stream_stream_rpc_method_handler(handle, None, handler.response_serializer)

    def _unary(self, method: str, handler: Handler, is_ours: bool) -> Exchange:
        behaviour: Any = handler.unary_unary
        is_heavy = is_ours and method in HEAVY
        # Probes are never refused: a busy service is no dead one.
        slots = self._heavy if is_heavy else self._light if is_ours else _Slots(sys.maxsize)

        async def exchange(call: _Call, context: Context) -> None:
            request = await call.only_message()
            with slots:
                response = await behaviour(request, context)
                if is_heavy:
                    # A long answer takes memory until its caller has read it.
                    await call.send(response)
            if not is_heavy:
                await call.send(response)

        return exchange

    def _streaming(self, handler: Handler) -> Exchange:
        behaviour: Any = handler.unary_stream or handler.stream_stream

        async def exchange(call: _Call, context: Context) -> None:
            if handler.request_streaming:
                responses = behaviour(call.messages(), context)
            else:
                responses = call.idle(behaviour(await call.only_message(), context))
            async for response in responses:
                await call.send(response)

        return exchange


class _Slots:
    """How many calls may be at work at once."""

    def __init__(self, maximum: int) -> None:
        self._maximum, self._taken = maximum, 0

    def __enter__(self) -> None:
        if self._taken >= self._maximum:
            text = f"The service has {self._taken} such calls at work: wait a moment, then call again."
            raise CallRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        self._taken += 1

    def __exit__(self, *_: object) -> None:
        self._taken -= 1


class _Waits:
    """Bounds how long calls wait for their callers, and how many do."""

    def __init__(self) -> None:
        self._half_open: dict[asyncio.Timeout, None] = {}
        self._others: dict[asyncio.Timeout, None] = {}
        self._is_stopping = False

    def begin(self, limit: asyncio.Timeout, seconds: float | None, *, is_half_open: bool = False) -> None:
        """Let a call wait for so long; beyond `MAX_OPEN`, end the oldest, those without any message first."""
        self.forget(limit)
        if len(self._half_open) + len(self._others) >= MAX_OPEN:
            group = self._half_open or self._others
            oldest = next(iter(group))
            del group[oldest]
            _expire(oldest, 0)
        (self._half_open if is_half_open else self._others)[limit] = None
        if self._is_stopping:
            seconds = STOPPING_SECONDS
        limit.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    def finish(self, limit: asyncio.Timeout) -> None:
        """Let a call work without bound again."""
        self.forget(limit)
        limit.reschedule(None)

    def forget(self, limit: asyncio.Timeout) -> None:
        """Count a call that ended no longer."""
        self._half_open.pop(limit, None)
        self._others.pop(limit, None)

    def end(self) -> None:
        """End all that wait, and from now on each that begins to."""
        self._is_stopping = True
        for limit in (*self._half_open, *self._others):
            _expire(limit, STOPPING_SECONDS)

    def timeout_error(self) -> CallRefused:
        """Return why a call that waited was ended."""
        if self._is_stopping:
            return CallRefused(grpc.StatusCode.UNAVAILABLE, "The service stops: call again.")
        text = "The caller sent or read nothing for too long, or too many others wait: call again."
        return CallRefused(grpc.StatusCode.DEADLINE_EXCEEDED, text)


def _expire(limit: asyncio.Timeout, seconds: float) -> None:
    if not limit.expired():
        limit.reschedule(asyncio.get_running_loop().time() + seconds)


class _Call:
    """One call, from its headers to its status."""

    __slots__ = ("_began", "_context", "_id", "_method", "_metrics", "_parse", "_waits", "is_sending", "limit")

    def __init__(
        self, method: str, context: Context, parse: Callable[[bytes], Any], waits: _Waits, metrics: Metrics | None
    ) -> None:
        self._began = perf_counter()
        self._method, self._context, self._parse = method, context, parse
        self._waits, self._metrics = waits, metrics
        self.limit, self.is_sending = asyncio.timeout(None), False
        offered = next((value for key, value in context.invocation_metadata() or () if key == logs.REQUEST_ID), None)
        self._id = logs.accepted_id(offered)
        logs.request_id.set(self._id)
        # Trailing, since it travels with the status: initial metadata would be a message of its own.
        context.set_trailing_metadata(((logs.REQUEST_ID, self._id),))

    async def only_message(self) -> Any:
        """Return the one message of a call; raise `CallRefused` if it is missing or malformed."""
        message = await self._read(REQUEST_SECONDS, is_first=True)
        if message is EOF:
            raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, "The call has no message: send one.")
        return message

    async def messages(self) -> AsyncIterator[Any]:
        """Yield the messages of a stream; raise `CallRefused` for a malformed one."""
        message = await self._read(REQUEST_SECONDS, is_first=True)
        while message is not EOF:
            yield message
            message = await self._read(IDLE_STREAM_SECONDS)

    async def idle(self, responses: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Yield the responses of a call that waits for an event between them, as long as there is room for it."""
        self._waits.begin(self.limit, None)
        async for response in responses:
            yield response
            self._waits.begin(self.limit, None)

    async def send(self, response: Any) -> None:
        """Send a response to a caller that reads."""
        self._waits.begin(self.limit, SEND_SECONDS)
        self.is_sending = True
        await self._context.write(response)
        self.is_sending = False
        self._waits.finish(self.limit)

    async def _read(self, seconds: float, *, is_first: bool = False) -> Any:
        self._waits.begin(self.limit, seconds, is_half_open=is_first)
        message = await self._context.read()
        self._waits.finish(self.limit)
        if message is EOF:
            return EOF
        try:
            return self._parse(message)
        except DecodeError:
            text = "The message cannot be parsed: encode it as the proto of this method has it."
            raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, text) from None

    def count(self, error: BaseException | None) -> None:
        """Note the end of the call."""
        self._waits.forget(self.limit)
        if self._metrics:
            self._metrics.request("grpc", self._method, outcome_of(error), perf_counter() - self._began)

    async def fail(self, error: BaseException) -> None:
        """End the call with the status of an error; a caller that left gets none."""
        self.count(error)
        if not isinstance(error, Exception):
            return
        if code_of(error) is grpc.StatusCode.INTERNAL:
            log.error("%s failed.", self._method, exc_info=error)
        status = status_of(error)
        metadata = (*(status.trailing_metadata or ()), (logs.REQUEST_ID, self._id))
        await self._context.abort(status.code, status.details, metadata)


Exchange: TypeAlias = Callable[[_Call, Context], Awaitable[None]]
"""Answers one call, whatever the number of its messages."""


def outcome_of(error: BaseException | None) -> str:
    """Return the outcome of a call for the metrics; a caller that leaves before the end shows as cancellation."""
    if error is None:
        return "ok"
    if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
        return "client_error"
    return "server_error" if code_of(error) in SERVER_ERRORS else "client_error"
