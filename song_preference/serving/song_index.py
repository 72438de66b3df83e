"""The index of the catalogue that a service searches: a file that it keeps on disk and replaces while it runs.

Replicas of a service share the directory. Each holds a lock on the file of the index that it uses, until its process
ends at the latest, so that no other removes it.
"""

import fcntl
import logging
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol
from urllib.parse import quote

from song_preference.serving.watcher import Watcher

log = logging.getLogger(__name__)

FORMAT = "7"
"""Number of the index's form: raise it whenever the same scores give another index, or it is read in another way."""

DOWNLOAD = "download-"
"""Beginning of the name of a folder that holds an index while it is downloaded."""


class SongIndex(NamedTuple):
    """An index on disk, and what it says about itself."""

    path: Path
    catalogue: str
    model: str
    """Version of the model whose answers it has."""
    dataset: str | None
    """The dataset version that this model was trained on, whose songs are left out of recommendations."""
    songs: int

    @classmethod
    def of(cls, path: Path) -> "SongIndex":
        """Read what an index says about itself; raise `sqlite3.DatabaseError` if it is none, or not whole."""
        with closing(connect(path)) as connection:
            about = "select catalogue, model, dataset, songs, format from about"
            ((catalogue, model, dataset, songs, form),) = connection.execute(about).fetchall()
            ((last,),) = connection.execute("select max(number) from songs").fetchall()
        if last != songs or form != FORMAT:
            raise sqlite3.DatabaseError("songs are missing, or it has another form")
        return cls(path, catalogue, model, dataset, songs)


def connect(path: Path) -> sqlite3.Connection:
    """Open an index to read, in any thread, one at a time; without locks, since nobody ever changes it."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, check_same_thread=False)


def _locked(path: Path, kind: int) -> int | None:
    """Return a descriptor that holds a lock on a file; None if the file is gone, or another lock is in the way."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(descriptor, kind)
        # It may have been removed before it was locked.
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    os.close(descriptor)
    return None


class IndexSource(Protocol):
    """The source of indexes."""

    def index_run(self) -> str | None:
        """Return the run whose index is in use, None without one; raise `RegistryUnavailable`."""

    def download_index(self, run_id: str, directory: Path) -> Path:
        """Write the run's index into a directory; raise `RegistryUnavailable` and `DiskFull`."""


class IndexStore:
    """Holds the index in use, the one before while its source cannot be reached."""

    def __init__(self, source: IndexSource, refresh_seconds: float, directory: Path) -> None:
        self.current: SongIndex | None = None
        """The index in use; None before the first."""
        self._source, self._directory = source, directory
        self._rejected: str | None = None
        """The run whose index is not whole, which is not downloaded again."""
        self._lock: int | None = None
        """File descriptor of the index in use, which holds its lock."""
        self._watcher = Watcher("index-refresh", self.refresh, refresh_seconds)

    def start(self) -> None:
        """Use the index on disk, if there is one, and start watching the source."""
        found = []
        for path in self._directory.glob("*.sqlite"):
            with suppress(FileNotFoundError):  # another replica may remove one meanwhile
                found.append((path.stat().st_mtime, path))
        for _, path in sorted(found):
            self._used(path)
        self._watcher.start()

    def stop(self) -> None:
        """Stop watching."""
        self._watcher.stop()

    def refresh(self) -> None:
        """Use the source's index if it is another one; raise `RegistryUnavailable` and `DiskFull`."""
        run_id = self._source.index_run()
        path = self._directory / f"{run_id}.sqlite"
        if run_id and run_id == self._rejected:
            return
        if run_id is None:
            self._hold(None, None)
        elif self.current is None or self.current.path != path:
            found = self._used(path) or self._fetched(run_id, path)
            if found is None:
                return
            log.info("The index of catalogue %s, version %s of the model, is in use.", found.catalogue, found.model)
        for other in self._directory.glob("*.sqlite"):
            lock = None if other == path else _locked(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lock is not None:
                # A reader keeps the open file.
                other.unlink(missing_ok=True)
                os.close(lock)

    def _fetched(self, run_id: str, path: Path) -> SongIndex | None:
        """Download and use the run's index; return None if it is not whole, or while another replica downloads."""
        self._directory.mkdir(parents=True, exist_ok=True)
        turn = _locked(self._directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if turn is None:
            return None
        try:
            if found := self._used(path):
                return found
            for leftover in self._directory.glob(f"{DOWNLOAD}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            with TemporaryDirectory(dir=self._directory, prefix=DOWNLOAD) as directory:
                downloaded = self._source.download_index(run_id, Path(directory))
                if self._opened(downloaded) is None:
                    self._rejected = run_id
                    return None
                downloaded.replace(path)
            return self._used(path)
        finally:
            os.close(turn)

    def _used(self, path: Path) -> SongIndex | None:
        """Use an index from now on and return it; None if there is none, or if it is not whole."""
        lock = _locked(path, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if lock is None:
            return None
        found = self._opened(path)
        if found is None:
            os.close(lock)
        else:
            self._hold(found, lock)
        return found

    def _hold(self, index: SongIndex | None, lock: int | None) -> None:
        self.current, self._lock, before = index, lock, self._lock
        if before is not None:
            os.close(before)

    @staticmethod
    def _opened(path: Path) -> SongIndex | None:
        try:
            return SongIndex.of(path)
        except (sqlite3.Error, ValueError):
            log.warning("The index %s is not whole and not used.", path.name)
            return None
