from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from tests.unit.fastapi_app.conftest import API_KEY

KEYED = {"X-API-Key": API_KEY.encode().decode("latin-1")}
OPERATIONS = [
    ("/", "GET"),
    ("/model", "GET"),
    ("/model/refresh", "POST"),
    ("/health/ready", "GET"),
    ("/metrics", "GET"),
    ("/predict", "POST"),
    ("/predict/batch", "POST"),
    ("/predict/csv", "POST"),
    ("/explain", "POST"),
]


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # which Schemathesis does
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_is_too_strange(rest_app: FastAPI, path: str, method: str) -> None:
    fuzz(rest_app, path, method)


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/datasets", "GET"),
        ("/datasets", "POST"),
        ("/datasets/validate", "POST"),
        ("/datasets/{version}", "GET"),
        ("/datasets/{version}", "DELETE"),
        ("/datasets/{version}/preview", "GET"),
        ("/datasets/{version}/statistics", "GET"),
        ("/datasets/{version}/download", "GET"),
    ],
)
def test_no_request_about_datasets_is_too_strange(managed_app: FastAPI, path: str, method: str) -> None:
    fuzz(managed_app, path, method)


def fuzz(app: FastAPI, path: str, method: str) -> None:
    operation = schemathesis.openapi.from_asgi("/openapi.json", app)[path][method]

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=[not_a_server_error], headers=KEYED)

    ask()
