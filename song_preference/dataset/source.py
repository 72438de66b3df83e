"""Bring the playlist here, from wherever it is said to be, if it may be named."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from song_preference.dataset import drive, https, sample
from song_preference.dataset.public_https import check_https, check_public
from song_preference.dataset.transfer import Network, NotAllowed, check_size, shown, write
from song_preference.dataset.version import Source, SourceKind
from song_preference.errors import SourceRefused, SourceUnavailable
from song_preference.messages import Message
from song_preference.settings import PlaylistSettings
from song_preference.song_table.text import PIECE_BYTES, check_is_no_page
from song_preference.storage import ObjectStore

NETWORK = Network()
LONGEST = 4096
FOLDER = "incoming/"
"""Below it, in the data bucket and on disk, lies what anybody may name."""


class Location(NamedTuple):
    """A source, understood: `at` is a URL, an `s3://` address, a path or 'sample'."""

    kind: SourceKind
    at: str


def locate(source: str, bucket: str, settings: PlaylistSettings, *, trusted: bool) -> Location:
    """Understand a source without fetching it, and check that it may be named; raises `SourceRefused`.

    `trusted` is the operator's own environment (DATASET_SOURCE), which may name any https URL, object of `bucket` or
    path. Others, who come through Airflow's form or the API, may name Google Drive, https URLs of public hosts (what
    those resolve to is checked by `fetch`), and what lies below incoming/.
    """
    with _refusals(source, trusted=trusted):
        return _understood(source, bucket) if trusted else _allowed(_understood(source, bucket), bucket, settings)


def fetch(source: str, target: Path, objects: ObjectStore, settings: PlaylistSettings, *, trusted: bool) -> Source:
    """Write the playlist's bytes to `target`, a piece at a time; `trusted` as for `locate`.

    Raises `SourceRefused` where it may not be named or is not there, `SourceUnavailable` where it cannot be reached (or
    `StorageUnavailable`, where S3 cannot) and `InvalidDataset` where it is too large or no text.
    """
    kind, at = locate(source, objects.bucket, settings, trusted=trusted)
    with _refusals(source, trusted=trusted):
        match kind:
            case "sample":
                target.write_bytes(sample.csv())
            case "drive":
                drive.download(at, target, settings.max_bytes, NETWORK)
            case "https":
                https.download(at, target, settings.max_bytes, NETWORK, trusted=trusted)
            case "s3":
                _from_s3(at, target, objects, settings.max_bytes)
            case "file":
                _from_file(Path(at), shown(source), target, settings.max_bytes)
    with target.open("rb") as file:
        check_is_no_page(file.read(PIECE_BYTES))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    # Where the incoming folder lies on this machine is nobody's business.
    uri = shown(source if kind == "file" and not trusted else at)
    return Source(kind=kind, uri=uri, sha256=digest, size_bytes=target.stat().st_size)


@contextmanager
def _refusals(source: str, *, trusted: bool) -> Iterator[None]:
    try:
        yield
    except NotAllowed as error:
        may_name = Message("operator_may_name" if trusted else "anybody_may_name").as_json()
        values = {"source": shown(source), "reason": error.reason.as_json(), "may_name": may_name}
        raise SourceRefused(Message("source_rejected", values)) from None


def _understood(source: str, bucket: str) -> Location:
    if source != source.strip() or not source.isprintable() or not 0 < len(source) <= LONGEST:
        raise NotAllowed(Message("source_unreadable", {"limit": LONGEST}))
    if source == "sample":
        return Location("sample", source)
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
    if not drive.is_drive(url):
        return Location("https", source)
    file_id = drive.file_id(url)
    if file_id is None:
        raise NotAllowed(Message("drive_link_without_id"))
    return Location("drive", f"{drive.LINK}{file_id}")


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
        write(iter(lambda: file.read(PIECE_BYTES), b""), target, max_bytes)
