"""Timeouts, retries, size limit and redaction that all downloads share."""

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

import httpx

from song_preference.errors import Finding, InvalidDataset
from song_preference.messages import Message

CONNECT_SECONDS = 10
READ_SECONDS = 20
SHOWN_CHARACTERS = 200


class NotAllowed(Exception):
    """The reason why a source may not be named, as a clause; `SourceRejected` has the whole sentence."""

    def __init__(self, reason: Message) -> None:
        self.reason = reason
        super().__init__(str(reason))


def _direct() -> httpx.BaseTransport:
    # Connections are pooled by address, whatever name their certificate was checked for: keep none.
    return httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))


@dataclass(frozen=True)
class Network:
    """Name resolution, connections and retries of downloads; tests bring their own."""

    resolve: Callable[..., Sequence[tuple[Any, ...]]] = socket.getaddrinfo
    connect: Callable[[], httpx.BaseTransport] = _direct
    """Factory of the transport for untrusted URLs, whose addresses were found to be public."""
    waits_seconds: tuple[float, ...] = (1, 4)
    """Pauses between the tries: one try more than there are pauses."""
    least_seconds: float = 540
    """Time for all tries of a playlist; less than the ten minutes of its task, which then can still log the reason."""
    most_seconds: float = 2 * 3600
    """Time for all tries of the largest catalogue; leaves an hour of its task's three to read the file."""

    def total_seconds(self, max_bytes: int) -> float:
        """Return the time for all tries together to fetch a file of at most `max_bytes`: a second for each MB."""
        return min(max(self.least_seconds, max_bytes / 1e6), self.most_seconds)


def retried(attempt: Callable[[], None], is_transient: Callable[[Exception], bool], network: Network) -> None:
    """Repeat `attempt` while its error is transient; raise the error of the last try."""
    for wait in network.waits_seconds:
        try:
            return attempt()
        except Exception as error:
            if not is_transient(error):
                raise
        sleep(wait)
    return attempt()


def is_transient_status(status: int) -> bool:
    """Return whether an HTTP status is transient."""
    return status == httpx.codes.TOO_MANY_REQUESTS or httpx.codes.is_server_error(status)


def write(pieces: Iterable[bytes], target: Path, max_bytes: int) -> None:
    """Write the pieces to `target`; raises `InvalidDataset` as soon as they are more than `max_bytes`."""
    size = 0
    with target.open("wb") as file:
        for piece in pieces:
            size += len(piece)
            check_size(size, max_bytes)
            file.write(piece)


def check_size(size: int, max_bytes: int) -> None:
    """Raise `InvalidDataset` where `size` is more than `max_bytes`."""
    if size > max_bytes:
        raise InvalidDataset(Finding(None, Message("file_too_large", {"limit": max_bytes}), 1))


def shown(source: str) -> str:
    """Return the source as messages show it: without credentials, query or fragment, printable, not too long."""
    url = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/*", source)
    if url:
        # In what is no URL there may be anything.
        source = url[0] + (_without_secrets(source[url.end() :]) if _is_url(source) else "...")
    printable = "".join(character if character.isprintable() else "?" for character in source)
    return printable if len(printable) <= SHOWN_CHARACTERS else f"{printable[:SHOWN_CHARACTERS]}..."


def _without_secrets(rest: str) -> str:
    """Return a URL after its scheme, without what may be a password (before '@') or a token (after '?' or '#')."""
    # The last '@', since a password that was not encoded may hold whatever ends a host.
    hidden, _, plain = rest.rpartition("@")
    if re.search("[?#]", hidden):
        return "..."
    return ("...@" if "/" in hidden else "") + re.sub("([?#]).*", r"\1...", plain, flags=re.DOTALL)


def _is_url(text: str) -> bool:
    with suppress(httpx.InvalidURL):
        httpx.URL(text)
        return True
    return False
