from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from mlflow import MlflowClient

from fastapi_app.app import create_app
from fastapi_app.management import Management
from song_preference.dataset.store import DatasetStore
from song_preference.errors import PipelineUnavailable, StorageUnavailable
from song_preference.pipeline import Airflow, Run
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.settings import ModelSettings, PlaylistSettings, RestSettings
from song_preference.storage import ObjectStore
from tests.support.rest import API_KEY, MAX_BATCH_SIZE, MAX_DATASET_BYTES, MAX_UPLOAD_BYTES, PAGE


@pytest.fixture
def rest_settings() -> RestSettings:
    values = {"API_KEY": API_KEY, "MAX_UPLOAD_BYTES": MAX_UPLOAD_BYTES, "GRAPHQL_IDE": False, "MANAGE_DATASETS": False}
    return RestSettings.model_validate(values)


class MemoryObjects(ObjectStore):
    """A bucket in memory, of which a test can take the connection away."""

    def __init__(self) -> None:
        self.bucket = "data"
        self.contents: dict[str, bytes] = {}
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

    def keys(self, prefix: str) -> list[str]:
        self._check()
        return sorted(key for key in self.contents if key.startswith(prefix))

    def _check(self) -> None:
        if self.is_down:
            raise StorageUnavailable("S3 did not serve it: check that it runs, and its keys.")


class FakeAirflow:
    """Notes what it is to run."""

    def __init__(self) -> None:
        self.triggered: list[dict[str, Any]] = []
        self.is_down = False

    def trigger(self, dag_id: str, params: dict[str, Any], **_: float) -> Run:
        if self.is_down:
            raise PipelineUnavailable("Airflow does not answer: is it running?")
        self.triggered.append(params)
        return Run(dag_id, "manual__2026-11-25T10:00:00+00:00")


class FakeMlflow:
    """Knows which model versions learned from which dataset."""

    def __init__(self) -> None:
        self.learned: dict[str, list[SimpleNamespace]] = {}

    def search_model_versions(self, query: str) -> list[SimpleNamespace]:
        return self.learned.get(query.split("'")[1], [])


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def airflow() -> FakeAirflow:
    return FakeAirflow()


@pytest.fixture
def mlflow_client() -> FakeMlflow:
    return FakeMlflow()


@pytest.fixture
def management(objects: MemoryObjects, airflow: FakeAirflow, mlflow_client: FakeMlflow, tmp_path: Path) -> Management:
    """Of a bucket in memory."""
    playlist_settings = PlaylistSettings.model_validate(
        {"MAX_DATASET_BYTES": MAX_DATASET_BYTES, "INCOMING_DIR": tmp_path}
    )
    model_settings = ModelSettings.model_validate(
        {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MODEL_NAME": "spotify_model_prod", "MODEL_ALIAS": "champion"}
    )
    clients = (DatasetStore(objects), cast("MlflowClient", mlflow_client), cast("Airflow", airflow))
    return Management(*clients, playlist_settings, model_settings)


@pytest.fixture
def managed_app(predictor: Predictor, rest_settings: RestSettings, management: Management) -> FastAPI:
    """A service that manages datasets, too, and may be called from one web page."""
    wanted = {"manages_datasets": True, "cors_origins": PAGE}
    return create_app(predictor, rest_settings.model_copy(update=wanted), management)


@pytest.fixture
def managed(managed_app: FastAPI) -> Iterator[TestClient]:
    with TestClient(managed_app) as client:
        yield client


@pytest.fixture
def rest_app(predictor: Predictor, rest_settings: RestSettings) -> FastAPI:
    predictor.max_batch_size = MAX_BATCH_SIZE
    return create_app(predictor, rest_settings)


@pytest.fixture
def rest(rest_app: FastAPI) -> Iterator[TestClient]:
    with TestClient(rest_app) as client:
        yield client


@pytest.fixture
def rest_without_champion(store: ModelStore, rest_settings: RestSettings) -> Iterator[TestClient]:
    with TestClient(create_app(Predictor(store), rest_settings)) as client:
        yield client


@pytest.fixture
def quiet(rest_app: FastAPI) -> TestClient:
    """A client without the thread that watches the registry: the test alone says when it is asked."""
    return TestClient(rest_app)
