"""The composition root of the gRPC service."""

import grpc
from grpc import aio
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from grpc_service.health import ModelHealth
from grpc_service.inference import InferenceServicer
from grpc_service.interceptors import CallInterceptor
from grpc_service.limits import MAX_OPEN
from grpc_service.servicer import PredictionServicer
from song_preference.open_inference import inference_pb2, inference_pb2_grpc
from song_preference.serving.metrics import Metrics
from song_preference.serving.songs import SongSearch
from song_preference.settings import GrpcSettings
from song_preference.tls import Tls
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc

MIN_MESSAGE_BYTES = 1 << 20
SONG_BYTES = 64
"""Upper bound of a song's size on the wire, which is 38, so that a batch of the allowed size always fits."""

SERVICE = prediction_pb2.DESCRIPTOR.services_by_name["PredictionService"].full_name
OPEN_INFERENCE = inference_pb2.DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name
SERVICES = (SERVICE, OPEN_INFERENCE)


class PredictionServer:
    """Serves songs and their predictor, and counts what it predicts; must be created in a running event loop."""

    def __init__(self, songs: SongSearch, settings: GrpcSettings) -> None:
        predictor = songs.predictor
        self.metrics = Metrics(predictor.store)
        predictor.observer = self.metrics
        self._interceptor = CallInterceptor(SERVICES, self.metrics)
        self._server = aio.server(
            interceptors=[self._interceptor],
            options=_options(predictor.max_batch_size),
            # Responses are small; requests may be compressed all the same.
            compression=grpc.Compression.NoCompression,
        )
        self._health = ModelHealth(SERVICES, predictor.store)
        prediction_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionServicer(songs), self._server)
        inference = InferenceServicer(predictor, self._health)
        inference_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(inference, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if settings.reflection:
            names = (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    async def start(self, address: str, tls: Tls | None = None) -> int:
        """Listen on host:port and return the port; port 0 chooses a free one."""
        if tls is None:
            port = self._server.add_insecure_port(address)
        else:
            port = self._server.add_secure_port(address, _credentials(tls))
        await self._server.start()
        return port

    def drain(self) -> None:
        """Report NOT_SERVING from now on and end the calls that wait for their callers, not those being answered."""
        self._health.drain()
        self._interceptor.waits.stop()

    async def stop(self, grace_seconds: float) -> None:
        """Reject new calls, and cancel those that are still being answered after the grace period."""
        self.drain()
        await self._server.stop(grace_seconds)


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    pair = (tls.key or b"", tls.certificate or b"")
    return grpc.ssl_server_credentials([pair], tls.authority, require_client_auth=tls.authority is not None)


def _options(max_batch_size: int) -> list[tuple[str, int]]:
    return [
        # Without this, a second server on the port would silently take half of the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", max(MIN_MESSAGE_BYTES, max_batch_size * SONG_BYTES)),
        # Calls that arrived at once and wait for the event loop; by default gRPC rejects some of more than 1,000.
        ("grpc.server.max_pending_requests", MAX_OPEN),
        ("grpc.server.max_pending_requests_hard_limit", 2 * MAX_OPEN),
        # A connection that sends nothing is closed after this; the default is two minutes.
        ("grpc.server_handshake_timeout_ms", 10_000),
        # Detects callers that vanished without closing, whose streams would stay open for ever.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        # An hour, plus ten minutes for open calls: gRPC keeps what a caller does not read as long as its connection.
        ("grpc.max_connection_age_ms", 3_600_000),
        ("grpc.max_connection_age_grace_ms", 600_000),
        # Permits the pings of callers; those of grpc-go send one every 10 s at most.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ]
