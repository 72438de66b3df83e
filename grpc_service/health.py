"""gRPC's health service, with separate statuses for liveness and readiness."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from typing import Any, TypeAlias

import grpc
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from typing_extensions import override

from grpc_service.errors import CallRejected
from song_preference.serving.model_store import ModelStore

FIRST_MODEL_SECONDS = 1.0
"""Longest delay until a watcher is notified of the first model."""

Response: TypeAlias = health_pb2.HealthCheckResponse
Context: TypeAlias = "aio.ServicerContext[Any, Any]"


class ModelHealth(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # published without types
    """Reports the server ("") as SERVING while its process lives, and its services while a model is loaded.

    The library's own servicer must be notified of every change; this one reads the store, in memory.
    """

    def __init__(self, services: Collection[str], store: ModelStore) -> None:
        self._services, self._store = services, store
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """Report the services as NOT_SERVING from now on."""
        self._draining.set()

    @property
    def serves(self) -> bool:
        """Whether a model is loaded and the server does not drain."""
        return self._store.served is not None and not self._draining.is_set()

    @override
    async def Check(self, request: health_pb2.HealthCheckRequest, context: Context) -> Response:
        """Return the status of a service; raise `CallRejected` if it does not exist."""
        status = self._status(request.service)
        if status == Response.SERVICE_UNKNOWN:
            text = f"There is no such service: ask for {' or '.join(self._services)}, or for '' for the whole server."
            raise CallRejected(grpc.StatusCode.NOT_FOUND, text)
        return Response(status=status)

    @override
    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Context) -> AsyncIterator[Response]:
        """Yield the status now and after each change, until the service drains."""
        last_status = None
        is_last = False
        while not is_last:
            is_last = self._draining.is_set()
            # A loaded model is never unloaded. Read before the status, so that a model loaded meanwhile is noticed.
            pause = None if self._store.served else FIRST_MODEL_SECONDS
            status = self._status(request.service)
            if status != last_status:
                yield Response(status=status)
                last_status = status
            with suppress(TimeoutError):
                await asyncio.wait_for(self._draining.wait(), pause)

    def _status(self, service: str) -> Any:
        if service == "":
            return Response.SERVING
        if service not in self._services:
            return Response.SERVICE_UNKNOWN
        return Response.SERVING if self.serves else Response.NOT_SERVING
