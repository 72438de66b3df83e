"""Serves the metrics over HTTP or HTTPS; slow or idle clients do not block others."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from typing_extensions import override

from song_preference.tls import Tls

MAX_CONNECTIONS = 32
"""Most connections at once, each with a thread; one more closes the oldest."""

PAUSE_SECONDS = 10
"""Longest wait for the next bytes of a request, and for a client to read the whole answer."""


@contextmanager
def exposed(registry: CollectorRegistry, host: str, port: int, tls: Tls | None) -> Iterator[None]:
    """Expose the metrics at http://host:port/metrics, or https://..., where TLS may demand a certificate of callers."""
    web = make_server(host, port, make_wsgi_app(registry), _Server, _Handler)
    if tls:
        # Each handshake is left to its connection's thread, as its first read: here it would block all others.
        web.socket = tls.context.wrap_socket(web.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=web.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


class _Server(ThreadingWSGIServer):
    # With the default of 5, a burst of clients makes the next one wait for seconds.
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._lock = Lock()
        self._open: dict[socket.socket, None] = {}

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._open) >= MAX_CONNECTIONS:
                oldest = next(iter(self._open))
                del self._open[oldest]
                # Its thread sees the end of the request; the client may have closed it, too.
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)
            self._open[request] = None
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that was too slow or left: by default each is a traceback."""


class _Handler(WSGIRequestHandler):
    timeout = PAUSE_SECONDS

    @override
    def log_message(self, *_: Any) -> None:
        """Log no request."""
