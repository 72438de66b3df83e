"""Runs the application in uvicorn and stops it in time."""

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
"""Time from SIGTERM until the process exits, even if threads still run, for which Python would wait."""

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """A uvicorn server that ends the process in time, even if threads still run."""

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        exit_timer = Timer(EXIT_SECONDS, _exit)
        exit_timer.daemon = True
        exit_timer.start()
        try:
            await super().shutdown(sockets)
        finally:
            exit_timer.cancel()


def _exit() -> None:
    log.warning("Requests are still running %d seconds after the stop signal: abandoning them.", EXIT_SECONDS)
    os._exit(0)


def configuration(app: ASGIApp, host: str, port: int, trusted_proxies: str = "") -> uvicorn.Config:
    """Return uvicorn's configuration; `trusted_proxies` are comma-separated addresses that may set X-Forwarded-For."""
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
    # uvicorn raises the signal again at its end, which by default makes the exit status 143.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    Server(config).run()
