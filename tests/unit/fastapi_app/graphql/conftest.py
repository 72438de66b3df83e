"""GraphQL alone, and a client of it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from song_preference.serving.predictor import Predictor
from tests.support.graphql import application


@pytest.fixture
def app(predictor: Predictor) -> FastAPI:
    return application(predictor)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client
