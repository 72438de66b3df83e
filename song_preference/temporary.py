"""Temporary files, and the error where their volume has no room for them."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from song_preference.errors import DiskFull, SongPreferenceError

FULL = {errno.ENOSPC, errno.EDQUOT}
FULL_TEXTS = tuple(map(os.strerror, FULL))


def keep_to_tmpdir() -> None:
    """Make `tempfile` use TMPDIR even while it is full: by itself it takes another directory then, without a word."""
    tempfile.tempdir = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - tempfile's own default


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Make a directory that vanishes afterwards; raise `DiskFull` where there is no room for it or its files."""
    with disk_full_is_told(), tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


@contextmanager
def disk_full_is_told() -> Iterator[None]:
    """Raise `DiskFull` in place of the error that temporary files without room for them end in."""
    try:
        yield
    except SongPreferenceError:
        raise
    except Exception as error:
        if not _is_about_room(error):
            raise
        directory = tempfile.gettempdir()
        disk = shutil.disk_usage(directory)
        raise DiskFull(
            f"There is too little room on the volume of {directory}: {disk.free / 1e6:,.0f} of its "
            f"{disk.total / 1e6:,.0f} MB are free now. Free some space there, or set TMPDIR to a directory of another "
            "volume; then try again."
        ) from error


def _is_about_room(error: BaseException | None) -> bool:
    """Whether this error, or one that it came of, is that of a full disk."""
    if error is None:
        return False
    # MLflow keeps no more than the text of what ends its downloads, and takes what ends a model's storing for the
    # model's fault.
    is_full = (isinstance(error, OSError) and error.errno in FULL) or any(text in str(error) for text in FULL_TEXTS)
    return is_full or _is_about_room(error.__cause__ or error.__context__)
