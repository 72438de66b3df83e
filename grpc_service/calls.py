"""What every call has in common, in one interceptor: its request id, its errors, its place in the metrics."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from types import TracebackType
from typing import Any, TypeAlias

import grpc
from typing_extensions import override

from grpc_service.errors import SERVER_ERRORS, code_of, status_of
from song_preference import logs
from song_preference.serving.metrics import Metrics

log = logging.getLogger(__name__)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class CallInterceptor(grpc.ServerInterceptor):  # type: ignore[type-arg]
    """Wraps the methods of one service, each of them once; those of other services pass untouched.

    A method raises errors of the domain or `CallRefused` and need not know of statuses.
    """

    def __init__(self, service: str, metrics: Metrics, streams: ThreadPoolExecutor) -> None:
        self._prefix = f"/{service}/"
        self._metrics = metrics
        self._streams = streams
        self._wrapped: dict[str, Handler] = {}

    @override
    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        method = handler_call_details.method
        known = self._wrapped.get(method)
        if known is not None:
            return known
        handler = continuation(handler_call_details)
        if handler is None or not method.startswith(self._prefix):
            return handler
        return self._wrapped.setdefault(method, self._wrap(method.removeprefix(self._prefix), handler))

    def _wrap(self, method: str, handler: Handler) -> Handler:
        codec = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(_Unary(handler.unary_unary, method, self._metrics), *codec)
        if handler.stream_stream:
            stream = _Stream(handler.stream_stream, method, self._metrics, self._streams)
            return grpc.stream_stream_rpc_method_handler(stream, *codec)
        raise NotImplementedError(f"{method} is of a kind that no method had so far: wrap it here.")


class _Unary:
    """A method with one answer."""

    def __init__(self, behaviour: Callable[[Any, grpc.ServicerContext], Any], method: str, metrics: Metrics) -> None:
        self._behaviour, self._method, self._metrics = behaviour, method, metrics

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Any:
        with _Call(self._method, context, self._metrics):
            return self._behaviour(request, context)


class _Stream:
    """A method that converses; `experimental_thread_pool` is where gRPC looks for the threads to run it in."""

    def __init__(
        self,
        behaviour: Callable[[Iterator[Any], grpc.ServicerContext], Iterator[Any]],
        method: str,
        metrics: Metrics,
        threads: ThreadPoolExecutor,
    ) -> None:
        self._behaviour, self._method, self._metrics = behaviour, method, metrics
        self.experimental_thread_pool = threads

    def __call__(self, requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        with _Call(self._method, context, self._metrics):
            yield from self._behaviour(requests, context)


class _Call:
    """One call, from its first moment to its status."""

    __slots__ = ("_began", "_context", "_id", "_method", "_metrics")

    def __init__(self, method: str, context: grpc.ServicerContext, metrics: Metrics) -> None:
        self._began = perf_counter()
        self._method, self._context, self._metrics = method, context, metrics

    def __enter__(self) -> None:
        offered = next((value for key, value in self._context.invocation_metadata() if key == logs.REQUEST_ID), None)
        self._id = logs.accepted_id(offered)
        logs.request_id.set(self._id)
        # Trailing, since it travels with the status: initial metadata would be a message of its own.
        self._context.set_trailing_metadata(((logs.REQUEST_ID, self._id),))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._metrics.request("grpc", self._method, outcome_of(error), perf_counter() - self._began)
        # The caller that cancels its stream shows as an RpcError here; there is nobody left to tell a status.
        if isinstance(error, Exception) and not isinstance(error, grpc.RpcError):
            self._abort(error)

    def _abort(self, error: Exception) -> None:
        code = code_of(error)
        if code is grpc.StatusCode.INTERNAL:
            log.error("%s failed.", self._method, exc_info=error)
        else:
            log.info("%s is answered with %s.", self._method, code.name)
        status = status_of(error)
        self._context.set_trailing_metadata((*(status.trailing_metadata or ()), (logs.REQUEST_ID, self._id)))
        self._context.abort(status.code, status.details)


def outcome_of(error: BaseException | None) -> str:
    """Of the metrics; a caller that leaves before the end shows as RpcError or GeneratorExit."""
    if error is None:
        return "ok"
    if isinstance(error, (grpc.RpcError, GeneratorExit)):
        return "client_error"
    return "server_error" if code_of(error) in SERVER_ERRORS else "client_error"
