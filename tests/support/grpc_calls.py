"""A running gRPC server and requests to it."""

import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import grpc
import numpy as np
import pytest
from anyio.from_thread import BlockingPortal
from google.rpc.error_details_pb2 import BadRequest  # type: ignore[import-untyped]
from grpc_health.v1 import health_pb2_grpc
from grpc_status import rpc_status
from numpy.typing import NDArray

from song_preference.prediction import Batch
from song_preference.serving.metrics import Metrics
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1 import prediction_pb2_grpc
from tests.support.grpc_server import grpc_server

PATIENCE_SECONDS = 10


class Slow(Predictor):
    """Answers batches when it is let."""

    def __init__(self, store: ModelStore) -> None:
        super().__init__(store)
        self.asked, self.let = threading.Event(), threading.Event()

    def predict_rows(self, features: NDArray[np.float32], version: str | None = None) -> Batch:
        self.asked.set()
        assert self.let.wait(PATIENCE_SECONDS)
        return super().predict_rows(features, version)


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
def running(loop: BlockingPortal, songs: SongSearch, *, reflection: bool = True) -> Iterator[Edge]:
    with (
        grpc_server(loop, songs, reflection=reflection) as (address, metrics, drain),
        grpc.insecure_channel(address) as channel,
    ):
        stub, health = prediction_pb2_grpc.PredictionServiceStub(channel), health_pb2_grpc.HealthStub(channel)
        yield Edge(address, channel, stub, health, metrics, songs.predictor, drain, loop)


Start = Callable[[Predictor], Edge]


TIMEOUT_SECONDS = 10


def predict_request(**features: float | None) -> pb.PredictRequest:
    return pb.PredictRequest(song=pb.Song(**features))


def batch_request(*songs: dict[str, float]) -> pb.PredictBatchRequest:
    return pb.PredictBatchRequest(songs=[pb.Song(**song) for song in songs])


def stream_request(**features: float) -> pb.PredictStreamRequest:
    return pb.PredictStreamRequest(song=pb.Song(**features))


def converse(edge: Edge, requests: Iterable[pb.PredictStreamRequest], seconds: float = TIMEOUT_SECONDS) -> Any:
    """The answers of a stream, which is the call as well: the stubs know the one or the other."""
    return edge.stub.PredictStream(iter(requests), timeout=seconds)


@dataclass(frozen=True)
class Rejection:
    """A status that is not OK."""

    code: grpc.StatusCode
    text: str
    violations: dict[str, str]
    """The rule that each field breaks, from the details of the status."""


def rejected(call: Callable[[], object]) -> Rejection:
    """Return how a call is rejected; fail where it is not."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    error: Any = raised.value
    status = rpc_status.from_call(error)
    details = BadRequest()
    for detail in status.details if status is not None else ():
        assert detail.Unpack(details)
    violations = {violation.field: violation.description for violation in details.field_violations}
    return Rejection(error.code(), error.details(), violations)


AsyncTest = Callable[..., Awaitable[None]]


def on_the_loop(test: AsyncTest) -> Callable[..., None]:
    """Run a test that uses grpc.aio on the server's own event loop."""

    @wraps(test)
    def run(edge: Edge, **fixtures: object) -> None:
        edge.loop.call(partial(test, edge, **fixtures))

    return run
