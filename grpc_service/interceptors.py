"""The interceptor of every method: limited waiting, parsing, request id, error statuses and metrics."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from time import perf_counter
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from grpc import aio
from typing_extensions import override

from grpc_service import limits
from grpc_service.errors import SERVER_ERRORS, CallRejected, code_of, status_of
from grpc_service.health import Context
from grpc_service.limits import ConcurrencyLimit, WaitLimit
from song_preference import logs
from song_preference.serving.metrics import Metrics

HEAVY = {"PredictBatch", "Explain", "SearchSongs", "GetSong", "Recommend", "ModelInfer"}
PROBES = {"ServerLive", "ServerReady", "ModelReady"}
"""Methods of our services that are treated like those of gRPC's health service."""

EOF: Any = aio.EOF  # type: ignore[attr-defined] # not in the stubs

log = logging.getLogger(__name__)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class CallInterceptor(aio.ServerInterceptor):  # type: ignore[type-arg] # generic in the stubs only
    """Replaces the handler of every method by one that keeps the limits.

    Its handlers exchange all messages as streams, the requests as bytes, which looks the same on the wire: gRPC's own
    unary handlers wait for their callers without a limit, and answer malformed bytes with INTERNAL and a traceback.
    """

    def __init__(self, services: Collection[str], metrics: Metrics) -> None:
        self._services, self._metrics = services, metrics
        self.waits = WaitLimit()
        self._light, self._heavy = ConcurrencyLimit(limits.MAX_CALLS), ConcurrencyLimit(limits.MAX_HEAVY_CALLS)
        self._handlers: dict[str, Handler] = {}

    @override
    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the replaced handler of a method; one for all of its calls."""
        path = handler_call_details.method
        if path not in self._handlers:
            handler = await continuation(handler_call_details)
            # None for a method that does not exist: gRPC answers UNIMPLEMENTED, and nothing is kept of its name.
            if not handler:
                return handler
            service, _, method = path.removeprefix("/").rpartition("/")
            is_ours = service in self._services and method not in PROBES
            self._handlers[path] = self._replaced(method, handler, is_ours=is_ours)
        return self._handlers[path]

    def _replaced(self, method: str, handler: Handler, *, is_ours: bool) -> Handler:
        # Probes and reflection would drown the rest of the metrics.
        metrics = self._metrics if is_ours else None
        parse: Any = handler.request_deserializer
        is_streaming = handler.response_streaming
        exchange = self._streaming(handler) if is_streaming else self._unary(method, handler, is_ours=is_ours)

        async def handle(_: object, context: Context) -> None:
            call = _Call(method, context, parse, self.waits, metrics)
            try:
                async with call.timeout:
                    await exchange(call, context)
            except TimeoutError:
                error = self.waits.error()
                if call.is_sending:
                    # A status would wait behind the response that nobody reads. gRPC frees what it holds of the call
                    # with the connection: there is no way to reset one stream.
                    call.end(error)
                    raise asyncio.CancelledError from None
                await call.fail(error)
            except BaseException as error:
                await call.fail(error)
                raise
            else:
                call.end(None)

        return grpc.stream_stream_rpc_method_handler(handle, None, handler.response_serializer)

    def _unary(self, method: str, handler: Handler, *, is_ours: bool) -> Exchange:
        behaviour: Any = handler.unary_unary
        is_heavy = is_ours and method in HEAVY
        # Probes are never rejected: a busy service is not a dead one.
        limit = self._heavy if is_heavy else self._light if is_ours else ConcurrencyLimit(sys.maxsize)

        async def exchange(call: _Call, context: Context) -> None:
            request = await call.only_message()
            with limit:
                response = await behaviour(request, context)
                if is_heavy:
                    # A long response takes memory until its caller has read it.
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
                responses = call.watch(behaviour(await call.only_message(), context))
            async for response in responses:
                await call.send(response)

        return exchange


class _Call:
    """One call, from its headers to its status."""

    __slots__ = ("_context", "_id", "_method", "_metrics", "_parse", "_started", "_waits", "is_sending", "timeout")

    def __init__(
        self, method: str, context: Context, parse: Callable[[bytes], Any], waits: WaitLimit, metrics: Metrics | None
    ) -> None:
        self._started = perf_counter()
        self._method, self._context, self._parse = method, context, parse
        self._waits, self._metrics = waits, metrics
        self.timeout, self.is_sending = asyncio.timeout(None), False
        sent = next((value for key, value in context.invocation_metadata() or () if key == logs.REQUEST_ID), None)
        self._id = logs.accepted_id(sent)
        logs.request_id.set(self._id)
        # Trailing, since it travels with the status: initial metadata would be a message of its own.
        context.set_trailing_metadata(((logs.REQUEST_ID, self._id),))

    async def only_message(self) -> Any:
        """Return the one message of a call; raise `CallRejected` if it is missing or malformed."""
        message = await self._read(limits.REQUEST_SECONDS, is_first=True)
        if message is EOF:
            raise CallRejected(grpc.StatusCode.INVALID_ARGUMENT, "The call has no message: send one.")
        return message

    async def messages(self) -> AsyncIterator[Any]:
        """Yield the messages of a stream; raise `CallRejected` for a malformed one."""
        message = await self._read(limits.REQUEST_SECONDS, is_first=True)
        while message is not EOF:
            yield message
            message = await self._read(limits.IDLE_STREAM_SECONDS)

    async def watch(self, responses: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Yield the responses of a call that waits for an event between them, without a time limit."""
        self._waits.begin(self.timeout, None)
        async for response in responses:
            yield response
            self._waits.begin(self.timeout, None)

    async def send(self, response: Any) -> None:
        """Send a response, and wait until gRPC has taken it."""
        self._waits.begin(self.timeout, limits.SEND_SECONDS)
        self.is_sending = True
        await self._context.write(response)
        self.is_sending = False
        self._waits.finish(self.timeout)

    async def _read(self, seconds: float, *, is_first: bool = False) -> Any:
        self._waits.begin(self.timeout, seconds, has_message=not is_first)
        message = await self._context.read()
        self._waits.finish(self.timeout)
        if message is EOF:
            return EOF
        try:
            return self._parse(message)
        except DecodeError:
            text = "The message cannot be parsed: encode it as the proto of this method defines it."
            raise CallRejected(grpc.StatusCode.INVALID_ARGUMENT, text) from None

    def end(self, error: BaseException | None) -> None:
        """Count the call in the metrics."""
        self._waits.forget(self.timeout)
        if self._metrics:
            self._metrics.request("grpc", self._method, outcome_of(error), perf_counter() - self._started)

    async def fail(self, error: BaseException) -> None:
        """End the call with the status of an error; a caller that left gets none."""
        self.end(error)
        if not isinstance(error, Exception):
            return
        if code_of(error) is grpc.StatusCode.INTERNAL:
            log.error("%s failed.", self._method, exc_info=error)
        status = status_of(error)
        metadata = (*(status.trailing_metadata or ()), (logs.REQUEST_ID, self._id))
        await self._context.abort(status.code, status.details, metadata)


Exchange: TypeAlias = Callable[[_Call, Context], Awaitable[None]]
"""Reads the messages of one call and sends its responses."""


def outcome_of(error: BaseException | None) -> str:
    """Return the outcome of a call for the metrics; a caller that left counts as `client_error`."""
    if error is None:
        return "ok"
    if isinstance(error, (asyncio.CancelledError, GeneratorExit)):
        return "client_error"
    return "server_error" if code_of(error) in SERVER_ERRORS else "client_error"
