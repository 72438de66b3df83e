"""A real server on a free port, and a channel to it."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from anyio.from_thread import BlockingPortal

from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from tests.support.grpc_calls import Edge, Slow, Start, running


@pytest.fixture
def start(grpc_loop: BlockingPortal) -> Iterator[Start]:
    """Starts a server on the predictor that a test makes."""
    with ExitStack() as started:
        yield lambda predictor: started.enter_context(running(grpc_loop, SongSearch(None, predictor)))


@pytest.fixture
def edge(grpc_loop: BlockingPortal, predictor: Predictor) -> Iterator[Edge]:
    with running(grpc_loop, SongSearch(None, predictor)) as edge:
        yield edge


@pytest.fixture
def edge_without_champion(grpc_loop: BlockingPortal, store: ModelStore) -> Iterator[Edge]:
    with running(grpc_loop, SongSearch(None, Predictor(store))) as edge:
        yield edge


@pytest.fixture
def slow(predictor: Predictor) -> Iterator[Slow]:
    slow = Slow(predictor.store)
    yield slow
    slow.let.set()
