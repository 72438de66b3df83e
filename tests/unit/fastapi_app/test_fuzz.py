from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

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
    operation = schemathesis.openapi.from_asgi("/openapi.json", rest_app)[path][method]

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=[not_a_server_error])

    ask()
