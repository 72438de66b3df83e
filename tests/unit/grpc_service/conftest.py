"""A real server on a free port, and a channel to it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import grpc
import pytest
from grpc_health.v1 import health_pb2_grpc

from grpc_service.health import ModelHealth
from grpc_service.server import SERVICE, create_server
from song_preference.features import Song
from song_preference.serving.metrics import Metrics
from song_preference.serving.predictor import Prediction, Predictor
from song_preference.serving.store import ModelStore
from song_preference.settings import GrpcSettings
from song_preference.v1 import prediction_pb2_grpc

PATIENCE_SECONDS = 10


class Slow(Predictor):
    """Answers when it is let."""

    def __init__(self, store: ModelStore) -> None:
        super().__init__(store)
        self.asked, self.let = threading.Event(), threading.Event()

    def predict_each(self, songs: Sequence[Song]) -> list[Prediction]:
        self.asked.set()
        assert self.let.wait(PATIENCE_SECONDS)
        return super().predict_each(songs)


@dataclass(frozen=True)
class Edge:
    """A running server as its callers and its operator see it."""

    channel: grpc.Channel
    stub: prediction_pb2_grpc.PredictionServiceStub
    health: health_pb2_grpc.HealthStub
    model_health: ModelHealth
    metrics: Metrics
    predictor: Predictor


@contextmanager
def running(predictor: Predictor, *, reflection: bool = True) -> Iterator[Edge]:
    settings = GrpcSettings.model_validate({"GRPC_METRICS_PORT": 0, "GRPC_REFLECTION": reflection})
    metrics, health = Metrics(predictor.store), ModelHealth(SERVICE, predictor.store)
    server = create_server(predictor, settings, metrics, health)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = prediction_pb2_grpc.PredictionServiceStub(channel)
        yield Edge(channel, stub, health_pb2_grpc.HealthStub(channel), health, metrics, predictor)
    health.drain()
    server.stop(None).wait()


Start = Callable[[Predictor], Edge]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server on the predictor that a test makes."""
    with ExitStack() as started:
        yield lambda predictor: started.enter_context(running(predictor))


@pytest.fixture
def edge(predictor: Predictor) -> Iterator[Edge]:
    with running(predictor) as edge:
        yield edge


@pytest.fixture
def edge_without_champion(store: ModelStore) -> Iterator[Edge]:
    with running(Predictor(store)) as edge:
        yield edge


@pytest.fixture
def slow(predictor: Predictor) -> Iterator[Slow]:
    slow = Slow(predictor.store)
    yield slow
    slow.let.set()
