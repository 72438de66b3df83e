"""A dataset store of each test's own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from song_preference.dataset import sample
from song_preference.dataset.store import DatasetStore
from song_preference.settings import S3Settings
from song_preference.storage import ObjectStore, s3_client


@pytest.fixture
def store(environment: dict[str, str]) -> Iterator[DatasetStore]:
    """A bucket of the test's own."""
    client, bucket = s3_client(S3Settings()), f"test-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    objects = ObjectStore(client, bucket)
    yield DatasetStore(objects)
    for key in objects.keys(""):
        objects.remove(key)
    client.delete_bucket(Bucket=bucket)


@pytest.fixture
def playlist(tmp_path: Path) -> Path:
    """A listener's file: synthetic songs, two of them twice."""
    lines = sample.csv().decode().splitlines()
    path = tmp_path / "playlist.csv"
    path.write_text("\n".join([*lines, lines[1], lines[2]]) + "\n")
    return path
