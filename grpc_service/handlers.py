"""Wraps the handler of every method: bounded waiting, parsing, request id, error statuses and metrics."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
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

STOPPING_SECONDS = 1
"""The same once the service stops: a message that was sent with its headers is there by then."""

MAX_WAITING = 4_000
"""Calls that wait for a message at once, 23 KB each; the one that waits longest makes room for one more."""

MAX_CALLS = 256
"""Calls at work at once; a further one would hardly be answered before its caller's patience ends."""

EOF: Any = aio.EOF  # type: ignore[attr-defined] # not in the stubs

log = logging.getLogger(__name__)

Context: TypeAlias = "aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Handlers:
    """Stands in for the server where services register their methods, and registers each of them wrapped.

    Every method reads its requests as a stream of bytes, which looks the same on the wire: gRPC's own unary handlers
    wait for a message without bound, and answer bytes that are no message with INTERNAL and a traceback.
    """

    def __init__(self, server: aio.Server, service: str, metrics: Metrics) -> None:
        self._server, self._service, self._metrics = server, service, metrics
        self._at_work = 0
        self._waiting: dict[asyncio.Timeout, None] = {}
        self._is_stopping = False

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Ignore what generated code registers a second time: by name is enough."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Register the wrapped methods of one service."""
        wrapped = {name: self._wrapped(name, handler, service == self._service) for name, handler in handlers.items()}
        self._server.add_registered_method_handlers(service, wrapped)  # type: ignore[attr-defined] # not in the stubs

    def _wrapped(self, method: str, handler: Handler, is_ours: bool) -> Handler:
        behaviour: Any = handler.unary_unary or handler.unary_stream or handler.stream_stream
        parse: Any = handler.request_deserializer
        # Probes and reflection would drown the rest of the metrics, and a busy service is no dead one.
        metrics = self._metrics if is_ours else None
        work = partial(self._work, behaviour) if is_ours else behaviour

        async def answer(_: object, context: Context) -> Any:
            call = _Call(method, context, metrics)
            try:
                response = await work(await self._single(context, parse), context)
            except BaseException as error:
                await call.fail(error)
                raise
            call.count(None)
            return response

        async def converse(_: object, context: Context) -> None:
            call = _Call(method, context, metrics)
            try:
                asked = self._each(context, parse) if handler.request_streaming else await self._single(context, parse)
                async for response in behaviour(asked, context):
                    await context.write(response)
            except BaseException as error:
                await call.fail(error)
                raise
            call.count(None)

        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(converse, None, handler.response_serializer)
        return grpc.stream_unary_rpc_method_handler(answer, None, handler.response_serializer)

    async def _work(self, behaviour: Callable[..., Any], request: Any, context: Context) -> Any:
        if self._at_work >= MAX_CALLS:
            text = f"The service has {MAX_CALLS} calls at work: wait a moment, then call again."
            raise CallRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        self._at_work += 1
        try:
            return await behaviour(request, context)
        finally:
            self._at_work -= 1

    def end_waiting(self) -> None:
        """End the calls that have nothing in hand, so that a stop waits for those that have."""
        self._is_stopping = True
        for limit in self._waiting:
            _shorten(limit, STOPPING_SECONDS)

    async def _single(self, context: Context, parse: Callable[[bytes], Any]) -> Any:
        request = await self._message(context, parse, REQUEST_SECONDS)
        if request is EOF:
            raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, "The call has no message: send one.")
        return request

    async def _each(self, context: Context, parse: Callable[[bytes], Any]) -> AsyncIterator[Any]:
        seconds = REQUEST_SECONDS
        while (request := await self._message(context, parse, seconds)) is not EOF:
            yield request
            seconds = IDLE_STREAM_SECONDS

    async def _message(self, context: Context, parse: Callable[[bytes], Any], seconds: float) -> Any:
        """Return the next message, parsed, or `EOF`; raise `CallRefused` if none comes in time or it is malformed."""
        limit = asyncio.timeout(STOPPING_SECONDS if self._is_stopping else seconds)
        if len(self._waiting) >= MAX_WAITING:
            longest = next(iter(self._waiting))
            del self._waiting[longest]
            _shorten(longest, 0)
        self._waiting[limit] = None
        try:
            async with limit:
                message = await context.read()
        except TimeoutError:
            if self._is_stopping:
                raise CallRefused(grpc.StatusCode.UNAVAILABLE, "The service stops: call again.") from None
            text = f"No message came within {seconds} s, or too many calls wait: call again with one to send."
            raise CallRefused(grpc.StatusCode.DEADLINE_EXCEEDED, text) from None
        finally:
            self._waiting.pop(limit, None)
        if message is EOF:
            return EOF
        try:
            return parse(message)
        except DecodeError:
            text = "The message cannot be parsed: encode it as the proto of this method has it."
            raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, text) from None


def _shorten(limit: asyncio.Timeout, seconds: float) -> None:
    if not limit.expired():
        limit.reschedule(asyncio.get_running_loop().time() + seconds)


class _Call:
    """One call, from its headers to its status."""

    __slots__ = ("_began", "_context", "_id", "_method", "_metrics")

    def __init__(self, method: str, context: Context, metrics: Metrics | None) -> None:
        self._began = perf_counter()
        self._method, self._context, self._metrics = method, context, metrics
        offered = next((value for key, value in context.invocation_metadata() or () if key == logs.REQUEST_ID), None)
        self._id = logs.accepted_id(offered)
        logs.request_id.set(self._id)
        # Trailing, since it travels with the status: initial metadata would be a message of its own.
        context.set_trailing_metadata(((logs.REQUEST_ID, self._id),))

    def count(self, error: BaseException | None) -> None:
        """Note the end of the call for the metrics."""
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


def outcome_of(error: BaseException | None) -> str:
    """Return the outcome of a call for the metrics; a caller that leaves before the end shows as cancellation."""
    if error is None:
        return "ok"
    if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
        return "client_error"
    return "server_error" if code_of(error) in SERVER_ERRORS else "client_error"
