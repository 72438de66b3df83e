"""TLS from files: both services and all their clients, with a CA of the test's own."""

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from cryptography.hazmat.primitives import serialization as pem

from local_stack.config import ROOT
from operations.probe import problem
from song_preference.clients import ask_all, clients
from song_preference.errors import ServiceUnavailable
from song_preference.features import EXAMPLE
from song_preference.serving.predictor import Predictor
from song_preference.settings import ClientSettings
from song_preference.tls import client_tls, server_tls
from tests.support.tls import SERVER, Addresses, issue, served


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A CA, a certificate of this machine and one of a client, by variable."""
    return issue(tmp_path_factory.mktemp("tls"))


@contextmanager
def presenting(monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str], *variables: str) -> Iterator[None]:
    """The environment of a client with these files."""
    with monkeypatch.context() as environment:
        for name in variables:
            environment.setenv(name, files[name])
        yield


def assert_all_answer(addresses: Addresses) -> None:
    settings = {"FASTAPI_URL": f"https://{addresses.rest}", "GRPC_ADDRESS": addresses.grpc}
    ask_all(clients(ClientSettings.model_validate(settings)), EXAMPLE, patience_seconds=0)
    assert problem(f"https://{addresses.rest}/health/live", "status=live") is None
    assert problem(f"grpcs://{addresses.grpc}") is None


def assert_none_answers(addresses: Addresses, scheme: str = "s") -> None:
    settings = {"FASTAPI_URL": f"http{scheme}://{addresses.rest}", "GRPC_ADDRESS": addresses.grpc}
    for client in clients(ClientSettings.model_validate(settings)).values():
        with pytest.raises(ServiceUnavailable):
            client.predict(EXAMPLE)
    assert "does not answer" in str(problem(f"http{scheme}://{addresses.rest}/health/live"))
    assert "does not answer" in str(problem(f"grpc{scheme}://{addresses.grpc}"))


def test_clients_that_trust_the_ca_are_answered_and_no_others(
    grpc_loop: BlockingPortal, predictor: Predictor, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(grpc_loop, predictor, {name: files[name] for name in SERVER}) as addresses:
        with presenting(monkeypatch, files, "TLS_CA_FILE"):
            assert_all_answer(addresses)
        assert_none_answers(addresses)
        assert_none_answers(addresses, scheme="")


def test_callers_without_a_certificate_are_rejected_where_a_ca_of_clients_is_set(
    grpc_loop: BlockingPortal, predictor: Predictor, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(grpc_loop, predictor, files) as addresses:
        with presenting(monkeypatch, files, "TLS_CA_FILE", "TLS_CLIENT_CERT_FILE", "TLS_CLIENT_KEY_FILE"):
            assert_all_answer(addresses)
        with presenting(monkeypatch, files, "TLS_CA_FILE"):
            assert_none_answers(addresses)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_nothing_older_than_tls_1_2_is_spoken(
    grpc_loop: BlockingPortal, predictor: Predictor, files: dict[str, str]
) -> None:
    old = ssl.create_default_context(cafile=files["TLS_CA_FILE"])
    old.minimum_version, old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    # Else OpenSSL itself would not offer it.
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with served(grpc_loop, predictor, {name: files[name] for name in SERVER}) as addresses:
        for address in addresses:
            host, port = address.split(":")
            with socket.create_connection((host, int(port)), timeout=20) as plain, pytest.raises(ssl.SSLError):
                old.wrap_socket(plain, server_hostname=host)


def test_without_files_there_is_none(files: dict[str, str]) -> None:
    assert server_tls({"TLS_CERT_FILE": "", "TLS_KEY_FILE": ""}) is None
    assert client_tls({"TLS_CERT_FILE": files["TLS_CERT_FILE"]}) is None


FAULTS = {
    "TLS_CERT_FILE: {missing} cannot be read (No such file or directory)": {"TLS_CERT_FILE": "missing"},
    "TLS_KEY_FILE: {missing} cannot be read (No such file or directory)": {"TLS_KEY_FILE": "missing"},
    "TLS_CLIENT_CA_FILE: {missing} cannot be read (No such file": {"TLS_CLIENT_CA_FILE": "missing"},
    "TLS_CLIENT_CA_FILE: {text} holds no certificate (NO_CERTIFICATE_OR_CRL_FOUND)": {"TLS_CLIENT_CA_FILE": "text"},
    "TLS_CERT_FILE and TLS_KEY_FILE: {text} and": {"TLS_CERT_FILE": "text"},
    "in PEM and without a passphrase": {"TLS_KEY_FILE": "encrypted"},
    "(KEY_VALUES_MISMATCH): name a certificate and the key that belongs to it": {"TLS_KEY_FILE": "other"},
    "Of TLS_CERT_FILE and TLS_KEY_FILE one is empty: name both files, or none.": {"TLS_KEY_FILE": ""},
    "TLS_CERT_FILE is empty: name the server's certificate": {"TLS_CERT_FILE": ""},
}


@pytest.mark.parametrize(("told", "wrong"), FAULTS.items(), ids=FAULTS)
def test_a_wrong_file_ends_the_start_with_its_variable_and_the_remedy(
    files: dict[str, str], tmp_path: Path, told: str, wrong: dict[str, str]
) -> None:
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "other").write_bytes(Path(files["TLS_CLIENT_KEY_FILE"]).read_bytes())
    key = pem.load_pem_private_key(Path(files["TLS_KEY_FILE"]).read_bytes(), None)
    locked = pem.BestAvailableEncryption(b"secret")
    (tmp_path / "encrypted").write_bytes(
        key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, encryption_algorithm=locked)
    )
    paths = {name: str(tmp_path / name) for name in ("missing", "text", "encrypted", "other")} | {"": ""}
    with pytest.raises(SystemExit) as ended:
        server_tls(files | {variable: paths[name] for variable, name in wrong.items()})
    assert told.format(**paths) in str(ended.value)


def test_a_client_names_its_own_variables(files: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match="Of TLS_CLIENT_CERT_FILE and TLS_CLIENT_KEY_FILE one is empty"):
        client_tls(files | {"TLS_CLIENT_KEY_FILE": ""})
    with pytest.raises(SystemExit, match="TLS_CA_FILE is empty: name the CA of the servers"):
        client_tls(files | {"TLS_CA_FILE": ""})


def test_the_certificate_of_make_secrets_is_its_own_ca(
    grpc_loop: BlockingPortal, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generated = {"PATH": os.environ["PATH"], "SECRETS_DIR": str(tmp_path), "PUBLIC_HOST": "music.example"}
    subprocess.run([ROOT / "scripts" / "secrets"], env=generated, check=True, capture_output=True)
    certificate = str(tmp_path / "tls_cert.pem")
    files = {"TLS_CERT_FILE": certificate, "TLS_KEY_FILE": str(tmp_path / "tls_key.pem"), "TLS_CA_FILE": certificate}
    with served(grpc_loop, predictor, files) as addresses, presenting(monkeypatch, files, "TLS_CA_FILE"):
        assert_all_answer(addresses)
    user, _, hashed = (tmp_path / "proxy_users").read_text().partition(":")
    command = ["openssl", "passwd", "-6", "-salt", hashed.split("$")[2], (tmp_path / "proxy_password").read_text()]
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (user, hashed) == ("listener", again.stdout.strip())
