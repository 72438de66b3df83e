"""An ETL that is killed at one of its writes; see test_publication.py."""

import os
import signal
from typing import BinaryIO

from song_preference.dataset import etl
from song_preference.dataset.etl import register
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import Parameters
from song_preference.settings import DatasetSettings, S3Settings
from song_preference.storage import ObjectStore, s3_client

PARAMETERS = Parameters(test_size=0.3, seed=42)


class DeadlyStore(ObjectStore):
    """Kills its process at a write, before or after it takes place; the writes are counted from 1."""

    writes = 0
    fatal_write = 0
    is_done_first = False

    def put(self, key: str, content: bytes) -> None:
        self._count(done=False)
        super().put(key, content)
        self._count(done=True)

    def put_new(self, key: str, content: bytes | BinaryIO) -> bool:
        self._count(done=False)
        written = super().put_new(key, content)
        self._count(done=True)
        return written

    def _count(self, *, done: bool) -> None:
        self.writes += not done
        if self.writes == self.fatal_write and done == self.is_done_first:
            self.strike()

    def strike(self) -> None:
        """End the process."""
        os.kill(os.getpid(), signal.SIGKILL)


def run_etl(environment: dict[str, str], bucket: str, fatal_write: int, is_done_first: bool) -> None:
    """Run the whole ETL, in a process that dies at the fatal write, counted from 1; with 0 it lives."""
    os.environ.update(environment)
    objects = DeadlyStore(s3_client(S3Settings()), bucket)
    objects.fatal_write, objects.is_done_first = fatal_write, is_done_first
    store = DatasetStore(objects)
    settings = DatasetSettings()
    draft = etl.download(store, settings, PARAMETERS)
    register(store, etl.split_dataset(store, etl.engineer_features(store, settings, draft)))
