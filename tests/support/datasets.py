"""A bucket in memory, a registry that knows datasets, and a dataset version that was never prepared."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, BinaryIO

from mlflow.exceptions import MlflowException

from song_preference.dataset import etl
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import (
    DatasetVersion,
    FeatureStatistics,
    Parameters,
    Preparation,
    ScalerRange,
    Source,
    SourceKind,
    SplitRows,
)
from song_preference.errors import StorageUnavailable
from song_preference.features import FEATURES
from song_preference.settings import DatasetSettings
from song_preference.storage import ObjectStore
from tests.support.playlists import CSV


class MemoryObjects(ObjectStore):
    """A bucket in memory, of which a test can take the connection away."""

    def __init__(self) -> None:
        self.bucket = "data"
        self.contents: dict[str, bytes] = {}
        self.removed: list[str] = []
        self.is_down = False

    def get(self, key: str, first_bytes: int | None = None) -> bytes | None:
        self._check()
        content = self.contents.get(key)
        return content and content[:first_bytes]

    def size(self, key: str) -> int | None:
        content = self.get(key)
        return None if content is None else len(content)

    def download(self, key: str, target: Path) -> bool:
        content = self.get(key)
        if content is not None:
            target.write_bytes(content)
        return content is not None

    def put(self, key: str, content: bytes) -> None:
        self._check()
        self.contents[key] = content

    def put_new(self, key: str, content: bytes | BinaryIO) -> bool:
        self._check()
        is_new = key not in self.contents
        self.contents.setdefault(key, content if isinstance(content, bytes) else content.read())
        return is_new

    def remove(self, key: str) -> None:
        self._check()
        self.contents.pop(key, None)
        self.removed.append(key)

    def keys(self, prefix: str) -> list[str]:
        self._check()
        return sorted(key for key in self.contents if key.startswith(prefix))

    def _check(self) -> None:
        if self.is_down:
            raise StorageUnavailable("S3 did not serve it: check that it runs, and its keys.")


class FakeMlflow:
    """Knows which model versions were trained on which dataset, and has one run for every dataset."""

    tracking_uri = "http://mlflow"

    def __init__(self) -> None:
        self.trained: dict[str, list[SimpleNamespace]] = {}
        self.tags: dict[str, dict[str, str]] = {}
        """Tags of the runs by dataset version."""
        self.is_down = False

    def search_experiments(self) -> list[SimpleNamespace]:
        if self.is_down:
            raise MlflowException("down")
        return [SimpleNamespace(experiment_id="1")]

    def search_runs(self, experiments: list[str], query: str) -> list[SimpleNamespace]:
        assert experiments == ["1"]
        return [SimpleNamespace(info=SimpleNamespace(run_id=query.split("'")[1]))]

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        self.tags.setdefault(run_id, {})[key] = value

    def search_model_versions(self, query: str) -> list[SimpleNamespace]:
        return self.trained.get(query.split("'")[1], [])


Publish = Callable[[int], DatasetVersion]


def publish_sample(objects: MemoryObjects, seed: int, created_at: datetime) -> DatasetVersion:
    """Publish the sample, split by the seed."""
    return publish_list(objects, CSV, seed, created_at)


def publish_list(objects: MemoryObjects, playlist: bytes, seed: int, created_at: datetime) -> DatasetVersion:
    """Publish a playlist, split by the seed."""
    version, contents = _published(playlist, seed)
    store = DatasetStore(objects)
    objects.contents |= contents
    return store.publish(version.model_copy(update={"created_at": created_at}))


def describe_anew(objects: MemoryObjects, version: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a published version says about itself."""
    path = f"datasets/{version}/dataset.json"
    said = json.loads(objects.contents[path])
    change(said)
    objects.put(path, json.dumps(said).encode())


@cache
def _published(content: bytes, seed: int) -> tuple[DatasetVersion, dict[str, bytes]]:
    """Run the ETL up to publication; return the version and its objects, once for all tests."""
    objects = MemoryObjects()
    store = DatasetStore(objects)
    with TemporaryDirectory() as directory:
        playlist = Path(directory) / "playlist.csv"
        playlist.write_bytes(content)
        wanted = {"DATASET_SOURCE": str(playlist), "MAX_DATASET_BYTES": 10**6, "INCOMING_DIR": directory}
        settings = DatasetSettings.model_validate(wanted)
        draft = etl.download(store, settings, Parameters(test_size=0.3, seed=seed))
        draft = etl.split_dataset(store, etl.engineer_features(store, settings, draft))
    created_at = datetime(2026, 11, 25, tzinfo=UTC)
    return DatasetVersion(created_at=created_at, code_version="test", **draft.model_dump()), objects.contents


def described(version: str = "abc123abc123", kind: SourceKind = "file") -> DatasetVersion:
    """Return a version with 200 songs."""
    return DatasetVersion(
        version=version,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        code_version="0.1.0",
        source=Source(kind=kind, uri="playlist.csv", sha256="0" * 64, size_bytes=1),
        parameters=Parameters(test_size=0.3, seed=42),
        preparation=Preparation(
            columns={},
            rows_raw=202,
            rows_kept=200,
            likes=120,
            dislikes=80,
            scaler={"tempo": ScalerRange(min=60, max=200)},
            features={name: FeatureStatistics(mean=0.5, std=0.2) for name in FEATURES},
        ),
        split=SplitRows(train=140, test=60),
    )
