"""Runs what may crash in a process of its own, so that the service that asked for it goes on.

The processes are forked, in some milliseconds, from one without threads that has imported the reader of song files.
`multiprocessing` has such a server too, but its processes import the main module again, which is a page in Streamlit.
"""

import atexit
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from threading import Lock, Thread
from typing import ParamSpec, TypeVar

from song_preference.song_table.files import rejected

P = ParamSpec("P")
R = TypeVar("R")

IMPORTED = ("song_preference.serving.lookup", "song_preference.dataset.prepare")


LIMIT_SECONDS = 600
"""Far more than the largest files need, on a busy machine too: 1,000,000 songs (78 MB) take 6 s."""


class _Server:
    """The process that others are forked from; it ends with this one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def fork(self, connection: socket.socket) -> None:
        """Let a new process answer at the other end of a connection."""
        with self._lock:
            if self._running is None or self._running[0].poll() is not None:
                self._running = self._start()
            socket.send_fds(self._running[1], [b"x"], [connection.fileno()])

    @staticmethod
    def _start() -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        return process, ours

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            if self._running:
                process, control = self._running
                control.close()
                process.wait()
                self._running = None


_SERVER = _Server()
atexit.register(_SERVER.stop)


def isolated(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Return what the function returns in a process of its own, or raise what it raises.

    Raise `InvalidDataset` if the process ends without an answer, which it does after `LIMIT_SECONDS`. Function,
    arguments and result are pickled. The memory of the process goes back to the system.
    """
    ours, theirs = socket.socketpair()
    with ours, ours.makefile("rwb") as stream:
        with theirs:
            _SERVER.fork(theirs)
        pickle.dump((LIMIT_SECONDS, function, args, kwargs), stream)
        began = time.monotonic()
        try:
            stream.flush()
            value, error = pickle.load(stream)  # noqa: S301 - of a process of ours
        except (EOFError, OSError, pickle.UnpicklingError):
            is_too_slow = time.monotonic() - began >= LIMIT_SECONDS
            raise rejected("reader_too_slow" if is_too_slow else "reader_crashed") from None
    if error is not None:
        raise error
    return value  # type: ignore[no-any-return] # what the function returned


def warm_up() -> None:
    """Start the process that others are forked from, in the background: it takes some seconds to import the reader."""
    Thread(target=isolated, args=(bool,), daemon=True).start()


def _serve(control: socket.socket) -> None:
    # Interrupts are for the service; processes that have ended need nobody to wait for them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for module in IMPORTED:
        # A service that only predicts has no scikit-learn.
        with suppress(ImportError):
            import_module(module)
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _answer(socket.socket(fileno=descriptors[0]))
            os._exit(0)
        os.close(descriptors[0])


def _answer(connection: socket.socket) -> None:
    with connection, connection.makefile("rwb") as stream:
        limit_seconds, function, args, kwargs = pickle.load(stream)  # noqa: S301 - of the process that asks
        # Its signal ends the process.
        signal.setitimer(signal.ITIMER_REAL, limit_seconds)
        value, raised = None, None
        try:
            value = function(*args, **kwargs)
        except Exception as error:
            raised = error
        pickle.dump((value, raised), stream)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
