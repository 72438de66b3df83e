"""A listener whose taste is known, and MLflow in a folder of the test's own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from song_preference.dataset.store import DatasetStore, PreparedTable
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
from song_preference.errors import DatasetNotFound
from song_preference.evaluation import Evaluation
from song_preference.features import FEATURES
from song_preference.settings import ModelSettings
from song_preference.training.data import Features, Probabilities, Songs
from song_preference.training.evaluate import evaluate_model


def listener(rows: int, seed: int) -> Songs:
    """Someone who likes what can be danced to, more or less."""
    random = np.random.default_rng(seed)
    features = random.random((rows, 4), dtype=np.float32)
    liked = features[:, 2] + 0.3 * features[:, 3] + random.normal(0, 0.25, rows) > 0.6
    return Songs(features, liked.astype(np.int64))


def described(version: str = "abc123abc123", kind: SourceKind = "file") -> DatasetVersion:
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


@pytest.fixture(scope="session")
def train() -> Songs:
    return listener(200, 1)


@pytest.fixture(scope="session")
def test() -> Songs:
    return listener(100, 2)


def likes_to_dance(features: Features) -> Probabilities:
    """The probability of a model that looks at danceability alone."""
    return features[:, 2].astype(np.float64)


@pytest.fixture(scope="session")
def evaluation(train: Songs, test: Songs) -> Evaluation:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("song_preference.training.evaluate.RESAMPLES", 20)
        return evaluate_model(test, train, likes_to_dance, 0.435, seed=0)


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}"


@pytest.fixture
def client(tracking_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowClient]:
    """MLflow's own store and registry, without any registered model."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(tracking_uri)
    client = MlflowClient()
    for model in client.search_registered_models():
        client.delete_registered_model(model.name)
    if client.get_experiment_by_name("tests") is None:
        artifacts: Path = tmp_path_factory.mktemp("artifacts")
        client.create_experiment("tests", artifact_location=artifacts.as_uri())
    mlflow.set_experiment("tests")
    yield client
    mlflow.set_tracking_uri(before)


class MemoryDatasets(DatasetStore):
    """Datasets by version, each a training and a test table."""

    def __init__(self, **versions: tuple[Songs, Songs]) -> None:
        self.versions = versions

    def table(self, version: str, table: PreparedTable, at_most: int | None = None) -> pd.DataFrame:  # noqa: ARG002
        if version not in self.versions:
            raise DatasetNotFound(version)
        train, test = self.versions[version]
        songs = {"train": train, "test": test}[table]
        return pd.DataFrame(songs.features, columns=list(FEATURES)).assign(label=songs.labels)


@pytest.fixture
def settings(client: MlflowClient, tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> ModelSettings:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    monkeypatch.setenv("MODEL_NAME", "spotify_model_prod")
    monkeypatch.setenv("MODEL_ALIAS", "champion")
    client.create_registered_model("spotify_model_prod")
    return ModelSettings()
