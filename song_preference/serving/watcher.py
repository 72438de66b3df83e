"""The thread that keeps what a service has loaded up to date."""

import logging
import random
import threading
from collections.abc import Callable

from song_preference.errors import DiskFull, RegistryUnavailable

log = logging.getLogger(__name__)

JITTER = 0.1
"""Share by which pauses vary, so that services do not refresh at the same time."""

LONGEST_PAUSE_SECONDS = 60
"""Longest pause between refreshes, however long the source has been down."""


class Watcher:
    """Refreshes again and again in a thread of its own, with longer pauses while that fails."""

    def __init__(self, name: str, refresh: Callable[[], object], refresh_seconds: float) -> None:
        self._refresh, self._refresh_seconds = refresh, refresh_seconds
        self._stop = threading.Event()
        # A daemon, so that a download from a hanging server cannot keep the process alive.
        self._thread = threading.Thread(target=self._watch, name=name, daemon=True)

    def start(self) -> None:
        """Refresh now and from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the refresh in progress, without waiting for its end."""
        self._stop.set()

    def _watch(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self._refresh()
                failures = 0
            except (RegistryUnavailable, DiskFull) as error:
                failures += 1
                log.warning("%s", error)
            except Exception:
                # The thread must survive any error, or nothing new would ever be served.
                failures += 1
                log.exception("The refresh failed unexpectedly.")
            self._stop.wait(self._pause(failures))

    def _pause(self, failures: int) -> float:
        longest = max(self._refresh_seconds, LONGEST_PAUSE_SECONDS)
        pause = min(self._refresh_seconds * float(2 ** min(failures, 10)), longest)
        return pause * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret depends on it
