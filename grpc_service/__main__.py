"""Run the service: `python -m grpc_service --host 127.0.0.1 --port 50051`."""

import argparse
import asyncio
import logging
import signal
from concurrent.futures import ThreadPoolExecutor

from grpc_service.metrics_server import exposed
from grpc_service.server import PredictionServer
from song_preference import logs
from song_preference.process import exempt_from_collection, exit_after
from song_preference.serving.registry import following_champion, following_index
from song_preference.serving.songs import SongSearch
from song_preference.settings import GrpcSettings, ServingSettings, load
from song_preference.tls import server_tls

GRACE_SECONDS = 5
"""Time for the calls that are being answered; Docker kills the process after 15 seconds."""

EXIT_SECONDS = GRACE_SECONDS + 1
"""Time from SIGTERM until the process exits, even if threads still run, for which Python would wait."""

THREADS = 2
"""Number of threads for batches and explanations, which spend their time in onnxruntime."""

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="grpc_service", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    logs.configure()
    asyncio.run(_run(options.host, options.port))


async def _run(host: str, port: int) -> None:
    # Installed before anything starts, so that an early signal is not lost.
    stopping = asyncio.Event()

    def stop() -> None:
        exit_after(EXIT_SECONDS)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    settings, serving = load(GrpcSettings), load(ServingSettings)
    predictor = following_champion(serving, with_challenger=True)
    await serve(SongSearch(following_index(serving, "grpc"), predictor), settings, host, port, stopping)


async def serve(songs: SongSearch, settings: GrpcSettings, host: str, port: int, stopping: asyncio.Event) -> None:
    """Answer until `stopping` is set; then report NOT_SERVING and let the calls that are being answered end."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="grpc"))
    tls, server = server_tls(), PredictionServer(songs, settings)
    with exposed(server.metrics.registry, host, settings.metrics_port, tls):
        songs.start()
        exempt_from_collection()
        await server.start(f"{host}:{port}", tls)
        log.info("gRPC listens on %s:%d, metrics on port %d.", host, port, settings.metrics_port)
        await stopping.wait()
        log.info("Stopping: calls that are being answered have %d seconds.", GRACE_SECONDS)
        await server.stop(GRACE_SECONDS)
        songs.stop()
    log.info("Stopped.")


if __name__ == "__main__":
    main()
