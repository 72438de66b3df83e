"""Run the service: `python -m grpc_service --host 127.0.0.1 --port 50051`."""

import argparse
import gc
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from grpc_service.health import ModelHealth
from grpc_service.server import SERVICE, create_server
from song_preference import logs
from song_preference.serving.metrics import Metrics
from song_preference.serving.predictor import Predictor
from song_preference.settings import GrpcSettings, ServingSettings, load

GRACE_SECONDS = 5
"""For the calls that are under way; Docker kills after 10."""

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="grpc_service", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    logs.configure()
    # Before anything starts: a signal that comes early must not be lost.
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    settings, predictor = load(GrpcSettings), Predictor.following(load(ServingSettings))
    serve(predictor, settings, options.host, options.port, told_to_stop)


def serve(predictor: Predictor, settings: GrpcSettings, host: str, port: int, told_to_stop: threading.Event) -> None:
    """Answer until `told_to_stop`; then say so, and let the calls under way end."""
    metrics, health = Metrics(predictor.store), ModelHealth(SERVICE, predictor.store)
    server = create_server(predictor, settings, metrics, health)
    server.add_insecure_port(f"{host}:{port}")
    with _shown(metrics, host, settings.metrics_port):
        predictor.store.start()
        # A full collection would look at all that was imported, while nobody is answered.
        gc.collect()
        gc.freeze()
        server.start()
        log.info("gRPC listens on %s:%d, metrics on port %d.", host, port, settings.metrics_port)
        told_to_stop.wait()
        log.info("Told to stop: the calls under way have %d seconds.", GRACE_SECONDS)
        health.drain()
        server.stop(GRACE_SECONDS).wait()
        predictor.store.stop()
    log.info("Stopped.")


@contextmanager
def _shown(metrics: Metrics, host: str, port: int) -> Iterator[None]:
    """The metrics at http://host:port/metrics."""
    web, thread = start_http_server(port, host, metrics.registry)
    try:
        yield
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


if __name__ == "__main__":
    main()
