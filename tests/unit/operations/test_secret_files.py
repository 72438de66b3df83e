import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.config import ROOT
from operations.secret_files import with_secrets


def test_the_content_of_a_file_takes_the_place_of_a_value(tmp_path: Path) -> None:
    (tmp_path / "api_key").write_text("my key\n")
    environ = {"API_KEY_FILE": str(tmp_path / "api_key"), "API_KEY": "development-only-api-key", "OTHER": "x"}
    assert with_secrets(environ, tmp_path) == environ | {"API_KEY": "my key"}


def test_a_value_that_names_a_secret_gets_it_and_a_url_gets_it_quoted(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss/word")
    environ = {"PW_FILE": str(tmp_path / "password"), "URL": "postgresql://me:${PW}@host/db", "COPY": "${PW} and $HOME"}
    found = with_secrets(environ, tmp_path)
    assert found["URL"] == "postgresql://me:p%40ss%2Fword@host/db"
    assert found["COPY"] == "p@ss/word and $HOME"


def test_what_a_secret_holds_is_not_filled_in_itself(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("${OTHER}")
    assert with_secrets({"PW_FILE": str(tmp_path / "password"), "PW": "${PW}"}, tmp_path)["PW"] == "${OTHER}"


@pytest.mark.parametrize(("variable", "value"), [("PW", "${PW}"), ("URL", "postgresql://me:${PW}@host/db")])
def test_a_reference_to_a_secret_without_a_file_ends_the_start(variable: str, value: str) -> None:
    with pytest.raises(SystemExit, match=f"{variable} refers to the secret PW, which has no file: set PW_FILE"):
        with_secrets({variable: value})


def test_files_elsewhere_are_no_secrets(tmp_path: Path) -> None:
    environ = {"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "EMPTY_FILE": ""}
    assert with_secrets(environ, tmp_path) == environ


@pytest.mark.parametrize(("content", "message"), [(None, "cannot be read"), ("\n", "is empty")])
def test_a_secret_that_is_not_there_ends_the_start(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "api_key"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SystemExit, match=f"API_KEY_FILE: {path} {message}"):
        with_secrets({"API_KEY_FILE": str(path)}, tmp_path)


def test_the_command_takes_over_with_its_arguments_and_its_status() -> None:
    command = [sys.executable, "-m", "operations.secret_files", sys.executable, "-c", "print('here'); exit(3)"]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (3, "here\n")
