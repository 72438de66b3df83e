"""Clients of the platform."""

from collections.abc import Iterator

import httpx
import pytest

from song_preference.pipeline.airflow import Airflow
from song_preference.settings import AirflowSettings, S3Settings
from song_preference.storage import ObjectStore, s3_client
from tests.support.airflow_api import airflow_api

TIMEOUT_SECONDS = 240


@pytest.fixture(scope="module")
def rest(environment: dict[str, str]) -> Iterator[httpx.Client]:
    headers = {"X-API-Key": environment["API_KEY"]}
    with httpx.Client(base_url=environment["FASTAPI_URL"], headers=headers, timeout=TIMEOUT_SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def airflow(environment: dict[str, str]) -> Airflow:
    return Airflow(AirflowSettings())


@pytest.fixture
def logged_in(environment: dict[str, str]) -> Iterator[httpx.Client]:
    """A client of Airflow's whole API."""
    with airflow_api(AirflowSettings()) as client:
        yield client


@pytest.fixture(scope="module")
def objects(environment: dict[str, str]) -> ObjectStore:
    """The bucket of datasets."""
    settings = S3Settings()
    return ObjectStore(s3_client(settings), settings.data_bucket)
