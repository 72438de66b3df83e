"""Playlists that somebody hands in: checked as the pipeline will check them, then kept where it may fetch them."""

import hashlib
from pathlib import Path

from song_preference.dataset.prepare import prepare
from song_preference.dataset.source import FOLDER
from song_preference.dataset.version import Preparation
from song_preference.storage import ObjectStore
from song_preference.temporary import temporary_directory


def check(playlist: Path) -> Preparation:
    """What the pipeline will make of the CSV; raises `InvalidDataset` with every finding, and `DiskFull`."""
    with temporary_directory() as directory:
        return prepare(playlist, directory).report


def keep(playlist: Path, objects: ObjectStore) -> str:
    """Keep the CSV below incoming/ in S3, by its content; returns its `s3://` address, which the pipeline may read.

    Raises `StorageUnavailable`.
    """
    with playlist.open("rb") as file:
        key = _key(hashlib.file_digest(file, "sha256").hexdigest())
        file.seek(0)
        objects.put_new(key, file)
    return objects.uri(key)


def forget(sha256: str, objects: ObjectStore) -> None:
    """Remove the CSV of this content, if it was handed in; raises `StorageUnavailable`."""
    objects.remove(_key(sha256))


def _key(sha256: str) -> str:
    return f"{FOLDER}{sha256[:32]}.csv"
