"""Bring the playlist here, from wherever `DATASET_SOURCE` says it is."""

import hashlib
import re
import shutil
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import gdown
import httpx
from botocore.exceptions import BotoCoreError, ClientError
from gdown.exceptions import DownloadError
from requests import RequestException

from song_preference.dataset import sample
from song_preference.dataset.version import Source, SourceKind
from song_preference.errors import Finding, InvalidDataset, SourceUnavailable
from song_preference.storage import ObjectStore

TIMEOUT_SECONDS = 20
RETRIES = 2
DRIVE_HOSTS = {"drive.google.com", "docs.google.com"}


class Location(NamedTuple):
    """A source, understood: `at` is a URL, a key of the data bucket or a path."""

    kind: SourceKind
    at: str


def locate(source: str) -> Location:
    """Understand the value of `DATASET_SOURCE`; raises `SourceUnavailable` for a scheme we do not know."""
    if source == "sample":
        return Location("sample", "sample")
    url = urlsplit(source)
    if url.scheme == "https":
        return Location("drive" if url.hostname in DRIVE_HOSTS else "https", source)
    if url.scheme == "s3":
        return Location("s3", source)
    if url.scheme == "":
        return Location("file", source)
    raise SourceUnavailable(
        f"DATASET_SOURCE '{source}' is none of: a Google Drive link, an https URL, s3://bucket/key, a path, 'sample'."
    )


def fetch(source: str, target: Path, store: ObjectStore, max_bytes: int) -> Source:
    """Write the playlist's bytes to `target`.

    Raises `SourceUnavailable` where it cannot be reached and `InvalidDataset` where it is too large.
    """
    kind, at = locate(source)
    match kind:
        case "sample":
            target.write_bytes(sample.csv())
        case "drive":
            _from_drive(at, target, max_bytes)
        case "https":
            _from_https(at, target, max_bytes)
        case "s3":
            _from_s3(at, target, store, max_bytes)
        case "file":
            _from_file(Path(at), target, max_bytes)
    content = target.read_bytes()
    return Source(kind=kind, uri=at, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise InvalidDataset(Finding(None, f"is larger than MAX_DATASET_BYTES ({max_bytes:,} bytes)", 1))


def _from_drive(url: str, target: Path, max_bytes: int) -> None:
    file_id = re.search(r"/d/([\w-]+)|[?&]id=([\w-]+)", url)
    if file_id is None:
        raise SourceUnavailable(f"No file id in the Google Drive link '{url}': copy it from 'Share > Copy link'.")
    try:
        gdown.download(
            id=file_id[1] or file_id[2],
            output=str(target),
            quiet=True,
            use_cookies=False,
            timeout=TIMEOUT_SECONDS,
            retries=RETRIES,
            progress=lambda so_far, _: _check_size(so_far, max_bytes),
        )
    except (DownloadError, RequestException, OSError) as error:
        raise SourceUnavailable(
            f"Google Drive did not give the file behind '{url}' ({type(error).__name__}): check the connection, "
            "and that the file is shared with 'anyone with the link'."
        ) from error


def _from_https(url: str, target: Path, max_bytes: int) -> None:
    try:
        with httpx.stream("GET", url, timeout=TIMEOUT_SECONDS, follow_redirects=True) as response:
            response.raise_for_status()
            with target.open("wb") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
                    _check_size(file.tell(), max_bytes)
    except httpx.HTTPError as error:
        raise SourceUnavailable(
            f"'{url}' cannot be downloaded ({type(error).__name__}): open it in a browser."
        ) from error


def _from_s3(uri: str, target: Path, store: ObjectStore, max_bytes: int) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if bucket != store.bucket or not key:
        raise SourceUnavailable(f"'{uri}' is not s3://{store.bucket}/<key>: copy the file into that bucket first.")
    try:
        _check_size(store.size(key), max_bytes)
        target.write_bytes(store.get(key) or b"")
    except (BotoCoreError, ClientError) as error:
        raise SourceUnavailable(f"'{uri}' cannot be read ({type(error).__name__}): check the key.") from error


def _from_file(path: Path, target: Path, max_bytes: int) -> None:
    try:
        _check_size(path.stat().st_size, max_bytes)
        shutil.copyfile(path, target)
    except OSError as error:
        raise SourceUnavailable(f"The file '{path}' cannot be read ({error.strerror}).") from error
