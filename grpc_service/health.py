"""gRPC's health service: the process lives, and it can predict, are two questions."""

import threading
from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2
from typing_extensions import override

from song_preference.errors import ModelNotReady
from song_preference.serving.store import ModelStore

FIRST_MODEL_SECONDS = 1.0
"""How soon one who watches hears of the first model."""

Status = health_pb2.HealthCheckResponse


class ModelHealth(health.HealthServicer):
    """The server as a whole ("") serves while its process lives; the service while a model is loaded, until `drain`.

    The status is found when it is asked for, in memory.
    """

    def __init__(self, service: str, store: ModelStore) -> None:
        super().__init__()
        self._service, self._store = service, store
        self._announced: bool | None = None
        self._announcing = threading.Lock()
        self._draining = threading.Event()
        self._waiting: threading.Thread | None = None
        self.refresh()

    def drain(self) -> None:
        """From now on the service does not serve, whoever asks and whoever watches."""
        self._draining.set()
        self.refresh()

    def refresh(self) -> bool:
        """Tell those who watch of a change; whether the service serves."""
        with self._announcing:
            serves = self._can_predict()
            if serves != self._announced:
                self._announced = serves
                self.set(self._service, Status.SERVING if serves else Status.NOT_SERVING)
        return serves

    @override
    def Check(self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext) -> Any:
        self.refresh()
        return super().Check(request, context)

    @override
    def Watch(
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.ServicerContext,
        send_response_callback: Callable[..., Any] | None = None,
    ) -> Any:
        if not self.refresh():
            self._await_first_model()
        return super().Watch(request, context, send_response_callback)

    def _can_predict(self) -> bool:
        if self._draining.is_set():
            return False
        try:
            self._store.current()
        except ModelNotReady:
            return False
        return True

    def _await_first_model(self) -> None:
        """A model, once there, never goes: so there is one change to wait for, and only where someone watches."""
        with self._announcing:
            if self._waiting is None and not self._draining.is_set():
                self._waiting = threading.Thread(target=self._announce_first_model, name="health", daemon=True)
                self._waiting.start()

    def _announce_first_model(self) -> None:
        while not self.refresh() and not self._draining.wait(FIRST_MODEL_SECONDS):
            pass
