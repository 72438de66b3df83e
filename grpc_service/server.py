"""The composition root of the gRPC service."""

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from grpc_service.servicer import PredictionServicer
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc

THREADS = 4
"""Twice the threads answer no more: a prediction holds the interpreter for most of its time."""

SERVICE = prediction_pb2.DESCRIPTOR.services_by_name["PredictionService"].full_name


def create_server(predictor: Predictor) -> grpc.Server:
    """A server on a given predictor, with health and reflection; the caller binds, starts and stops it."""
    server = grpc.server(
        ThreadPoolExecutor(THREADS, thread_name_prefix="grpc"),
        # Without this a second server on the port would silently take half of the calls.
        options=[("grpc.so_reuseport", 0)],
    )
    prediction_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionServicer(predictor), server)
    health_servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health_servicer, server)
    health_servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    reflection.enable_server_reflection(
        (SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME),
        server,
    )
    return server
