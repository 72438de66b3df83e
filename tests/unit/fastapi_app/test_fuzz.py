import pytest
from fastapi import FastAPI

from tests.support.rest import fuzz

OPERATIONS = [
    ("/", "GET"),
    ("/model", "GET"),
    ("/model/refresh", "POST"),
    ("/health", "GET"),
    ("/health/ready", "GET"),
    ("/metrics", "GET"),
    ("/predict", "POST"),
    ("/predict/batch", "POST"),
    ("/predict/csv", "POST"),
    ("/explain", "POST"),
    ("/v2/models/{name}", "GET"),
    ("/v2/models/{name}/ready", "GET"),
    ("/v2/models/{name}/infer", "POST"),
    ("/invocations", "POST"),
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
