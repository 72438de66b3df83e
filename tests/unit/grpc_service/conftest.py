"""A real server on a free port, and a channel to it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import grpc
import numpy as np
import pytest
from anyio.from_thread import BlockingPortal
from grpc_health.v1 import health_pb2_grpc
from numpy.typing import NDArray

from song_preference.prediction import Batch
from song_preference.serving.metrics import Metrics
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2_grpc
from tests.support.grpc_server import grpc_server

PATIENCE_SECONDS = 10


class Slow(Predictor):
    """Answers batches when it is let."""

    def __init__(self, store: ModelStore) -> None:
        super().__init__(store)
        self.asked, self.let = threading.Event(), threading.Event()

    def predict_rows(self, features: NDArray[np.float32]) -> Batch:
        self.asked.set()
        assert self.let.wait(PATIENCE_SECONDS)
        return super().predict_rows(features)


@dataclass(frozen=True)
class Edge:
    """A running server as its callers and its operator see it."""

    address: str
    channel: grpc.Channel
    stub: prediction_pb2_grpc.PredictionServiceStub
    health: health_pb2_grpc.HealthStub
    metrics: Metrics
    predictor: Predictor
    drain: Callable[[], None]
    loop: BlockingPortal
    """For clients that use grpc.aio."""


@contextmanager
def running(loop: BlockingPortal, predictor: Predictor, *, reflection: bool = True) -> Iterator[Edge]:
    with (
        grpc_server(loop, predictor, reflection=reflection) as (address, metrics, drain),
        grpc.insecure_channel(address) as channel,
    ):
        stub, health = prediction_pb2_grpc.PredictionServiceStub(channel), health_pb2_grpc.HealthStub(channel)
        yield Edge(address, channel, stub, health, metrics, predictor, drain, loop)


Start = Callable[[Predictor], Edge]


@pytest.fixture
def start(grpc_loop: BlockingPortal) -> Iterator[Start]:
    """Starts a server on the predictor that a test makes."""
    with ExitStack() as started:
        yield lambda predictor: started.enter_context(running(grpc_loop, predictor))


@pytest.fixture
def edge(grpc_loop: BlockingPortal, predictor: Predictor) -> Iterator[Edge]:
    with running(grpc_loop, predictor) as edge:
        yield edge


@pytest.fixture
def edge_without_champion(grpc_loop: BlockingPortal, store: ModelStore) -> Iterator[Edge]:
    with running(grpc_loop, Predictor(store)) as edge:
        yield edge


@pytest.fixture
def slow(predictor: Predictor) -> Iterator[Slow]:
    slow = Slow(predictor.store)
    yield slow
    slow.let.set()
