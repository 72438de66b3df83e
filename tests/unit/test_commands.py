"""The commands that are shown, as a person runs them who copies them."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from anyio.from_thread import BlockingPortal
from typing_extensions import override

from song_preference.commands import python, shell_commands
from song_preference.features import EXAMPLE
from song_preference.serving.predictor import Predictor
from song_preference.settings import ModelSettings
from song_preference.tls import curl, file_names, file_paths, server_tls
from tests.support.isolated import CLIENTS
from tests.support.tls import SERVER, Addresses, issue, served

CLIENT = ("TLS_CA_FILE", "TLS_CLIENT_CERT_FILE", "TLS_CLIENT_KEY_FILE")
MODEL = ModelSettings.model_construct(tracking_uri="", name="some_model", alias="champion")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name needs quotes, with the program that stands in for grpcurl."""
    folder = tmp_path / "my own"
    folder.mkdir()
    (folder / "grpcurl").symlink_to(CLIENTS / "grpcurl.py")
    return folder


@pytest.fixture
def files(folder: Path) -> dict[str, str]:
    return issue(folder)


def run(command: str, folder: Path) -> str:
    """Type a command in a folder; return what it prints."""
    path = f"{Path(sys.executable).parent}:{folder}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", command],  # noqa: S607 - the test's own shell
        cwd=folder,
        env={"PATH": path, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def assert_all_answer(
    addresses: Addresses, files: Mapping[str, str], folder: Path, predictor: Predictor, scheme: str = "https"
) -> None:
    commands = shell_commands(EXAMPLE, f"{scheme}://{addresses.rest}", addresses.grpc, files)
    answers = {protocol: json.loads(run(command, folder)) for protocol, command in commands.items()}
    expected = predictor.predict(EXAMPLE)
    assert (
        answers["REST"]["probability"] == answers["GraphQL"]["data"]["predict"]["probability"] == expected.probability
    )
    assert answers["gRPC"]["label"] == expected.label


def test_commands_are_answered(grpc_loop: BlockingPortal, predictor: Predictor, folder: Path) -> None:
    with served(grpc_loop, predictor, {}) as addresses:
        assert_all_answer(addresses, {}, folder, predictor, "http")


def test_over_tls_they_name_the_files_of_this_machine(
    grpc_loop: BlockingPortal,
    predictor: Predictor,
    folder: Path,
    files: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in CLIENT:
        monkeypatch.setenv(name, files[name])
    with served(grpc_loop, predictor, files) as addresses:
        assert_all_answer(addresses, file_paths(), folder, predictor)
        # As the dashboard shows them.
        assert_all_answer(addresses, file_names(), folder, predictor)
    assert curl("http://127.0.0.1:8803/", file_paths()) == "curl http://127.0.0.1:8803/"


def test_from_a_container_they_name_the_files_of_the_host(
    grpc_loop: BlockingPortal,
    predictor: Predictor,
    folder: Path,
    files: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TLS_CA_FILE", "/tls/ca.pem")
    monkeypatch.setenv("TLS_CA_FILE_ON_HOST", files["TLS_CA_FILE"])
    with served(grpc_loop, predictor, {name: files[name] for name in SERVER}) as addresses:
        assert_all_answer(addresses, file_names(), folder, predictor)


class Guarded(BaseHTTPRequestHandler):
    """Notes who asks for what, and knows no model."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        body = json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "There is no such model."}).encode()
        self.send_response(404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None:
        """Log no request."""


@pytest.fixture
def proxy(files: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a stand-in for MLflow behind the proxy."""
    tls = server_tls({name: files[name] for name in SERVER})
    assert tls
    monkeypatch.setattr(Guarded, "asked", [], raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        server.socket = tls.context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_behind_the_proxy_mlflow_gets_the_ca_and_the_password(
    proxy: str, folder: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TLS_CA_FILE_ON_HOST", files["TLS_CA_FILE"])
    monkeypatch.setenv("TLS_PROXY", "on")
    snippet = python(EXAMPLE, proxy, MODEL, file_names())
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    ended = subprocess.run(
        [sys.executable, "-c", snippet],
        cwd=folder,
        env=environment,
        input="listener\nsesame\n",
        capture_output=True,
        text=True,
        check=False,
        # No terminal, of which getpass would read.
        start_new_session=True,
    )
    assert "There is no such model." in ended.stderr
    account = f"Basic {base64.b64encode(b'listener:sesame').decode()}"
    assert [authorization for _, authorization in Guarded.asked] == [account] * len(Guarded.asked)
    assert "name=some_model&alias=champion" in Guarded.asked[0][0]


def test_without_a_proxy_python_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # TLS in the services leaves MLflow as it is.
    monkeypatch.setenv("TLS_CA_FILE", "/ca.pem")
    snippet = python(EXAMPLE, "http://mlflow.example", MODEL, file_paths())
    compile(snippet, "snippet", "exec")
    assert not {word for word in ("getpass", "input", "/ca.pem") if word in snippet}
    assert "models:/some_model@champion" in snippet
