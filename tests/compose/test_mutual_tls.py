"""mTLS in REST and gRPC with a CA of the test's own: health checks and the dashboard's clients follow.

Before test_restarts.py, which leaves an empty platform.
"""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from tests.support.compose import compose, healths, services, variables_of

SERVICES = ("fastapi", "grpc", "streamlit")
ASK = ("python", "-m", "operations.secret_files", "python", "-m", "song_preference.clients", "--patience", "60")


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Variables with the files of a server and of its clients."""
    directory, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1", "fastapi", "grpc")
    client = authority.issue_cert("dashboard.example")
    contents = {
        "TLS_CERT_FILE": server.cert_chain_pems[0],
        "TLS_KEY_FILE": server.private_key_pem,
        "TLS_CLIENT_CA_FILE": authority.cert_pem,
        "TLS_CA_FILE": authority.cert_pem,
        "TLS_CLIENT_CERT_FILE": client.cert_chain_pems[0],
        "TLS_CLIENT_KEY_FILE": client.private_key_pem,
    }
    for name, pem in contents.items():
        pem.write_to_path(directory / name)
    return {"COMPOSE_FILE": "docker-compose.yaml:docker-compose.tls.yaml"} | {
        name: str(directory / name) for name in contents
    }


@pytest.fixture(scope="module", autouse=True)
def with_tls(environment: dict[str, str], variables: dict[str, Any]) -> Iterator[None]:
    """Recreate the services that have TLS, and afterwards those without."""
    up = ("up", "--detach", "--wait", "--no-deps", *SERVICES)
    try:
        # Waits for their health checks, which present a certificate.
        compose(*up, **variables)
        yield
    finally:
        compose(*up)


def test_the_dashboards_clients_are_answered(variables: dict[str, Any]) -> None:
    answered = compose("exec", "--no-TTY", "streamlit", *ASK, **variables).stdout
    assert [line.split()[0] for line in answered.splitlines()] == ["REST", "GraphQL", "gRPC"]
    assert healths()["fastapi"] == healths()["grpc"] == "healthy"
    assert variables_of(services()["streamlit"])["FASTAPI_URL"] == "https://fastapi:8803"


def test_a_caller_needs_a_certificate(environment: dict[str, str], variables: dict[str, Any]) -> None:
    url = environment["FASTAPI_URL"].replace("http:", "https:") + "/health/live"
    trusting = ssl.create_default_context(cafile=variables["TLS_CA_FILE"])
    with pytest.raises(httpx.TransportError):
        httpx.get(url, verify=trusting)
    trusting.load_cert_chain(variables["TLS_CLIENT_CERT_FILE"], variables["TLS_CLIENT_KEY_FILE"])
    assert httpx.get(url, verify=trusting).json() == {"status": "live"}


def test_a_wrong_file_ends_the_start_with_its_variable(variables: dict[str, Any]) -> None:
    swapped = variables | {"TLS_KEY_FILE": variables["TLS_CLIENT_KEY_FILE"]}
    for service in ("fastapi", "grpc"):
        ended = compose("run", "--rm", "--no-deps", "--no-TTY", service, check=False, **swapped)
        assert ended.returncode == 1
        assert "TLS_CERT_FILE and TLS_KEY_FILE: /tls/cert.pem and /tls/key.pem are no certificate" in ended.stdout
    Path(variables["TLS_KEY_FILE"]).chmod(0o600)
    ended = compose("run", "--rm", "--no-deps", "--no-TTY", "fastapi", check=False, **variables)
    assert "TLS_KEY_FILE: /tls/key.pem cannot be read (Permission denied): name a file that user 10001" in ended.stdout
