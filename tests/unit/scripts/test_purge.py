"""`make purge` deletes data only for somebody who says so."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from local_stack.config import ROOT


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What Docker is called with."""
    docker, called = tmp_path / "docker", tmp_path / "called"
    docker.write_text(f'#!/bin/sh\necho "$@" > {called}\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return called


def test_without_a_terminal_it_names_the_command_to_go_on(called: Path) -> None:
    ended = subprocess.run(
        ["make", "purge"],  # noqa: S607
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert "Nothing is deleted. 'make purge YES=1' deletes all" in ended.stderr
    assert not called.exists()


def test_yes_1_goes_on(called: Path) -> None:
    subprocess.run(["make", "purge", "YES=1"], cwd=ROOT, stdin=subprocess.DEVNULL, check=True)  # noqa: S607
    assert called.read_text() == "compose --profile * down --volumes\n"


@pytest.mark.parametrize(("answer", "is_deleted"), [("yes", True), ("y", False), ("", False)])
def test_on_a_terminal_it_asks(called: Path, answer: str, *, is_deleted: bool) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    ended = subprocess.run(["make", "purge"], cwd=ROOT, stdin=theirs, check=False)  # noqa: S607
    os.close(ours)
    os.close(theirs)
    assert (ended.returncode == 0, called.exists()) == (is_deleted, is_deleted)
