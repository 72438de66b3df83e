"""Environments of their own for packages that cannot stand beside ours."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from local_stack.config import ROOT
from song_preference.features import FEATURES

CLIENTS = ROOT / "tests" / "clients"
"""Programs that run where other packages are installed, and the list of these."""

ROWS = np.random.default_rng(3).random((1000, 4), dtype=np.float32).astype(float).tolist()
SONGS = [dict(zip(FEATURES, row, strict=True)) for row in ROWS]
"""The songs that every client asks about."""

Answers = list[tuple[bool, float]]


class InstallFailed(Exception):
    """The packages cannot be installed; the message is the installer's last line."""

    def __init__(self, output: str) -> None:
        super().__init__(output.strip().rpartition("\n")[2].strip())
        self.is_index_unreachable = "Failed to fetch" in output or "error sending request" in output


def install(requirements: Path, directory: Path) -> Path:
    """Install pinned packages into a new environment; return its folder of commands; raise `InstallFailed`."""
    # `make` leaves a uv of its own in .tools if there is no suitable one.
    uv = shutil.which("uv", path=f"{ROOT}/.tools/uv/bin{os.pathsep}{os.environ['PATH']}") or "uv"
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(directory)],
        ["pip", "install", "--quiet", "--python", str(directory), "--requirements", str(requirements)],
    ):
        ended = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
        if ended.returncode:
            raise InstallFailed(ended.stderr)
    return directory / "bin"


def ask(commands: Path, client: str, rest_url: str, grpc_address: str, ca_file: str = "") -> dict[str, Answers]:
    """Return what a client answers about `SONGS`, by the way it asked."""
    program = str(CLIENTS / f"with_{client}.py")
    ended = subprocess.run(
        [str(commands / "python"), program, rest_url, grpc_address],
        input=json.dumps(ROWS),
        env={**os.environ, "CA_FILE": ca_file} if ca_file else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answers = {way: [(likes, found) for likes, found in each] for way, each in json.loads(ended.stdout).items()}
    assert answers
    return answers
