"""Outages of what the services depend on."""

from contextlib import suppress
from pathlib import Path

import pytest

from song_preference.clients import clients
from song_preference.errors import PipelineError, ServiceUnavailable
from song_preference.features import EXAMPLE
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.run_options import TRAINING_DAG
from song_preference.settings import AirflowSettings, ClientSettings
from tests.support.compose import PROTOCOLS, Trickle, all_healthy, compose, healths, run
from tests.support.waiting import wait_for


def all_say(*, stale: bool) -> bool:
    """Whether every protocol answers, and says so of its model."""
    with suppress(ServiceUnavailable):
        return {
            name: client.predict(EXAMPLE).stale for name, client in clients(ClientSettings()).items()
        } == dict.fromkeys(PROTOCOLS, stale)
    return False


@pytest.mark.usefixtures("environment")
def test_without_s3_and_mlflow_predictions_go_on_also_after_a_restart() -> None:
    with Trickle() as trickle:
        compose("kill", "s3", "mlflow")
        wait_for(lambda: all_say(stale=True), "a stale answer on each protocol")
    assert trickle.failures == {}
    compose("restart", "fastapi", "grpc")
    wait_for(lambda: all_say(stale=True), "a stale answer on each protocol after a restart")
    compose("start", "s3", "mlflow")
    wait_for(lambda: all_say(stale=False), "a fresh answer on each protocol")
    wait_for(all_healthy, "every service healthy")


@pytest.mark.usefixtures("environment")
def test_without_postgres_those_that_need_it_say_so_and_predictions_go_on(tmp_path: Path) -> None:
    with Trickle() as trickle:
        compose("stop", "postgres")
        wait_for(lambda: healths()["airflow-apiserver"] == "unhealthy", "Airflow's health check to fail")
        wait_for(lambda: healths()["mlflow"] == "unhealthy", "MLflow's health check to fail")
        assert {healths()[name] for name in ("fastapi", "grpc", "streamlit")} == {"healthy"}
        assert run("scripts/backup", str(tmp_path / "backup"), check=False).returncode != 0
        assert list(tmp_path.iterdir()) == []
        compose("start", "postgres")
        wait_for(all_healthy, "every service healthy")
    assert trickle.failures == {}


@pytest.mark.usefixtures("environment")
def test_a_run_outlives_a_restart_of_postgres() -> None:
    airflow = Airflow(AirflowSettings())
    wait_for(lambda: not airflow.is_busy(TRAINING_DAG), "the end of other trainings")
    training = airflow.trigger(TRAINING_DAG, {"force": True, "trials": 60})
    wait_for(lambda: any(task.state == "running" for task in airflow.tasks(training)), "a task of the training")
    with Trickle() as trickle:
        assert airflow.state(training) == "running"
        compose("restart", "postgres")
        wait_for(lambda: state(airflow, training) in {"success", "failed"}, "the end of the training")
        wait_for(all_healthy, "every service healthy")
    assert state(airflow, training) == "success"
    assert trickle.failures == {}


def state(airflow: Airflow, training: Run) -> str | None:
    """The run's state, or None while Airflow cannot tell."""
    with suppress(PipelineError):
        return airflow.state(training)
    return None
