"""Temporary files, and the error where their volume has no room for them."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from song_preference.errors import DiskFull, SongPreferenceError
from song_preference.messages import Message

FULL = {errno.ENOSPC, errno.EDQUOT}
FULL_TEXTS = tuple(map(os.strerror, FULL))
PREFIX = "song-preference-"
DAY_SECONDS = 24 * 60 * 60
NEARLY_FULL = 0.05
"""Largest free share of a volume that counts as nearly full."""


def keep_to_tmpdir() -> None:
    """Make `tempfile` use TMPDIR even while it is full: by itself it takes another directory then, without a word."""
    tempfile.tempdir = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - tempfile's own default


def remove_leftovers() -> None:
    """Remove the directories that processes which were killed, a day ago or more, had made by `temporary_directory`."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < time.time() - DAY_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Make a directory that vanishes afterwards; raise `DiskFull` where there is no room for it or its files."""
    # The inner one looks at the volume before the files go.
    with raising_disk_full(), tempfile.TemporaryDirectory(prefix=PREFIX) as directory, raising_disk_full():
        yield Path(directory)


@contextmanager
def raising_disk_full() -> Iterator[None]:
    """Raise `DiskFull` in place of the error that temporary files without room for them end in."""
    try:
        yield
    except SongPreferenceError:
        raise
    except Exception as error:
        directory = tempfile.gettempdir()
        disk = shutil.disk_usage(directory)
        if not _is_about_room(error, is_nearly_full=disk.free < NEARLY_FULL * disk.total):
            raise
        values = {"directory": directory, "free": disk.free / 1e6, "total": disk.total / 1e6}
        raise DiskFull(Message("disk_full", values)) from error


def closing_after(files: AbstractContextManager[object], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces, and close the files that they are read from after the last one."""
    with files:
        yield from pieces


def _is_about_room(error: BaseException | None, *, is_nearly_full: bool) -> bool:
    """Whether this error, or one that it came of, is that of a full disk of this machine.

    MLflow takes what ends a model's storing for the model's fault, and keeps of what ends its downloads no more than
    the text: which may as well be about a disk of its server's, so it counts only while this one is nearly full.
    """
    while error:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        if is_nearly_full and any(text in str(error) for text in FULL_TEXTS):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False
