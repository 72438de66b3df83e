"""A real gRPC server on an event loop beside the test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from anyio.from_thread import BlockingPortal

from grpc_service.server import PredictionServer
from song_preference.serving.metrics import Metrics
from song_preference.serving.songs import SongSearch
from song_preference.settings import GrpcSettings
from song_preference.tls import Tls


class Running(NamedTuple):
    """A server as its operator sees it."""

    address: str
    metrics: Metrics
    drain: Callable[[], None]


@contextmanager
def grpc_server(
    loop: BlockingPortal, songs: SongSearch, *, reflection: bool = False, tls: Tls | None = None
) -> Iterator[Running]:
    """Serve songs and their predictor on a free port."""
    settings = GrpcSettings.model_validate({"GRPC_METRICS_PORT": 0, "GRPC_REFLECTION": reflection})

    async def started() -> tuple[PredictionServer, int]:
        server = PredictionServer(songs, settings)
        return server, await server.start("127.0.0.1:0", tls)

    server, port = loop.call(started)
    yield Running(f"127.0.0.1:{port}", server.metrics, lambda: loop.call(server.drain))
    loop.call(server.stop, 0)
