from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_app.app import create_app
from song_preference.serving.predictor import Predictor
from song_preference.serving.store import ModelStore
from song_preference.settings import RestSettings

API_KEY = "sésame"
KEY = {b"X-API-Key": API_KEY.encode()}
"""The header, in UTF-8 as curl sends it."""

MAX_BATCH_SIZE = 50
MAX_UPLOAD_BYTES = 3_000_000


@pytest.fixture
def rest_settings() -> RestSettings:
    values = {"API_KEY": API_KEY, "MAX_UPLOAD_BYTES": MAX_UPLOAD_BYTES, "GRAPHQL_IDE": False, "MANAGE_DATASETS": False}
    return RestSettings.model_validate(values)


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
