"""Dataset versions in S3. `dataset.json` publishes a version; whatever lacks it is invisible."""

import json
import math
import re
from pathlib import Path
from typing import Literal, get_args

import pandas as pd
import pyarrow.parquet as pq

from song_preference.dataset.version import DatasetVersion
from song_preference.errors import DatasetNotFound
from song_preference.messages import Message
from song_preference.storage import ObjectStore
from song_preference.temporary import temporary_directory

PREFIX = "datasets/"
LATEST = f"{PREFIX}latest.json"
LATEST_NAME = "latest"
RAW, DESCRIPTION = "raw.csv", "dataset.json"

NAME = re.compile("[0-9a-z]+")

Part = Literal["scaled", "features", "train", "test"]


class DatasetStore:
    """Reads and writes the versions below `datasets/`."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects

    def key(self, version: str, name: str) -> str:
        """The key of one object of a version."""
        return f"{PREFIX}{version}/{name}"

    def part_uri(self, version: str, part: Part) -> str:
        """The `s3://` address of a table."""
        return self.objects.uri(self.key(version, f"{part}.parquet"))

    def put(self, version: str, name: str, path: Path) -> None:
        """Keep a file of the version, unless it is kept already: a version always holds the same."""
        with path.open("rb") as file:
            self.objects.put_new(self.key(version, name), file)

    def put_part(self, version: str, part: Part, path: Path) -> None:
        """Keep a table of the version, a Parquet file."""
        self.put(version, f"{part}.parquet", path)

    def fetch_raw(self, version: str, target: Path) -> None:
        """Write the bytes as downloaded to a file; raises `DatasetNotFound`."""
        self._fetch(version, RAW, target)

    def fetch_part(self, version: str, part: Part, target: Path) -> None:
        """Write a table, a Parquet file, to a file; raises `DatasetNotFound`."""
        self._fetch(version, f"{part}.parquet", target)

    def part(self, version: str, part: Part, at_most: int | None = None) -> pd.DataFrame:
        """One table of a version, or about `at_most` of its rows, spread evenly; raises `DatasetNotFound`."""
        with temporary_directory() as directory:
            path = directory / part
            self.fetch_part(version, part, path)
            table = pq.ParquetFile(path)
            step = max(1, math.ceil(table.metadata.num_rows / (at_most or math.inf)))
            pieces, at = [], 0
            for batch in table.iter_batches():
                # A copy, so that the rest of the batch can go.
                pieces.append(batch.to_pandas().iloc[-at % step :: step].copy())
                at += len(batch)
            rows: pd.DataFrame = pd.concat(pieces, ignore_index=True)
            return rows

    def publish(self, description: DatasetVersion) -> DatasetVersion:
        """Make the version visible and the latest; a version published earlier keeps its description.

        Raises `DatasetNotFound` where a part is missing, since somebody removed it meanwhile.
        """
        for name in (RAW, *(f"{part}.parquet" for part in get_args(Part))):
            if self.objects.size(self.key(description.version, name)) is None:
                raise _not_found(description.version, name)
        self.objects.put_new(self.key(description.version, DESCRIPTION), description.model_dump_json(indent=2).encode())
        published = self.describe(description.version)
        self.objects.put(LATEST, json.dumps({"version": published.version}).encode())
        return published

    def describe(self, version: str) -> DatasetVersion:
        """What `dataset.json` says; raises `DatasetNotFound` for a version never published."""
        if not NAME.fullmatch(version):
            # Some stores would take '..' in a key for a step up.
            raise _not_found(version, DESCRIPTION)
        return DatasetVersion.model_validate_json(self._content(version, DESCRIPTION))

    def find(self, name: str) -> DatasetVersion:
        """A published version, or the one published last where the name is 'latest'; raises `DatasetNotFound`."""
        return self.latest() if name == LATEST_NAME else self.describe(name)

    def latest(self) -> DatasetVersion:
        """The version published last; raises `DatasetNotFound` where there is none."""
        pointer = self.objects.get(LATEST)
        if pointer is None:
            raise DatasetNotFound(Message("no_dataset_yet"))
        return self.describe(json.loads(pointer)["version"])

    def published(self) -> list[DatasetVersion]:
        """All published versions, newest first."""
        names = [key.split("/")[1] for key in self.objects.keys(PREFIX) if key.endswith(f"/{DESCRIPTION}")]
        return sorted(map(self.describe, names), key=lambda version: version.created_at, reverse=True)

    def unfinished(self) -> list[str]:
        """Versions of which something is kept although they were never published, or are no more."""
        versions = {key.split("/")[1] for key in self.objects.keys(PREFIX) if key != LATEST}
        return sorted(versions - {published.version for published in self.published()})

    def remove(self, version: str) -> None:
        """Delete everything of a version; it is withdrawn first, so that nobody finds half of it."""
        self.objects.remove(self.key(version, DESCRIPTION))
        for key in self.objects.keys(self.key(version, "")):
            self.objects.remove(key)

    def _fetch(self, version: str, name: str, target: Path) -> None:
        if not self.objects.download(self.key(version, name), target):
            raise _not_found(version, name)

    def _content(self, version: str, name: str) -> bytes:
        content = self.objects.get(self.key(version, name))
        if content is None:
            raise _not_found(version, name)
        return content


def _not_found(version: str, name: str) -> DatasetNotFound:
    if name == DESCRIPTION:
        return DatasetNotFound(Message("no_such_dataset", {"version": version}))
    return DatasetNotFound(Message("dataset_file_gone", {"version": version, "file": name}))
