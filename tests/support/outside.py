"""The outside world, on this machine: one server that answers for every host, also as the proxy that leads there."""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import trustme

from song_preference.dataset.transfer import Network

HOST = "playlists.example"
PUBLIC = "93.184.215.14"
"""A public address."""

NAMES = (HOST, "localhost", "docs.google.com", "drive.google.com", "drive.usercontent.google.com")
TLS_HANDSHAKE = b"\x16"

Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request, and the ways to answer it."""

    protocol_version = "HTTP/1.1"
    server: "Outside"

    def setup(self) -> None:
        if self.request.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.setup()
        self.close_connection = False

    def do_GET(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        self.server.asked.append((host, self.path))
        self.server.credentials.append(self.headers.get("Authorization"))
        answers = self.server.answers[self.path.partition("?")[0]]
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def answer(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass


class Outside(ThreadingHTTPServer):
    """By path, what is answered to one request after the other; the last answer is repeated."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        authority, self.authority = trustme.CA(), folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*NAMES).configure_cert(self.tls)
        self.port = self.server_address[1]
        self.is_over = Event()
        self.forget()

    def forget(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, str]] = []
        self.credentials: list[str | None] = []

    def url(self, path: str = "/a.csv", host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up and reject certificates: that is what is tested."""


@contextmanager
def running(folder: Path) -> Iterator[Outside]:
    with Outside(folder) as outside:
        thread = Thread(target=outside.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield outside
        finally:
            outside.is_over.set()
            outside.shutdown()
            thread.join()


def gives(content: bytes, status: int = 200, **headers: str) -> Answer:
    return lambda request: request.answer(content, status, **headers)


def leads_to(url: str) -> Answer:
    return gives(b"", 302, Location=url)


def breaks_off(request: Request) -> None:
    request.answer(b"energy\n0.5\n", Content_Length="1000", Content_Disposition="attachment", Content_Type="text/csv")
    request.close_connection = True


def waits(request: Request) -> None:
    """Says nothing until the tests are over."""
    request.server.is_over.wait()


def is_endless(request: Request) -> None:
    """A body without a length, sent until the client hangs up."""
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    while True:
        request.wfile.write(b"2000\r\n" + b"0" * 0x2000 + b"\r\n")


class Rerouted(httpx.BaseTransport):
    """Connects to the server here instead of the address asked for, which it notes; the rest is real, TLS too."""

    def __init__(self, outside: Outside) -> None:
        self.real = Network().connect()
        self.outside = outside
        self.addresses: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.addresses.append(request.url.host)
        assert ip_address(request.url.host).is_global
        url = request.url.copy_with(host="127.0.0.1", port=self.outside.port)
        return self.real.handle_request(
            httpx.Request(request.method, url, headers=request.headers, extensions=request.extensions)
        )

    def close(self) -> None:
        self.real.close()


def resolves_to(*addresses: str) -> Any:
    """Return what resolves every name to these addresses, as `Network` wants it."""

    def resolve(host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002 - getaddrinfo's name
        return [(socket.AF_INET, type, 6, "", (address, port)) for address in addresses]

    return resolve
