"""The timer that ends a process, in processes of its own."""

import subprocess
import sys

import pytest

IMPORTS = "import sys, threading; from song_preference.process import exit_after"
PATIENCE_SECONDS = 60


def run(script: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", f"{IMPORTS}; {script}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def test_a_process_ends_well_although_a_thread_hangs_and_says_so() -> None:
    ended = run("threading.Thread(target=threading.Event().wait).start(); exit_after(0.1)")
    assert ended.returncode == 0
    assert "Requests are still running 0 seconds after the stop signal: abandoning them." in ended.stderr


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("timer = exit_after(0.1); timer.cancel(); timer.join(); sys.exit(3)", id="cancelled"),
        pytest.param("exit_after(3600); sys.exit(3)", id="the process ends earlier"),
    ],
)
def test_a_process_ends_by_itself_where_it_can(script: str) -> None:
    ended = run(script)
    assert (ended.returncode, ended.stderr) == (3, "")
