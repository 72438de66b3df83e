"""The index of the catalogue that a service searches: a file that it keeps on disk and replaces while it runs."""

import logging
import random
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol
from urllib.parse import quote

from song_preference.errors import DiskFull, RegistryUnavailable
from song_preference.serving.model_store import JITTER

log = logging.getLogger(__name__)

FORMAT = "4"
"""Number of the index's form: raise it whenever the same scores give another index, or it is read in another way."""

DOWNLOAD = "download-"
"""Beginning of the name of a folder that holds an index while it is downloaded."""


class SongIndex(NamedTuple):
    """An index on disk, and what it says about itself."""

    path: Path
    catalogue: str
    model: str
    """Version of the model whose answers it has."""
    songs: int

    @classmethod
    def of(cls, path: Path) -> "SongIndex":
        """Read what an index says about itself; raise `sqlite3.DatabaseError` if it is none, or not whole."""
        with closing(connect(path)) as connection:
            about = "select catalogue, model, songs, format from about"
            ((catalogue, model, songs, form),) = connection.execute(about).fetchall()
            ((last,),) = connection.execute("select max(number) from songs").fetchall()
        if last != songs or form != FORMAT:
            raise sqlite3.DatabaseError("songs are missing, or it has another form")
        return cls(path, catalogue, model, songs)


def connect(path: Path) -> sqlite3.Connection:
    """Open an index to read, in any thread, one at a time; without locks, since nobody ever changes it."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, check_same_thread=False)


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
        self._source, self._refresh_seconds, self._directory = source, refresh_seconds, directory
        self._rejected: str | None = None
        """The run whose index is not whole, which is not downloaded again."""
        self._stop = threading.Event()
        # A daemon, so that a download from a hanging server cannot keep the process alive.
        self._thread = threading.Thread(target=self._watch, name="index-refresh", daemon=True)

    def start(self) -> None:
        """Use the index on disk, if there is one, and start watching the source."""
        for leftover in self._directory.glob(f"{DOWNLOAD}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        for path in sorted(self._directory.glob("*.sqlite"), key=lambda path: path.stat().st_mtime):
            self.current = self._opened(path) or self.current
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def refresh(self) -> None:
        """Use the source's index if it is another one; raise `RegistryUnavailable` and `DiskFull`."""
        run_id = self._source.index_run()
        path = self._directory / f"{run_id}.sqlite"
        if run_id and run_id == self._rejected:
            return
        if run_id and (self.current is None or self.current.path != path):
            found = self._opened(path) or self._fetched(run_id, path)
            if found is None:
                self._rejected = run_id
                return
            self.current = found
            log.info("The index of catalogue %s, version %s of the model, is in use.", found.catalogue, found.model)
        elif run_id is None:
            self.current = None
        for other in self._directory.glob("*.sqlite"):
            if other != path:
                # A reader keeps the open file.
                other.unlink(missing_ok=True)

    def _fetched(self, run_id: str, path: Path) -> SongIndex | None:
        self._directory.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._directory, prefix=DOWNLOAD) as directory:
            downloaded = self._source.download_index(run_id, Path(directory))
            if self._opened(downloaded) is None:
                return None
            downloaded.replace(path)
        return self._opened(path)

    @staticmethod
    def _opened(path: Path) -> SongIndex | None:
        if not path.exists():
            return None
        try:
            return SongIndex.of(path)
        except (sqlite3.Error, ValueError):
            log.warning("The index %s is not whole and not used.", path.name)
            return None

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self.refresh()
            except (RegistryUnavailable, DiskFull) as error:
                log.warning("%s", error)
            except Exception:
                # The thread must survive any error, or no new index would ever be used.
                log.exception("The refresh of the index failed unexpectedly.")
            pause = self._refresh_seconds * random.uniform(1 - JITTER, 1)  # noqa: S311 - no secret depends on it
            self._stop.wait(pause)
