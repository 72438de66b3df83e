"""What a kill of the scheduler in the middle of an ETL and of a training leaves, for any stack."""

import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

from mlflow import MlflowClient

from song_preference.dataset.store import open_store
from song_preference.errors import PipelineError
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from song_preference.settings import AirflowSettings
from tests.support.airflow_api import airflow_api
from tests.support.waiting import wait_for

RECOVERY_SECONDS = 90
"""From the kill until the task that it ended runs again: 40 to 60, and five minutes with Airflow's default."""
SEED, TRIALS = 20261128, 12
"""A seed that no other test uses, so that the dataset version is a new one, and trials that outlast the start of the
ETL."""


def assert_runs_outlive(kill: Callable[[], object]) -> float:
    """Kill the scheduler and its tasks in the middle of both runs; return the seconds until the search runs again.

    A task of the ETL is so short that it may have ended before the kill arrives.
    """
    airflow = Airflow(AirflowSettings())
    _wait_until_idle(airflow)
    training = airflow.trigger(TRAINING_DAG, {"force": True, "trials": TRIALS})
    etl = airflow.trigger(ETL_DAG, {"seed": SEED, "trials": 1})
    runs = (etl, training)
    wait_for(lambda: all(_is_running(airflow, run, tries=1) for run in runs), "a task of each run")
    kill()
    began = time.monotonic()
    wait_for(lambda: _is_running(airflow, training, tries=2), "a second try of the search")
    seconds = time.monotonic() - began
    wait_for(lambda: all(_state(airflow, run) in {"success", "failed"} for run in runs), "the end of both runs")
    assert [airflow.state(run) for run in runs] == ["success", "success"]
    assert seconds < RECOVERY_SECONDS
    _assert_one_whole_version(airflow, etl)
    _assert_one_whole_model(airflow, training)
    _end_training_of(airflow, etl)
    return seconds


def _end_training_of(airflow: Airflow, etl: Run) -> None:
    """End the training that the new dataset starts, which would disturb the next test and shows nothing here."""
    wait_for(lambda: airflow.training_of(etl) is not None, "the training of the new dataset")
    training = airflow.training_of(etl)
    assert training is not None
    path = f"/api/v2/dags/{training.dag_id}/dagRuns/{quote(training.run_id, safe='')}"
    with airflow_api(AirflowSettings()) as api:
        api.patch(path, json={"state": "failed"}).raise_for_status()
    _wait_until_idle(airflow)


def _assert_one_whole_version(airflow: Airflow, etl: Run) -> None:
    store, version = open_store(), airflow.published(etl)["version"]
    described = store.latest()
    assert described.version == version
    assert (described.split.train, described.split.test) == tuple(
        len(store.table(version, part)) for part in ("train", "test")
    )
    assert store.unfinished() == []


def _assert_one_whole_model(airflow: Airflow, training: Run) -> None:
    client, promoted = MlflowClient(), airflow.result(training, "promote")
    (registered,) = client.search_model_versions(f"run_id = '{promoted['run_id']}'")
    assert registered.version == promoted["version"]
    assert client.get_run(promoted["run_id"]).info.status == "FINISHED"


def _is_running(airflow: Airflow, run: Run, tries: int) -> bool:
    """Return whether a task of the run is at this try; False while Airflow does not answer."""
    with suppress(PipelineError):
        return any(task.state == "running" and task.try_number == tries for task in airflow.tasks(run))
    return False


def _state(airflow: Airflow, run: Run) -> str | None:
    """Return the run's state, or None while Airflow does not answer."""
    with suppress(PipelineError):
        return airflow.state(run)
    return None


def _wait_until_idle(airflow: Airflow) -> None:
    wait_for(lambda: not any(map(airflow.is_busy, (ETL_DAG, TRAINING_DAG))), "the end of other runs")
