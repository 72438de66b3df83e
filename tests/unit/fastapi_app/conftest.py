from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from mlflow import MlflowClient

from fastapi_app.app import create_app
from fastapi_app.management import Management
from song_preference.dataset.store import DatasetStore
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import CatalogueSettings, ModelSettings, PlaylistSettings, RestSettings
from tests.support.airflow import FakeAirflow
from tests.support.datasets import FakeMlflow, MemoryObjects, Publish, publish_sample
from tests.support.rest import API_KEY, MAX_BATCH_SIZE, MAX_DATASET_BYTES, MAX_UPLOAD_BYTES, PAGE


@pytest.fixture
def rest_settings() -> RestSettings:
    values = {"API_KEY": API_KEY, "MAX_UPLOAD_BYTES": MAX_UPLOAD_BYTES, "GRAPHQL_IDE": False, "MANAGE_DATASETS": False}
    return RestSettings.model_validate(values)


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def server() -> FakeAirflow:
    """Airflow, which has run nothing yet."""
    return FakeAirflow()


@pytest.fixture
def mlflow_client() -> FakeMlflow:
    return FakeMlflow()


@pytest.fixture
def management(objects: MemoryObjects, server: FakeAirflow, mlflow_client: FakeMlflow, tmp_path: Path) -> Management:
    """Clients of a bucket in memory and of fakes."""
    playlist_settings = PlaylistSettings.model_validate(
        {"MAX_DATASET_BYTES": MAX_DATASET_BYTES, "INCOMING_DIR": tmp_path}
    )
    model_settings = ModelSettings.model_validate(
        {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MODEL_NAME": "spotify_model_prod", "MODEL_ALIAS": "champion"}
    )
    clients = (DatasetStore(objects), cast("MlflowClient", mlflow_client), server.client())
    catalogue_settings = CatalogueSettings.model_validate(
        {"MAX_CATALOGUE_BYTES": MAX_DATASET_BYTES, "INCOMING_DIR": tmp_path}
    )
    return Management(*clients, playlist_settings, model_settings, catalogue_settings)


@pytest.fixture
def managed_app(predictor: Predictor, rest_settings: RestSettings, management: Management) -> FastAPI:
    """A service that manages datasets, too, and may be called from one web page."""
    wanted = {"manages_datasets": True, "cors_origins": PAGE}
    return create_app(SongSearch(None, predictor), rest_settings.model_copy(update=wanted), management)


@pytest.fixture
def managed(managed_app: FastAPI) -> Iterator[TestClient]:
    with TestClient(managed_app) as client:
        yield client


@pytest.fixture
def rest_app(predictor: Predictor, rest_settings: RestSettings) -> FastAPI:
    predictor.max_batch_size = MAX_BATCH_SIZE
    return create_app(SongSearch(None, predictor), rest_settings)


@pytest.fixture
def rest(rest_app: FastAPI) -> Iterator[TestClient]:
    with TestClient(rest_app) as client:
        yield client


@pytest.fixture
def rest_without_champion(store: ModelStore, rest_settings: RestSettings) -> Iterator[TestClient]:
    with TestClient(create_app(SongSearch(None, Predictor(store)), rest_settings)) as client:
        yield client


@pytest.fixture
def quiet(rest_app: FastAPI) -> TestClient:
    """A client without the thread that watches the registry: the test alone says when it is asked."""
    return TestClient(rest_app)


@pytest.fixture
def publish(objects: MemoryObjects) -> Publish:
    """Publishes the sample, split by a seed: another one for each."""
    return lambda seed: publish_sample(objects, seed, datetime(2026, 11, 25, 10, seed, tzinfo=UTC))
