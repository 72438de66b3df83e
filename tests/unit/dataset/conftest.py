"""A playlist's bytes, prepared as the pipeline does it; and an internet of the tests' own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from song_preference.dataset import etl, sample
from song_preference.dataset.prepare import prepare
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion, Draft, Parameters, Preparation
from song_preference.settings import DatasetSettings
from tests.support.datasets import MemoryObjects
from tests.support.mlflow import client, tracking_uri
from tests.support.outside import Outside, running

__all__ = ["client", "tracking_uri"]


class Tables(NamedTuple):
    scaled: pd.DataFrame
    features: pd.DataFrame
    report: Preparation


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[[bytes], Tables]:
    def of(raw: bytes) -> Tables:
        path = tmp_path / "raw.csv"
        path.write_bytes(raw)
        found = prepare(path, tmp_path, max_bytes=10**8)
        return Tables(pd.read_parquet(found.scaled), pd.read_parquet(found.features), found.report)

    return of


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def store(objects: MemoryObjects) -> DatasetStore:
    return DatasetStore(objects)


@pytest.fixture
def configured(tmp_path: Path) -> DatasetSettings:
    """The bundled sample as a file of the operator's."""
    path = tmp_path / "playlist.csv"
    path.write_bytes(sample.csv())
    return DatasetSettings.model_validate(
        {"DATASET_SOURCE": str(path), "MAX_DATASET_BYTES": 10**7, "INCOMING_DIR": tmp_path}
    )


@pytest.fixture
def draft(store: DatasetStore, configured: DatasetSettings) -> Draft:
    """A version with all its tables, ready to be published."""
    downloaded = etl.download(store, configured, Parameters(test_size=0.3, seed=1))
    return etl.split_dataset(store, etl.engineer_features(store, configured, downloaded))


@pytest.fixture
def published(store: DatasetStore, draft: Draft) -> DatasetVersion:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    return store.publish(DatasetVersion(created_at=now, code_version="1", **draft.model_dump()))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with running(tmp_path_factory.mktemp("outside")) as outside:
        yield outside


@pytest.fixture
def outside(server: Outside, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """The server, whose CA is trusted and which nothing goes through as a proxy."""
    server.forget()
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(server.authority))
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return server


@pytest.fixture
def behind_proxy(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """The server is the only way out, and answers for every host."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{outside.port}")
    return outside


@pytest.fixture(scope="session")
def playlist() -> pd.DataFrame:
    return sample.bundled()
