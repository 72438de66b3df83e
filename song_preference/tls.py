"""TLS from files in PEM: the certificate of a server, and what its clients trust and present, also commands to copy.

Health checks use it every few seconds, so it needs only the standard library.
"""

import os
import shlex
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import grpc


FILES = {"cacert": "TLS_CA_FILE", "cert": "TLS_CLIENT_CERT_FILE", "key": "TLS_CLIENT_KEY_FILE"}
"""The variable of each file by the option of curl and grpcurl that names it.

In a container, whose paths nobody outside knows, a variable with `_ON_HOST` after this name has the path on the host.
"""


class Tls(NamedTuple):
    """One side of TLS, as a context for HTTP and in PEM for gRPC."""

    context: ssl.SSLContext
    certificate: bytes | None
    key: bytes | None
    authority: bytes | None
    """The CAs whose certificates are accepted from the other side."""


def server_tls(environ: Mapping[str, str] = os.environ) -> Tls | None:
    """Return the TLS of a server, None if TLS_CERT_FILE and TLS_KEY_FILE are empty; end the process at a wrong file.

    With TLS_CLIENT_CA_FILE, callers must present a certificate of that CA.
    """
    certificate, key, authority = "TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CLIENT_CA_FILE"
    if not any(environ.get(name) for name in (certificate, key, authority)):
        return None
    if not environ.get(certificate):
        raise SystemExit(f"{certificate} is empty: name the server's certificate, or unset all TLS variables.")
    tls = _loaded(ssl.PROTOCOL_TLS_SERVER, environ, certificate, key, authority)
    if tls.authority:
        tls.context.verify_mode = ssl.CERT_REQUIRED
    return tls


def client_tls(environ: Mapping[str, str] = os.environ) -> Tls | None:
    """Return the TLS of a client, None if TLS_CA_FILE is empty; end the process at a wrong file."""
    certificate, key, authority = "TLS_CLIENT_CERT_FILE", "TLS_CLIENT_KEY_FILE", "TLS_CA_FILE"
    if environ.get(authority):
        return _loaded(ssl.PROTOCOL_TLS_CLIENT, environ, certificate, key, authority)
    if environ.get(certificate) or environ.get(key):
        raise SystemExit(f"{authority} is empty: name the CA of the servers, or unset {certificate} and {key}.")
    return None


def verification(tls: Tls | None) -> ssl.SSLContext | bool:
    """Return httpx's option `verify`: without files of its own, a client trusts the usual CAs."""
    return tls.context if tls else True


def channel(address: str, tls: Tls | None) -> "grpc.Channel":
    """Return a gRPC channel, with TLS if there is any."""
    import grpc  # noqa: PLC0415 - health checks over HTTP need not load it

    if tls is None:
        return grpc.insecure_channel(address)
    credentials = grpc.ssl_channel_credentials(tls.authority, tls.key, tls.certificate)
    return grpc.secure_channel(address, credentials)


def file_paths() -> dict[str, str]:
    """Return the path of each file that is set, by the option of curl and grpcurl that names it."""
    paths = {option: os.environ.get(f"{name}_ON_HOST") or os.environ.get(name, "") for option, name in FILES.items()}
    return {option: path for option, path in paths.items() if path}


def file_names() -> dict[str, str]:
    """Return the name of each file, without its folder, for commands that may be read on other machines."""
    return {option: Path(path).name for option, path in file_paths().items()}


def curl(url: str, files: Mapping[str, str]) -> str:
    """Return curl with the options that this address needs."""
    return " ".join(["curl", *(options("--", files) if url.startswith("https:") else []), url])


def options(dashes: str, files: Mapping[str, str]) -> list[str]:
    """Return the options of curl or grpcurl, with this many dashes, that name the files."""
    return [f"{dashes}{option} {shlex.quote(path)}" for option, path in files.items()]


def _loaded(protocol: int, environ: Mapping[str, str], certificate: str, key: str, authority: str) -> Tls:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    contents = {name: _content(name, environ.get(name, "")) for name in (certificate, key, authority)}
    if (contents[certificate] is None) != (contents[key] is None):
        raise SystemExit(f"Of {certificate} and {key} one is empty: name both files, or none.")
    if contents[certificate] is not None:
        try:
            # Without a password, OpenSSL would ask for one at the terminal.
            context.load_cert_chain(environ[certificate], environ[key], password="")  # nosec B106
        except ssl.SSLError as error:
            raise SystemExit(
                f"{certificate} and {key}: {environ[certificate]} and {environ[key]} are no certificate and its key "
                f"({error.reason}): name a certificate and the key that belongs to it, in PEM and without a passphrase."
            ) from None
    if contents[authority] is not None:
        try:
            context.load_verify_locations(environ[authority])
        except ssl.SSLError as error:
            raise SystemExit(
                f"{authority}: {environ[authority]} holds no certificate ({error.reason}): name a file of CA "
                "certificates in PEM."
            ) from None
    return Tls(context, contents[certificate], contents[key], contents[authority])


def _content(variable: str, path: str) -> bytes | None:
    try:
        return Path(path).read_bytes() if path else None
    except OSError as error:
        raise SystemExit(
            f"{variable}: {path} cannot be read ({error.strerror}): name a file that user {os.getuid()} may read, "
            "or unset the variable."
        ) from None
