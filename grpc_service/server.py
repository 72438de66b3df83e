"""The composition root of the gRPC service."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from grpc_service.calls import CallInterceptor
from grpc_service.health import ModelHealth
from grpc_service.servicer import PredictionServicer
from song_preference.serving.metrics import Metrics
from song_preference.serving.predictor import Predictor
from song_preference.settings import GrpcSettings
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc

THREADS = 8
"""As many songs share a run of the model at most; twice the threads answer no more."""

MAX_STREAMS = 16
"""A stream holds a thread for as long as it lasts: it has threads of its own, lest idle ones stop all else."""

MAX_CALLS = 256
"""At work or waiting for a thread; a further one would hardly be answered before its caller's patience ends."""

MIN_MESSAGE_BYTES = 4 << 20
SONG_BYTES = 64
"""More than a song takes on the wire (38), so that a batch of the allowed size always fits."""

SERVICE = prediction_pb2.DESCRIPTOR.services_by_name["PredictionService"].full_name


def create_server(
    predictor: Predictor,
    settings: GrpcSettings,
    metrics: Metrics | None = None,
    model_health: ModelHealth | None = None,
) -> grpc.Server:
    """A server on a given predictor, which it observes; the caller binds, starts and stops it.

    One who wants to show the metrics or to drain the health brings them along.
    """
    metrics = metrics or Metrics(predictor.store)
    predictor.observer = metrics
    # One thread more than streams, to refuse the stream that is too many.
    streams = ThreadPoolExecutor(MAX_STREAMS + 1, thread_name_prefix="grpc-stream")
    server = grpc.server(
        ThreadPoolExecutor(THREADS, thread_name_prefix="grpc"),
        interceptors=[CallInterceptor(SERVICE, metrics, streams)],
        options=_options(predictor.max_batch_size),
        maximum_concurrent_rpcs=MAX_CALLS,
        # Answers are small; what a client compresses is read all the same.
        compression=grpc.Compression.NoCompression,
    )
    prediction_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionServicer(predictor, MAX_STREAMS), server)
    health_pb2_grpc.add_HealthServicer_to_server(model_health or ModelHealth(SERVICE, predictor.store), server)
    if settings.reflection:
        reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
    return server


def _options(max_batch_size: int) -> list[tuple[str, int]]:
    return [
        # Without this a second server on the port would silently take half of the calls.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", max(MIN_MESSAGE_BYTES, max_batch_size * SONG_BYTES)),
        # Finds the callers that vanished without a word, which would hold their streams for ever ...
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        # ... and lets callers find out about us, though not more often than this.
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 30_000),
    ]
