from pathlib import Path

import pytest
from mlflow import MlflowClient

from song_preference.serving.registry import find_version
from song_preference.training.promote import CHALLENGER, promote

MODEL = "spotify_model_prod"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow") / "mlflow.db"


@pytest.fixture
def client(database: Path) -> MlflowClient:
    """MLflow's own registry, without any version of the model."""
    client = MlflowClient(f"sqlite:///{database}")
    for model in client.search_registered_models():
        client.delete_registered_model(model.name)
    client.create_registered_model(MODEL)
    return client


def register(client: MlflowClient, source_kind: str) -> str:
    version = client.create_model_version(MODEL, source="file:///nowhere", tags={"source_kind": source_kind})
    return str(version.version)


def alias(client: MlflowClient, name: str) -> str | None:
    found = find_version(client, MODEL, name)
    return str(found.version) if found else None


def test_before_any_promotion_there_is_no_champion(client: MlflowClient) -> None:
    assert find_version(client, MODEL, "champion") is None
    assert find_version(client, "another_model", "champion") is None


@pytest.mark.parametrize("kinds", [("sample",), ("drive",), ("sample", "sample"), ("sample", "file"), ("file", "s3")])
def test_the_newest_version_becomes_champion(client: MlflowClient, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        version = register(client, kind)
        assert promote(client, MODEL, version, "champion")
        assert alias(client, "champion") == version


def test_a_sample_never_replaces_a_real_playlist(client: MlflowClient) -> None:
    real, sample = register(client, "drive"), register(client, "sample")
    promote(client, MODEL, real, "champion")
    assert not promote(client, MODEL, sample, "champion")
    assert (alias(client, "champion"), alias(client, CHALLENGER)) == (real, sample)
