"""How an upload is checked, and which versions may be removed."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from song_preference.dataset import etl, sample
from song_preference.dataset.incoming import kept
from song_preference.dataset.manage import check, remove, rename, trained_on
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion, Parameters
from song_preference.errors import DatasetInUse, DatasetNotFound, InvalidDataset, RegistryUnavailable
from song_preference.settings import DatasetSettings
from tests.support.datasets import FakeMlflow, MemoryObjects


@pytest.fixture
def mlflow() -> FakeMlflow:
    return FakeMlflow()


@pytest.fixture
def registry(mlflow: FakeMlflow) -> MlflowClient:
    return cast("MlflowClient", mlflow)


def another(store: DatasetStore, configured: DatasetSettings, seed: int) -> DatasetVersion:
    """Publish the same songs with another seed, as the latest version."""
    draft = etl.download(store, configured, Parameters(test_size=0.3, seed=seed))
    draft = etl.split_dataset(store, etl.engineer_features(store, configured, draft))
    first = store.published()[0]
    return store.publish(DatasetVersion(created_at=first.created_at, code_version="1", **draft.model_dump()))


def test_an_upload_is_checked_as_the_pipeline_does(tmp_path: Path) -> None:
    playlist = tmp_path / "mine.csv"
    playlist.write_bytes(sample.csv())
    assert check(playlist, 10**8).rows_kept == 750
    playlist.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(InvalidDataset):
        check(playlist, 10**8)


def test_a_list_is_renamed_in_mlflow_and_in_its_description(
    store: DatasetStore, mlflow: FakeMlflow, registry: MlflowClient, published: DatasetVersion
) -> None:
    renamed = rename(store, registry, published.version, "  Verano \n 2026 ")
    assert renamed.name == store.describe(published.version).name == "Verano 2026"
    assert mlflow.tags == {published.version: {"dataset_name": "Verano 2026"}}
    mlflow.is_down = True
    with pytest.raises(RegistryUnavailable):
        rename(store, registry, published.version, "another")
    assert store.describe(published.version).name == "Verano 2026"


def test_models_are_found_by_their_dataset(mlflow: FakeMlflow, registry: MlflowClient) -> None:
    mlflow.trained["abc"] = [SimpleNamespace(name="model", version="3")]
    assert trained_on(registry, "abc") == ["model/3"]
    assert trained_on(registry, "def") == []


def test_without_mlflow_nothing_is_removed(
    store: DatasetStore, configured: DatasetSettings, published: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise MlflowException("Connection refused")

    another(store, configured, 2)
    registry = FakeMlflow()
    monkeypatch.setattr(registry, "search_model_versions", away)
    with pytest.raises(RegistryUnavailable, match="MLflow at http://mlflow does not answer"):
        remove(store, cast("MlflowClient", registry), published.version)
    assert len(store.published()) == 2


def test_the_latest_one_in_use_and_an_unknown_version_stay(
    store: DatasetStore,
    configured: DatasetSettings,
    published: DatasetVersion,
    mlflow: FakeMlflow,
    registry: MlflowClient,
) -> None:
    with pytest.raises(DatasetInUse, match="is the latest"):
        remove(store, registry, published.version)
    another(store, configured, 2)
    mlflow.trained[published.version] = [SimpleNamespace(name="model", version="3")]
    with pytest.raises(DatasetInUse, match="model/3 was trained on it"):
        remove(store, registry, published.version)
    with pytest.raises(DatasetNotFound):
        remove(store, registry, "none")
    assert len(store.published()) == 2


def test_an_unfinished_version_can_be_removed(
    store: DatasetStore, configured: DatasetSettings, registry: MlflowClient
) -> None:
    draft = etl.download(store, configured, Parameters(test_size=0.3, seed=1))
    remove(store, registry, draft.version)
    assert store.unfinished() == []


def test_an_upload_goes_with_the_last_version_of_it(
    *,
    store: DatasetStore,
    configured: DatasetSettings,
    objects: MemoryObjects,
    registry: MlflowClient,
    published: DatasetVersion,
    tmp_path: Path,
) -> None:
    with kept(BytesIO((tmp_path / "playlist.csv").read_bytes()), "playlist.csv", objects):
        pass
    second = another(store, configured, 2)
    other = tmp_path / "other.csv"
    other.write_bytes(b"\n".join(sample.csv().splitlines()[:-1]))
    another(store, configured.model_copy(update={"source": str(other)}), 3)
    remove(store, registry, published.version)
    assert len(objects.keys("incoming/")) == 1
    remove(store, registry, second.version)
    assert objects.keys("incoming/") == []
