"""Unit tests see no platform and no configuration."""

import os

import pytest
from dotenv import dotenv_values

from local_stack.config import ROOT

CONFIGURATION = {*dotenv_values(ROOT / ".env"), "MLFLOW_TRACKING_URI", "AIRFLOW_URL", "FASTAPI_URL", "GRPC_ADDRESS"}


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the configuration of the shell that runs it."""
    for name in CONFIGURATION & set(os.environ):
        monkeypatch.delenv(name)
