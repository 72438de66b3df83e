"""The audit of the lock, with a stand-in for PyPI behind a proxy: pip-audit asks no other address."""

import json
import os
import runpy
import socketserver
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Thread

import pytest
import trustme

from local_stack.config import ROOT

SCRIPT = ROOT / "scripts" / "audit_lock.py"
NONE_KNOWN: tuple[HTTPStatus, object] = (HTTPStatus.OK, {"vulnerabilities": []})
FLAW = {"id": "PYSEC-1", "aliases": [], "fixed_in": ["99"], "details": "A flaw."}

Answer = Callable[[str], tuple[HTTPStatus, object]]
Serve = Callable[[Answer], AbstractContextManager[None]]


def requirements(lock: str) -> list[list[str]]:
    """Return the versions that the script asks for."""
    found: list[list[str]] = runpy.run_path(str(SCRIPT))["requirements"](lock)
    return found


@contextmanager
def standing_in_for_pypi(context: SSLContext, answer: Answer) -> Iterator[int]:
    """Serve a proxy that answers itself what is asked of pypi.org, by path; yield its port."""

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert self.rfile.readline().startswith(b"CONNECT pypi.org:443 ")
            while self.rfile.readline().strip():
                pass
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with context.wrap_socket(self.request, server_side=True) as connection, connection.makefile("rb") as lines:
                while request := lines.readline():
                    while lines.readline().strip():
                        pass
                    status, body = answer(request.split()[1].decode())
                    content = json.dumps(body).encode()
                    head = f"HTTP/1.1 {status} {status.phrase}\r\nContent-Length: {len(content)}\r\n\r\n"
                    connection.sendall(head.encode() + content)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Starts a PyPI that answers by path, for this process and those that it starts."""
    authority, context = trustme.CA(), SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("pypi.org").configure_cert(context)
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    own = {"REQUESTS_CA_BUNDLE": str(bundle), "PIP_CACHE_DIR": str(tmp_path), "NO_PROXY": "", "no_proxy": ""}

    @contextmanager
    def run(answer: Answer) -> Iterator[None]:
        with standing_in_for_pypi(context, answer) as port, monkeypatch.context() as environment:
            proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), f"http://127.0.0.1:{port}")
            for name, value in {**own, **proxy}.items():
                environment.setenv(name, value)
            yield

    return run


def test_every_locked_version_is_asked_for_and_none_has_a_known_vulnerability(serve: Serve) -> None:
    asked: list[str] = []

    def answer(path: str) -> tuple[HTTPStatus, object]:
        asked.append(path)
        return NONE_KNOWN

    with serve(answer):
        done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    locked = [one for column in requirements((ROOT / "uv.lock").read_text()) for one in column]
    assert (done.returncode, done.stdout) == (0, f"{len(locked)} locked versions audited\n")
    assert sorted(asked) == sorted(f"/pypi/{one.replace('==', '/')}/json" for one in locked)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (HTTPStatus.OK, {"vulnerabilities": [FLAW]}, "PYSEC-1"),
        (HTTPStatus.NOT_FOUND, {}, "could not be audited: numpy"),
        (HTTPStatus.INTERNAL_SERVER_ERROR, {}, ""),
    ],
)
def test_a_version_that_is_vulnerable_or_unknown_is_not_passed(
    serve: Serve, capfd: pytest.CaptureFixture[str], status: HTTPStatus, body: object, told: str
) -> None:
    audited = runpy.run_path(str(SCRIPT))["audited"]
    with serve(lambda path: (status, body) if path.startswith("/pypi/numpy/") else NONE_KNOWN):
        assert not audited(["numpy==2.4.6", "onnx==1.20.0"])
    assert told in "".join(capfd.readouterr())


def test_every_locked_version_is_audited_also_those_of_other_pythons() -> None:
    lock = """
    [[package]]
    name = "song-preference"
    source = { editable = "." }
    [[package]]
    name = "numpy"
    version = "2.4.6"
    source = { registry = "https://index.example/simple" }
    resolution-markers = ["python_full_version < '3.12'"]
    [[package]]
    name = "numpy"
    version = "2.5.5"
    source = { registry = "https://index.example/simple" }
    resolution-markers = ["python_full_version >= '3.12'"]
    [[package]]
    name = "pywin32"
    version = "312"
    source = { registry = "https://index.example/simple" }
    """

    assert requirements(lock) == [["numpy==2.4.6", "pywin32==312"], ["numpy==2.5.5"]]


def test_an_audit_without_pypi_fails_and_says_why() -> None:
    nowhere = "http://127.0.0.1:9"
    environment = {**os.environ, "HTTPS_PROXY": nowhere, "https_proxy": nowhere, "NO_PROXY": "", "no_proxy": ""}

    audit = subprocess.run([sys.executable, SCRIPT], env=environment, capture_output=True, text=True, check=False)

    assert audit.returncode == 1
    assert "The audit failed." in audit.stderr
