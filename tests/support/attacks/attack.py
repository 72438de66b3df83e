"""The platform under attack, and a watch on the stalls of its service."""

import time
from threading import Event, Thread
from typing import NamedTuple, Self
from urllib.parse import urlsplit

import httpx

from song_preference.settings import ClientSettings

PAUSE_SECONDS = 0.02


class Target(NamedTuple):
    """Addresses of a platform on loopback."""

    rest_url: str
    grpc_address: str

    @classmethod
    def of(cls, settings: ClientSettings) -> Self:
        """Read the addresses from the settings; raise `SystemExit` where they are not on this machine."""
        hosts = {urlsplit(settings.rest_url).hostname, settings.grpc_address.rpartition(":")[0]}
        if not hosts <= {"127.0.0.1", "localhost"}:
            raise SystemExit(f"Attacks run against this machine only, not {', '.join(sorted(map(str, hosts)))}.")
        return cls(settings.rest_url, settings.grpc_address)


class Watch:
    """Asks `/health/live` on one connection, over and over, in a thread of its own.

    Raises `AssertionError` at its end where an answer failed.
    """

    def __init__(self, target: Target) -> None:
        self.longest_seconds = 0.0
        self._url = f"{target.rest_url}/health/live"
        self._error: httpx.HTTPError | None = None
        self._ended = Event()
        self._thread = Thread(target=self._ask, name="watch")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._error:
            raise AssertionError(f"{self._url} failed meanwhile: {self._error}") from self._error

    def _ask(self) -> None:
        try:
            self._ask_until_ended()
        except httpx.HTTPError as error:
            self._error = error

    def _ask_until_ended(self) -> None:
        with httpx.Client(timeout=120) as http:
            while not self._ended.wait(PAUSE_SECONDS):
                began = time.monotonic()
                http.get(self._url).raise_for_status()
                self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
