"""Both services with TLS, and a throw-away CA."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme
from anyio.from_thread import BlockingPortal

from fastapi_app.app import create_app
from fastapi_app.server import Server, configuration
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings
from song_preference.tls import server_tls
from tests.support.grpc_server import grpc_server

REST = RestSettings.model_validate(
    {"API_KEY": "key", "MAX_UPLOAD_BYTES": 1000, "GRAPHQL_IDE": True, "MANAGE_DATASETS": False}
)
SERVER = ("TLS_CERT_FILE", "TLS_KEY_FILE")


def issue(directory: Path) -> dict[str, str]:
    """Write a CA, a certificate of this machine and one of a client; return their paths by variable."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    for name, issued in {"server": authority.issue_cert("127.0.0.1"), "client": authority.issue_cert("us")}.items():
        issued.private_key_pem.write_to_path(directory / f"{name}.key")
        (directory / f"{name}.pem").write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
    names = {
        "TLS_CERT_FILE": "server.pem",
        "TLS_KEY_FILE": "server.key",
        "TLS_CLIENT_CA_FILE": "ca.pem",
        "TLS_CA_FILE": "ca.pem",
        "TLS_CLIENT_CERT_FILE": "client.pem",
        "TLS_CLIENT_KEY_FILE": "client.key",
    }
    return {variable: str(directory / name) for variable, name in names.items()}


class Addresses(NamedTuple):
    """The services' addresses."""

    rest: str
    grpc: str


@contextmanager
def served(loop: BlockingPortal, predictor: Predictor, files: Mapping[str, str]) -> Iterator[Addresses]:
    """Both services with the server's files among these."""
    tls, songs = server_tls(files), SongSearch(None, predictor)
    with (
        grpc_server(loop, songs, reflection=True, tls=tls) as (address, *_),
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        http = Server(configuration(create_app(songs, REST), "127.0.0.1", 0, tls=tls))
        thread = threading.Thread(target=http.run, args=([listening],), daemon=True)
        thread.start()
        yield Addresses(f"127.0.0.1:{listening.getsockname()[1]}", address)
        http.should_exit = True
        thread.join()
