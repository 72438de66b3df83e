"""MLflow's own store and registry in a folder of the tests, as fixtures: a conftest imports them."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from song_preference.settings import ModelSettings


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


@pytest.fixture
def settings(client: MlflowClient, tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> ModelSettings:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    monkeypatch.setenv("MODEL_NAME", "spotify_model_prod")
    monkeypatch.setenv("MODEL_ALIAS", "champion")
    client.create_registered_model("spotify_model_prod")
    return ModelSettings()
