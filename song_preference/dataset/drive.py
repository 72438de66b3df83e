"""A playlist shared with a Google Drive link."""

import re
from pathlib import Path
from threading import Event, Timer

import gdown
import httpx
from gdown.exceptions import DownloadCancelled, DownloadError, FileURLRetrievalError
from requests import HTTPError, RequestException

from song_preference.dataset.transfer import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Network,
    check_size,
    is_passing_status,
    retried,
)
from song_preference.errors import InvalidDataset, SourceUnavailable
from song_preference.messages import Message
from song_preference.song_table.text import check_is_no_page

HOSTS = {"drive.google.com", "docs.google.com"}
LINK = "https://drive.google.com/file/d/"
START_BYTES = 4096

A_PAGE = Message("drive_gave_a_page")
REASONS: dict[type[Exception], Message] = {FileURLRetrievalError: A_PAGE, DownloadCancelled: Message("too_slow")}
FAILURES = (
    *(DownloadError, DownloadCancelled, RequestException),
    *(AssertionError, KeyError),  # from gdown, where Google's answer has another form than it knows
)


def is_drive(url: httpx.URL) -> bool:
    """Whether the URL is a link to a file in Drive; a published spreadsheet is an https source like any other."""
    return url.host in HOSTS and not url.path.startswith("/spreadsheets/")


def file_id(url: httpx.URL) -> str | None:
    """Return the id of the file that a link names."""
    in_path = re.search(r"/d/([A-Za-z0-9_-]+)", url.path)
    if in_path:
        return in_path[1]
    return url.params["id"] if re.fullmatch(r"[A-Za-z0-9_-]+", url.params.get("id", "")) else None


def download(link: str, target: Path, max_bytes: int, network: Network) -> None:
    """Write the file behind `link`, which starts with `LINK`, to `target`.

    Raises `SourceUnavailable`, also where Google gives a page instead of the file, and `InvalidDataset` for what is
    too large.
    """
    cancel = Event()
    # gdown's own timeout is for one read; this one is for all of them and all tries.
    timer = Timer(network.total_seconds, cancel.set)
    timer.start()
    try:
        retried(lambda: _attempt(link, target, max_bytes, cancel), _is_passing, network)
    except FAILURES as error:
        name = type(error).__name__
        raise _unavailable(link, REASONS.get(type(error), Message("exception", {"name": name}))) from error
    finally:
        timer.cancel()
    with target.open("rb") as file:
        start = file.read(START_BYTES)
    try:
        check_is_no_page(start)
    except InvalidDataset as error:
        raise _unavailable(link, A_PAGE) from error


def _attempt(link: str, target: Path, max_bytes: int, cancel: Event) -> None:
    # Nobody can lead us elsewhere with a link: only its id is used, of letters, digits, '-' and '_'. gdown writes it
    # into https://drive.google.com/uc?id=... and goes on only where Google's own redirects and pages send it.
    gdown.download(
        id=link.removeprefix(LINK),
        output=str(target),
        quiet=True,
        use_cookies=False,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        progress=lambda so_far, _: check_size(so_far, max_bytes),
        cancel=cancel,
    )


def _is_passing(error: Exception) -> bool:
    if isinstance(error, HTTPError) and error.response is not None:
        return is_passing_status(error.response.status_code)
    # To gdown, Google's page for "too busy" is the same as the one for "not shared".
    return isinstance(error, DownloadError | RequestException)


def _unavailable(link: str, reason: Message) -> SourceUnavailable:
    return SourceUnavailable(Message("drive_unavailable", {"link": link, "reason": reason.as_json()}))
