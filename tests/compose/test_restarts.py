"""What is kept: over down and up, and in a backup that an empty platform of other secrets gets."""

import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr

from song_preference.clients import EXAMPLE, ask_all, clients
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.prediction import Prediction
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from song_preference.settings import AirflowSettings, ClientSettings
from tests.compose.platform import (
    Trickle,
    compose,
    containers,
    give_account,
    left,
    loose,
    roots,
    run,
    services,
)
from tests.support.airflow_api import airflow_api
from tests.support.waiting import wait_for


def answer() -> Prediction:
    """Return the prediction that every protocol gives alike, once the registry has confirmed the champion."""
    rest = os.environ["FASTAPI_URL"]

    def is_fresh() -> bool:
        ready = httpx.get(f"{rest}/health/ready")
        return ready.status_code == httpx.codes.OK and not ready.json()["stale"]

    wait_for(is_fresh, "a champion that the registry confirmed")
    answers = ask_all(clients(ClientSettings()), EXAMPLE, patience_seconds=180)
    return answers["REST"]


def test_only_what_a_variable_means_something_to_is_recreated_for_it() -> None:
    """A variable of whoever runs `up` wins over `.env`: so gRPC and the dashboard were once recreated alone."""

    asking = ("--profile", "all", "config", "--hash", "*")
    before, again = (set(compose(*asking).stdout.splitlines()) for _ in range(2))
    assert again == before
    changed = set(compose(*asking, GRPC_PORT="1").stdout.splitlines()) - before
    assert {line.split()[0] for line in changed} == {"grpc", "streamlit"}


@pytest.mark.usefixtures("environment")
def test_the_champion_is_served_again_after_down_and_up(capsys: pytest.CaptureFixture[str]) -> None:
    before, began = answer(), time.monotonic()
    compose("down")
    stopped = time.monotonic()
    assert left("container", "--all") == set()
    compose("up", "--detach", "--wait")
    healthy = time.monotonic()
    assert answer() == before
    with capsys.disabled():
        print(f"\ndown {stopped - began:.0f} s, up {healthy - stopped:.0f} s")


@pytest.fixture(scope="module")
def production(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Variables of a platform with secrets of its own, in files, an account for S3 besides root's, and two workers."""
    secrets = tmp_path_factory.mktemp("secrets")
    (secrets / "s3_service_secret_key").write_text("not-that-of-root")
    variables: dict[str, Any] = {
        "ENVIRONMENT": "production",
        "SECRETS_DIR": str(secrets),
        "COMPOSE_FILE": "docker-compose.yaml:docker-compose.secrets.yaml",
        "COMPOSE_PROFILES": "all,celery",
        "S3_SERVICE_ACCESS_KEY": "services",
        "AIRFLOW_EXECUTOR": "CeleryExecutor",
        "AIRFLOW_WORKERS": "2",
    }
    run("scripts/secrets", **variables)
    return variables


def secret(production: dict[str, Any], name: str) -> str:
    return Path(production["SECRETS_DIR"], name).read_text()


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder with a backup of the platform with the secrets of `.env`."""
    path = str(tmp_path_factory.mktemp("backups") / "backup")
    run("scripts/backup", path)
    return path


@pytest.fixture(scope="module")
def restored(production: dict[str, Any], backup: str) -> Prediction:
    """Return the answer before the backup was restored into the empty platform of other secrets."""
    before = answer()
    compose("down", "--volumes")
    compose("up", "--detach", "--wait", "s3", **production)
    give_account(**production, S3_SERVICE_SECRET_KEY=secret(production, "s3_service_secret_key"))
    compose("up", "--detach", "--wait", **production)
    ready = httpx.get(f"{os.environ['FASTAPI_URL']}/health/ready")
    assert ready.status_code == httpx.codes.SERVICE_UNAVAILABLE
    run("scripts/restore", backup, **production)
    return before


def test_an_empty_platform_takes_a_backup(restored: Prediction) -> None:
    assert answer() == restored


@pytest.mark.usefixtures("restored")
def test_workers_and_their_queue_are_confined_like_all_others() -> None:
    assert {"redis", "airflow-worker"} <= set(services())
    assert loose() == {}
    assert roots() == {"s3"}


@pytest.mark.usefixtures("restored")
def test_secrets_in_files_are_in_force(production: dict[str, Any]) -> None:
    def refresh(key: str) -> int:
        url = f"{os.environ['FASTAPI_URL']}/model/refresh"
        return httpx.post(url, headers={"X-API-Key": key}).status_code

    assert refresh("development-only-api-key") == httpx.codes.UNAUTHORIZED
    assert refresh(secret(production, "api_key")) == httpx.codes.OK


@pytest.mark.usefixtures("restored")
def test_a_secret_without_its_file_ends_the_start(production: dict[str, Any]) -> None:
    forgotten = ["--env", "API_KEY_FILE=", "fastapi"]
    refused = compose("run", "--rm", "--no-deps", "--no-TTY", *forgotten, check=False, **production)
    assert refused.returncode == 1
    assert "API_KEY refers to the secret API_KEY, which has no file: set API_KEY_FILE" in refused.stdout


@pytest.mark.usefixtures("restored")
def test_root_of_s3_stays_with_the_store_and_its_one_shot() -> None:
    def holders(name: str) -> set[str]:
        path = f"/run/secrets/{name}"
        return {
            service
            for service, one in containers().items()
            if path in {mount["Destination"] for mount in one["Mounts"]}
        }

    # Preflight, which has no network, looks whether it is still the development value.
    assert holders("minio_secret_access_key") == {"preflight", "s3", "buckets"}
    assert holders("s3_service_secret_key") == {"buckets", "airflow-scheduler", "airflow-worker", "mlflow", "fastapi"}


def test_a_restore_into_a_running_platform_fails_no_prediction(
    restored: Prediction, production: dict[str, Any], backup: str
) -> None:
    with Trickle() as trickle:
        run("scripts/restore", backup, **production)
    assert trickle.failures == {}
    assert answer() == restored


@pytest.mark.timeout(900)  # a worker's death is noticed after a minute, and its task runs anew
@pytest.mark.usefixtures("restored")
def test_runs_go_on_when_one_of_two_workers_is_killed(production: dict[str, Any]) -> None:
    # The user of the backup has the password of this platform.
    password = SecretStr(secret(production, "airflow_user_password"))
    settings = AirflowSettings().model_copy(update={"password": password})
    airflow = Airflow(settings)
    workers = {one[:12] for one in compose("ps", "--quiet", "airflow-worker", **production).stdout.split()}
    assert len(workers) == 2
    etl = airflow.trigger(ETL_DAG)

    def hosts(of: Run, state: str) -> list[str]:
        # A login of its own each time: the platform's client does not report workers.
        with airflow_api(settings) as api:
            path = f"/api/v2/dags/{of.dag_id}/dagRuns/{quote(of.run_id)}/taskInstances"
            found = api.get(path).raise_for_status().json()["task_instances"]
        return [task["hostname"] for task in found if task["state"] == state]

    wait_for(lambda: bool(hosts(etl, "running")), "a task on a worker")
    (victim,) = hosts(etl, "running")
    run("docker", "kill", victim)
    wait_for(lambda: airflow.state(etl) in {"success", "failed"}, "the end of the run")
    assert len(hosts(etl, "success")) == 4
    assert set(hosts(etl, "success")) <= workers

    training = airflow.trigger(TRAINING_DAG, {"force": True})
    # The one that the new dataset started comes first, and a single worker is left.
    wait_for(lambda: airflow.state(training) in {"success", "failed"}, "the end of two trainings", 480)
    assert len(hosts(training, "success")) == 5
    assert set(hosts(training, "success")) <= workers - {victim}


@pytest.mark.usefixtures("restored")
def test_down_stops_everything_and_purge_deletes_everything(production: dict[str, Any]) -> None:
    compose("down", **production)
    assert left("container", "--all") | left("network") == set()
    assert len(left("volume")) == 10
    compose("create", "redis", "airflow-worker", "airflow-cli", **production)
    assert left("container", "--all") != set()
    run("make", "purge", "YES=1")
    assert left("container", "--all") | left("network") | left("volume") == set()
