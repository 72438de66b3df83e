"""Environments of their own for packages that cannot stand beside ours."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from local_stack.config import ROOT

CLIENTS = ROOT / "tests" / "clients"
"""Programs that run where other packages are installed, and the list of these."""


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
