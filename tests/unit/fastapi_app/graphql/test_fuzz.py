from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings

from fastapi_app.management import Management
from song_preference.pipeline.airflow import Airflow
from song_preference.serving.predictor import Predictor
from tests.support.airflow import with_history
from tests.support.graphql import application

CALLERS_FAULT = {"INVALID_FEATURE", "INVALID_QUERY", "INVALID_ARGUMENT", "NOT_FOUND"}


@pytest.fixture
def airflow() -> Airflow:
    return with_history().client()


def test_no_query_is_too_strange(predictor: Predictor) -> None:
    codes = fuzz(application(predictor))
    assert {"NOT_MANAGED"} <= codes <= {*CALLERS_FAULT, "NOT_MANAGED"}


def test_no_query_is_too_strange_where_datasets_are_managed(predictor: Predictor, management: Management) -> None:
    codes = fuzz(application(predictor, management))
    assert {"DATASET_NOT_FOUND", "RUN_NOT_FOUND"} <= codes <= {*CALLERS_FAULT, "DATASET_NOT_FOUND", "RUN_NOT_FOUND"}


def fuzz(app: FastAPI) -> set[str]:
    """The codes of all errors."""
    schema = schemathesis.graphql.from_asgi("/graphql", app)
    statuses: set[int] = set()
    codes: set[str] = set()

    @settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=schema.as_strategy())
    def query(case: schemathesis.Case[Any]) -> None:
        response = case.call()
        statuses.add(response.status_code)
        codes.update(error["extensions"]["code"] for error in response.json().get("errors", []))

    query()
    assert 200 in statuses <= {200, 400, 413}
    return codes
