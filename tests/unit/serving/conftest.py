import pytest
from mlflow import MlflowClient

from tests.support.mlflow import client, settings, tracking_uri

__all__ = ["client", "settings", "tracking_uri"]


@pytest.fixture
def run_id(client: MlflowClient) -> str:
    experiment = client.get_experiment_by_name("tests")
    assert experiment
    return str(client.create_run(experiment.experiment_id).info.run_id)
