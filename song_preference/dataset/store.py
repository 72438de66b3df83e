"""Dataset versions in S3. `dataset.json` publishes a version; whatever lacks it is invisible."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Literal

import pandas as pd

from song_preference.dataset.version import DatasetVersion
from song_preference.errors import DatasetNotFound
from song_preference.storage import ObjectStore

PREFIX = "datasets/"
LATEST = f"{PREFIX}latest.json"
DESCRIPTION = "dataset.json"

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

    def put_raw(self, version: str, content: bytes) -> None:
        """Keep the bytes as downloaded, unless they are kept already."""
        self.objects.put_new(self.key(version, "raw.csv"), content)

    def raw(self, version: str) -> bytes:
        """The bytes as downloaded."""
        return self._content(version, "raw.csv")

    def put_part(self, version: str, part: Part, table: pd.DataFrame) -> None:
        """Write a table, unless it is there: the same version always holds the same rows."""
        buffer = BytesIO()
        table.to_parquet(buffer, index=False)
        self.objects.put_new(self.key(version, f"{part}.parquet"), buffer.getvalue())

    def part(self, version: str, part: Part) -> pd.DataFrame:
        """One table of a version; raises `DatasetNotFound`."""
        return pd.read_parquet(BytesIO(self._content(version, f"{part}.parquet")))

    def publish(self, description: DatasetVersion) -> DatasetVersion:
        """Make the version visible and the latest; a version published earlier keeps its description."""
        self.objects.put_new(self.key(description.version, DESCRIPTION), description.model_dump_json(indent=2).encode())
        published = self.describe(description.version)
        self.objects.put(LATEST, json.dumps({"version": published.version}).encode())
        return published

    def describe(self, version: str) -> DatasetVersion:
        """What `dataset.json` says; raises `DatasetNotFound` for a version never published."""
        return DatasetVersion.model_validate_json(self._content(version, DESCRIPTION))

    def latest(self) -> DatasetVersion:
        """The version published last; raises `DatasetNotFound` where there is none."""
        pointer = self.objects.get(LATEST)
        if pointer is None:
            raise DatasetNotFound("No dataset was published yet: run the DAG process_etl_spotify_data.")
        return self.describe(json.loads(pointer)["version"])

    def published(self) -> Iterator[DatasetVersion]:
        """All published versions."""
        for key in self.objects.keys(PREFIX):
            if key.endswith(f"/{DESCRIPTION}"):
                yield self.describe(key.removeprefix(PREFIX).split("/")[0])

    def _content(self, version: str, name: str) -> bytes:
        content = self.objects.get(self.key(version, name))
        if content is None:
            raise DatasetNotFound(
                f"There is no '{name}' for dataset version '{version}': run process_etl_spotify_data."
            )
        return content
