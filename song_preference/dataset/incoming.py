"""Uploads, which are kept below incoming/ in S3 until what came of them is removed."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from song_preference.dataset.source import FOLDER
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import EXTENSIONS, Source, named
from song_preference.errors import AnswerLost, PipelineError
from song_preference.song_table.files import extension_of, pieces
from song_preference.storage import ObjectStore

UNNAMED = "playlist"
"""The name of an upload that came without one."""

CATALOGUES = f"{FOLDER}catalogue-"
"""Start of the folders of catalogues: the same bytes may be a playlist too, which stays when the catalogue goes."""


@contextmanager
def kept(file: BinaryIO, name: str, objects: ObjectStore, folders: str = FOLDER) -> Iterator[str]:
    """Keep a file below incoming/ in S3, in a folder named by its digest; yield its address, to start a run with it.

    What was kept before stays under the name that it had; what is new goes again if Airflow does not start the run.
    Raise `StorageUnavailable`.
    """
    extension, digest = extension_of(file), hashlib.sha256()
    for piece in pieces(file):
        digest.update(piece)
    folder = _folder(digest.hexdigest(), folders)
    key = next(iter(objects.keys(folder)), f"{folder}/{_file_name(name)}.{extension}")
    file.seek(0)
    is_new = objects.put_new(key, file)
    try:
        yield objects.uri(key)
    except PipelineError as error:
        if is_new and not isinstance(error, AnswerLost):
            objects.remove(key)
        raise


def forget(sha256: str, objects: ObjectStore) -> None:
    """Remove the playlist uploaded with this content, if there is one; raise `StorageUnavailable`."""
    for key in objects.keys(_folder(sha256, FOLDER)):
        objects.remove(key)


def forget_catalogue(address: str, objects: ObjectStore) -> None:
    """Remove the catalogue at this address if it was uploaded; raise `StorageUnavailable`."""
    if address.startswith(objects.uri(CATALOGUES)):
        objects.remove(address.removeprefix(objects.uri("")))


def forget_old_catalogue(source: Source, objects: ObjectStore) -> None:
    """Remove an upload of before catalogues had folders of their own, unless a dataset came of the same bytes.

    Raise `StorageUnavailable`.
    """
    is_upload = source.uri.startswith(objects.uri(_folder(source.sha256, FOLDER)))
    if is_upload and all(source.sha256 != known.source.sha256 for known in DatasetStore(objects).published()):
        forget(source.sha256, objects)


def _folder(sha256: str, folders: str) -> str:
    return f"{folders}{sha256[:32]}"


def _file_name(name: str) -> str:
    """Return a file's name without extension and without signs that mean something in an address."""
    return re.sub(r"[^\w ().-]+", " ", named(EXTENSIONS.sub("", name))).strip(" .") or UNNAMED
