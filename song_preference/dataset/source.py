"""Fetch the playlist from its source, if the caller may name it."""

import hashlib
import logging
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Timer
from typing import NamedTuple

import gdown
import httpx
from gdown.exceptions import DownloadCancelled, DownloadError, FileURLRetrievalError
from requests import HTTPError, RequestException

from song_preference.dataset import https, sample
from song_preference.dataset.https import check_https, check_public
from song_preference.dataset.transfer import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Network,
    NotAllowed,
    check_size,
    is_transient_status,
    retried,
    shown,
    write,
)
from song_preference.dataset.version import Source, SourceKind
from song_preference.errors import InvalidDataset, SourceRejected, SourceUnavailable
from song_preference.messages import Message
from song_preference.settings import PlaylistSettings
from song_preference.song_table.files import PIECE_BYTES, check_is_no_page, pieces
from song_preference.storage import ObjectStore

log = logging.getLogger(__name__)

NETWORK = Network()
LONGEST = 4096
FOLDER = "incoming/"
"""Folder, in the data bucket and on disk, of the files that anybody may name."""

DRIVE_HOSTS = {"drive.google.com", "docs.google.com"}
DRIVE_LINK = "https://drive.google.com/file/d/"
SHEETS = "https://docs.google.com/spreadsheets/d/"
SHEET = re.compile(r"/spreadsheets/(?:u/\d+/)?d/(e/)?([A-Za-z0-9_-]+)")
"""Path of a sheet, with `e/` if it was published to the web."""
BARE_LINK = re.compile(r"http://|www\.|([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?/", re.IGNORECASE)
"""Start of a link that lacks `https://`."""

LOCAL = re.compile(rf"(?!{BARE_LINK.pattern})(file:|(?![a-z][a-z0-9+.-]*:))", re.IGNORECASE)
"""Start of a path."""

A_PAGE = Message("drive_gave_a_page")
DRIVE_REASONS: dict[type[Exception], Message] = {FileURLRetrievalError: A_PAGE, DownloadCancelled: Message("too_slow")}
DRIVE_FAILURES = (
    *(DownloadError, DownloadCancelled, RequestException),
    *(AssertionError, KeyError),  # raised by gdown for an unknown form of Google's answer
)


class Location(NamedTuple):
    """A parsed source: `at` is a URL, an `s3://` address, a path or 'sample'."""

    kind: SourceKind
    at: str


def locate(source: str, bucket: str, settings: PlaylistSettings, *, trusted: bool) -> Location:
    """Parse a source without fetching it, and check that it may be named; raises `SourceRejected`.

    `trusted` is the operator's own environment (DATASET_SOURCE), which may name any https URL, object of `bucket` or
    path. Others, who come through Airflow's form or the API, may name Google Drive, https URLs of public hosts (what
    those resolve to is checked by `fetch`), and what lies below incoming/.
    """
    with _rejections(source, trusted=trusted):
        return _understood(source, bucket) if trusted else _allowed(_understood(source, bucket), bucket, settings)


def fetch(source: str, target: Path, objects: ObjectStore, settings: PlaylistSettings, *, trusted: bool) -> Source:
    """Write the playlist's bytes to `target`, a piece at a time; `trusted` as for `locate`.

    Raise `SourceRejected` where it may not be named or does not exist, `SourceUnavailable` or `StorageUnavailable`
    where it cannot be reached, and `InvalidDataset` where it is too large or no text.
    """
    kind, at = locate(source, objects.bucket, settings, trusted=trusted)
    log.info("The source is %s.", shown(at))
    with _rejections(source, trusted=trusted):
        match kind:
            case "sample":
                target.write_bytes(sample.csv())
            case "drive":
                from_drive(at, target, settings.max_bytes, NETWORK)
            case "https":
                https.download(at, target, settings.max_bytes, NETWORK, trusted=trusted)
            case "s3":
                _from_s3(at, target, objects, settings.max_bytes)
            case "file":
                _from_file(Path(at), _named(source, trusted=trusted), target, settings.max_bytes)
    with target.open("rb") as file:
        check_is_no_page(file.read(PIECE_BYTES))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    # Where the incoming folder lies on this machine is nobody's business.
    uri = shown(source.strip() if kind == "file" and not trusted else at)
    return Source(kind=kind, uri=uri, sha256=digest, size_bytes=target.stat().st_size)


@contextmanager
def _rejections(source: str, *, trusted: bool) -> Iterator[None]:
    try:
        yield
    except NotAllowed as error:
        may_name = Message("operator_may_name" if trusted else "anybody_may_name").as_json()
        values = {"source": _named(source, trusted=trusted), "reason": error.reason.as_json(), "may_name": may_name}
        raise SourceRejected(Message("source_rejected", values)) from None


def _named(source: str, *, trusted: bool) -> str:
    """Return how messages name a source: an operator's file without its folder, since visitors read them too."""
    return shown(Path(source).name if trusted and LOCAL.match(source.strip()) else source)


def _understood(source: str, bucket: str) -> Location:
    source = source.strip()
    if not source.isprintable() or not 0 < len(source) <= LONGEST:
        raise NotAllowed(Message("source_unreadable", {"limit": LONGEST}))
    if source == "sample":
        return Location("sample", source)
    if BARE_LINK.match(source):
        raise NotAllowed(Message("source_without_https"))
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", source)
    match scheme and scheme[0].lower():
        case None:
            return Location("file", source)
        case "https:":
            return _understood_https(source)
        case "s3:":
            if not source.removeprefix(f"s3://{bucket}/") or not source.startswith(f"s3://{bucket}/"):
                raise NotAllowed(Message("source_in_another_bucket", {"bucket": bucket}))
            return Location("s3", source)
    raise NotAllowed(Message("source_of_unknown_scheme"))


def _understood_https(source: str) -> Location:
    try:
        url = httpx.URL(source)
    except httpx.InvalidURL:
        raise NotAllowed(Message("source_no_https_url")) from None
    check_https(url)
    if url.host not in DRIVE_HOSTS:
        return Location("https", source)
    if url.path.startswith("/spreadsheets/"):
        return Location("https", _sheet_as_csv(url) or source)
    file_id = _drive_id(url)
    if file_id is None:
        raise NotAllowed(Message("drive_link_without_id"))
    return Location("drive", f"{DRIVE_LINK}{file_id}")


def _allowed(location: Location, bucket: str, settings: PlaylistSettings) -> Location:
    """Return the location if anybody may name it."""
    match location.kind:
        case "https":
            check_public(httpx.URL(location.at))
        case "s3":
            parts = location.at.removeprefix(f"s3://{bucket}/").split("/")
            if f"{parts[0]}/" != FOLDER or len(parts) == 1 or {"", ".", ".."} & set(parts):
                raise NotAllowed(Message("source_not_below", {"folder": f"s3://{bucket}/{FOLDER}"}))
        case "file":
            return Location("file", str(_below(settings.incoming, location.at)))
        case "sample":
            raise NotAllowed(Message("sample_named"))
    return location


def _below(incoming: Path, source: str) -> Path:
    """Return the path of a file in the folder `incoming`, which goes by that name whatever its own is."""
    path = Path(source)
    if not path.is_relative_to(incoming) and source.removeprefix("/").startswith(FOLDER):
        path = incoming / source.removeprefix("/").removeprefix(FOLDER)
    try:
        resolved = path.resolve()
        # Judged by where it leads: a link that somebody put into the folder may lead anywhere.
        is_below = incoming.resolve() in resolved.parents
    except (OSError, RuntimeError):
        is_below = False
    if ".." in path.parts or not is_below:
        raise NotAllowed(Message("source_no_file_below", {"folder": FOLDER}))
    return resolved


def _sheet_as_csv(url: httpx.URL) -> str | None:
    """Return the URL of a sheet's CSV export, of the tab that the link names if it names one."""
    sheet = SHEET.match(url.path)
    tab = re.search(r"\bgid=(\d+)", f"{url.query.decode()}&{url.fragment}")
    if sheet is None:
        return None
    if sheet[1]:
        return f"{SHEETS}e/{sheet[2]}/pub?output=csv{f'&{tab[0]}&single=true' if tab else ''}"
    return f"{SHEETS}{sheet[2]}/export?format=csv{f'&{tab[0]}' if tab else ''}"


def _drive_id(url: httpx.URL) -> str | None:
    """Return the id of the file that a link names."""
    in_path = re.search(r"/d/([A-Za-z0-9_-]+)", url.path)
    if in_path:
        return in_path[1]
    # A ';' is what remains of a link copied out of a list.
    file_id = url.params.get("id", "").rstrip(";")
    return file_id if re.fullmatch(r"[A-Za-z0-9_-]+", file_id) else None


def from_drive(link: str, target: Path, max_bytes: int, network: Network) -> None:
    """Write the file behind `link`, which starts with `DRIVE_LINK`, to `target`.

    Raises `SourceUnavailable`, also where Google gives a page instead of the file, and `InvalidDataset` for what is
    too large.
    """
    cancel = Event()
    # gdown's own timeout is for one read; this one is for all of them and all tries.
    timer = Timer(network.total_seconds(max_bytes), cancel.set)
    timer.start()
    try:
        retried(lambda: _from_drive_once(link, target, max_bytes, cancel), _is_transient, network)
    except DRIVE_FAILURES as error:
        name = type(error).__name__
        raise _drive_unavailable(link, DRIVE_REASONS.get(type(error), Message("exception", {"name": name}))) from error
    finally:
        timer.cancel()
    with target.open("rb") as file:
        start = file.read(PIECE_BYTES)
    try:
        check_is_no_page(start)
    except InvalidDataset as error:
        raise _drive_unavailable(link, A_PAGE) from error


def _from_drive_once(link: str, target: Path, max_bytes: int, cancel: Event) -> None:
    # Nobody can lead us elsewhere with a link: only its id is used, of letters, digits, '-' and '_'. gdown writes it
    # into https://drive.google.com/uc?id=... and goes on only where Google's own redirects and pages send it.
    gdown.download(
        id=link.removeprefix(DRIVE_LINK),
        output=str(target),
        format="csv",  # of a Google Sheet, which a link with `id=` may name too
        quiet=True,
        use_cookies=False,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        progress=lambda so_far, _: check_size(so_far, max_bytes),
        cancel=cancel,
    )


def _is_transient(error: Exception) -> bool:
    if isinstance(error, HTTPError) and error.response is not None:
        return is_transient_status(error.response.status_code)
    # To gdown, Google's page for "too busy" is the same as the one for "not shared".
    return isinstance(error, DownloadError | RequestException)


def _drive_unavailable(link: str, reason: Message) -> SourceUnavailable:
    return SourceUnavailable(Message("drive_unavailable", {"link": link, "reason": reason.as_json()}))


def _from_s3(uri: str, target: Path, objects: ObjectStore, max_bytes: int) -> None:
    key = uri.removeprefix(objects.uri(""))
    check_size(objects.size(key) or 0, max_bytes)
    if not objects.download(key, target):
        raise NotAllowed(Message("no_such_object"))


def _from_file(path: Path, named: str, target: Path, max_bytes: int) -> None:
    try:
        # Without waiting: a pipe would be waited for until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        raise NotAllowed(Message("no_such_file")) from None
    except OSError as error:
        # Without the path, which only the operator may know; `named` is what was asked for.
        values = {"file": named, "error": error.strerror}
        raise SourceUnavailable(Message("file_unreadable", values)) from error
    # A folder, too, can be opened, but not as a file.
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NotAllowed(Message("not_a_regular_file"))
    with os.fdopen(descriptor, "rb") as file:
        check_size(status.st_size, max_bytes)
        write(pieces(file), target, max_bytes)
