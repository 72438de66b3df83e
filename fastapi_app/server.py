"""Runs the application: what uvicorn may do, and how it stops."""

import logging
import os
import signal
import socket
import sys
from threading import Timer

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from fastapi_app.connections import GRACE_SECONDS, KEEP_ALIVE_SECONDS, TimedProtocol

EXIT_SECONDS = GRACE_SECONDS + 1
"""Time after SIGTERM until a request is abandoned whose thread goes on: Python would wait for it."""

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Ends the process in time, whatever its threads still do."""

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        leave = Timer(EXIT_SECONDS, _leave)
        leave.daemon = True
        leave.start()
        try:
            await super().shutdown(sockets)
        finally:
            leave.cancel()


def _leave() -> None:
    log.warning("Requests still run %d seconds after the signal to stop: they are abandoned.", EXIT_SECONDS)
    os._exit(0)


def configuration(app: ASGIApp, host: str, port: int, trusted_proxies: str = "") -> uvicorn.Config:
    """How the service listens; only proxies at the trusted addresses, separated by commas, may name their clients."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=TimedProtocol,
        log_config=None,
        access_log=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


def serve(config: uvicorn.Config) -> None:
    """Serve until SIGTERM or SIGINT, and exit with status 0."""
    # uvicorn raises the signal once more when it has ended, which by default makes the exit status 143.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    Server(config).run()
