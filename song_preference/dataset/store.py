"""Dataset versions in S3. `dataset.json` publishes a version; one without it is invisible."""

import json
import math
import re
from pathlib import Path
from typing import Literal, get_args

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from song_preference.dataset.version import DatasetVersion, named
from song_preference.errors import DatasetNotFound
from song_preference.messages import Message
from song_preference.settings import S3Settings
from song_preference.song_table.files import extension_of
from song_preference.storage import ObjectStore, s3_client
from song_preference.temporary import temporary_directory

PREFIX = "datasets/"
LATEST = f"{PREFIX}latest.json"
LATEST_NAME = "latest"
DESCRIPTION = "dataset.json"

NAME = re.compile("[0-9a-z]+")

PreparedTable = Literal["scaled", "features", "train", "test"]
Table = Literal["raw", PreparedTable]
"""A table of a version: the bytes as downloaded, or a Parquet file."""

RAW: Table = "raw"
FILES = {table: f"{table}.parquet" for table in get_args(PreparedTable)}
OLD_RAW = "raw.csv"
"""Name of the bytes as downloaded in versions published before they kept their extension."""


class DatasetStore:
    """Reads and writes the versions below `datasets/`."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects

    def key(self, version: str, name: str) -> str:
        """Return the key of one object of a version."""
        return f"{PREFIX}{version}/{name}"

    def put(self, version: str, table: Table, path: Path) -> None:
        """Keep a file as a table of the version, unless there is one already: a version always holds the same."""
        with path.open("rb") as file:
            name = FILES.get(table) or f"raw/1.{extension_of(file)}"
            self.objects.put_new(self.key(version, name), file)

    def file(self, version: str, table: Table) -> str:
        """Return the name of a table's file in the version."""
        if table in FILES:
            return FILES[table]
        kept = self.objects.keys(self.key(version, "raw/"))
        return kept[0].removeprefix(self.key(version, "")) if kept else OLD_RAW

    def fetch(self, version: str, table: Table, target: Path) -> None:
        """Write a table to a file; raise `DatasetNotFound`."""
        name = self.file(version, table)
        if not self.objects.download(self.key(version, name), target):
            raise not_found(version, name)

    def table(self, version: str, table: PreparedTable, at_most: int | None = None) -> pd.DataFrame:
        """Return one table of a version, or about `at_most` of its rows, spread evenly; raise `DatasetNotFound`."""
        with temporary_directory() as directory:
            path = directory / table
            self.fetch(version, table, path)
            # Not buffered beforehand: what was read would stay in memory until the end.
            file = pq.ParquetFile(path, pre_buffer=False)
            step = max(1, math.ceil(file.metadata.num_rows / (at_most or math.inf)))
            pieces, at = [], 0
            for batch in file.iter_batches():
                pieces.append(batch.take(pa.array(range(-at % step, len(batch), step))))
                at += len(batch)
            rows: pd.DataFrame = pa.Table.from_batches(pieces, file.schema_arrow).to_pandas()
            return rows

    def publish(self, description: DatasetVersion) -> DatasetVersion:
        """Make the version visible and the latest one; a version published earlier keeps its description and name.

        Raises `DatasetNotFound` where a table is missing, since somebody removed it meanwhile.
        """
        for name in (self.file(description.version, RAW), *FILES.values()):
            if self.objects.size(self.key(description.version, name)) is None:
                raise not_found(description.version, name)
        self.objects.put_new(self.key(description.version, DESCRIPTION), description.model_dump_json(indent=2).encode())
        published = self.describe(description.version)
        self.objects.put(LATEST, json.dumps({"version": published.version}).encode())
        return published

    def rename(self, version: str, name: str) -> DatasetVersion:
        """Give a published version another name; raise `DatasetNotFound`."""
        renamed = self.describe(version).model_copy(update={"name": named(name)})
        self.objects.put(self.key(version, DESCRIPTION), renamed.model_dump_json(indent=2).encode())
        return renamed

    def describe(self, version: str) -> DatasetVersion:
        """Return what `dataset.json` says; raise `DatasetNotFound` for a version never published."""
        if not NAME.fullmatch(version):
            # Some stores would take '..' in a key for a step up.
            raise not_found(version, DESCRIPTION)
        content = self.objects.get(self.key(version, DESCRIPTION))
        if content is None:
            raise not_found(version, DESCRIPTION)
        return DatasetVersion.model_validate_json(content)

    def find(self, name: str) -> DatasetVersion:
        """Return a published version, or the last one where the name is 'latest'; raise `DatasetNotFound`."""
        return self.latest() if name == LATEST_NAME else self.describe(name)

    def latest(self) -> DatasetVersion:
        """Return the version published last; raise `DatasetNotFound` where there is none."""
        pointer = self.objects.get(LATEST)
        if pointer is None:
            raise DatasetNotFound(Message("no_dataset_yet"))
        return self.describe(json.loads(pointer)["version"])

    def published(self) -> list[DatasetVersion]:
        """Return all published versions, newest first."""
        names = [key.split("/")[1] for key in self.objects.keys(PREFIX) if key.endswith(f"/{DESCRIPTION}")]
        return sorted(map(self.describe, names), key=lambda version: version.created_at, reverse=True)

    def unfinished(self) -> list[str]:
        """Return versions that have objects but no `dataset.json`: never published, or removed halfway."""
        versions = {key.split("/")[1] for key in self.objects.keys(PREFIX) if key != LATEST}
        return sorted(versions - {published.version for published in self.published()})

    def remove(self, version: str) -> None:
        """Delete everything of a version; it is withdrawn first, so that nobody finds half of it."""
        self.objects.remove(self.key(version, DESCRIPTION))
        for key in self.objects.keys(self.key(version, "")):
            self.objects.remove(key)


def open_store() -> DatasetStore:
    """Return the store that the environment names."""
    settings = S3Settings()
    return DatasetStore(ObjectStore(s3_client(settings), settings.data_bucket))


def not_found(version: str, name: str) -> DatasetNotFound:
    """Return the error for a file of a version that does not exist."""
    if name == DESCRIPTION:
        return DatasetNotFound(Message("no_such_dataset", {"version": version}))
    return DatasetNotFound(Message("dataset_file_gone", {"version": version, "file": name}))
