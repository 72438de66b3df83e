"""What a kill of the scheduler in the middle of an ETL and of a training leaves, for any stack."""

import time
from collections.abc import Callable
from contextlib import suppress

from mlflow import MlflowClient

from song_preference.dataset.etl import open_store
from song_preference.errors import PipelineError
from song_preference.pipeline import ETL_DAG, TRAINING_DAG, Airflow, Run
from song_preference.settings import AirflowSettings

RECOVERY_SECONDS = 120
"""From the kill to the end of both runs: about 40 until the tasks start anew, and what they take."""
PATIENCE_SECONDS = 180
SEED, TRIALS = 20261128, 40
"""A seed that no other test uses, so that the dataset version is a new one, and trials that outlast the ETL's first
task."""


def assert_runs_outlive(kill: Callable[[], object]) -> float:
    """Kill the scheduler and its tasks in the middle of both runs; return the seconds until both have succeeded."""
    airflow = Airflow(AirflowSettings())
    _wait_until_idle(airflow)
    training = airflow.trigger(TRAINING_DAG, {"force": True, "trials": TRIALS})
    _wait_for(lambda: _is_at_work(airflow, training), "a task of the training")
    etl = airflow.trigger(ETL_DAG, {"seed": SEED, "trials": 1})
    _wait_for(lambda: _is_at_work(airflow, etl), "a task of the ETL")
    assert _is_at_work(airflow, training)
    kill()
    began = time.monotonic()
    for run in (etl, training):
        _wait_for(lambda run=run: _state(airflow, run) in {"success", "failed"}, f"the end of {run.dag_id}")  # type: ignore[misc]
    seconds = time.monotonic() - began
    assert (airflow.state(etl), airflow.state(training)) == ("success", "success")
    assert seconds < RECOVERY_SECONDS
    for run in (etl, training):
        assert any(task.try_number > 1 for task in airflow.tasks(run)), f"no task of {run.dag_id} was killed"
    _assert_one_whole_version(airflow, etl)
    _assert_one_whole_model(airflow, training)
    # The training that the new dataset started would disturb the next test.
    _wait_until_idle(airflow)
    return seconds


def _assert_one_whole_version(airflow: Airflow, etl: Run) -> None:
    store, version = open_store(), airflow.published(etl)["version"]
    described = store.latest()
    assert described.version == version
    assert (described.split.train, described.split.test) == tuple(
        len(store.part(version, part)) for part in ("train", "test")
    )
    assert store.unfinished() == []


def _assert_one_whole_model(airflow: Airflow, training: Run) -> None:
    client, promoted = MlflowClient(), airflow.result(training, "promote")
    (registered,) = client.search_model_versions(f"run_id = '{promoted['run_id']}'")
    assert registered.version == promoted["version"]
    assert client.get_run(promoted["run_id"]).info.status == "FINISHED"


def _is_at_work(airflow: Airflow, run: Run) -> bool:
    return any(task.state == "running" for task in airflow.tasks(run))


def _state(airflow: Airflow, run: Run) -> str | None:
    """The run's state, or None while Airflow does not answer."""
    with suppress(PipelineError):
        return airflow.state(run)
    return None


def _wait_until_idle(airflow: Airflow) -> None:
    _wait_for(lambda: not any(map(airflow.is_busy, (ETL_DAG, TRAINING_DAG))), "the end of other runs")


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} s"
        time.sleep(0.2)
