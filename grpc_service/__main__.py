"""Run the service: `python -m grpc_service --host 127.0.0.1 --port 50051`."""

import argparse
import logging
import signal
import threading

from grpc_service.server import create_server
from song_preference.serving.predictor import Predictor
from song_preference.settings import ServingSettings, load

GRACE_SECONDS = 5

log = logging.getLogger(__name__)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="grpc_service", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")

    predictor = Predictor.following(load(ServingSettings))
    server = create_server(predictor)
    server.add_insecure_port(f"{options.host}:{options.port}")
    predictor.store.start()
    server.start()
    log.info("gRPC listens on %s:%d.", options.host, options.port)

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    predictor.store.stop()
    server.stop(GRACE_SECONDS).wait()


if __name__ == "__main__":
    main()
