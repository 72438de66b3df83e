"""What is kept: over down and up, and in a backup that an empty platform of other secrets gets."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr

from song_preference.catalogue.indexing import withdraw
from song_preference.catalogue.scoring import TASK_SECONDS, songs_per_second
from song_preference.catalogue.store import CatalogueStore
from song_preference.clients import ask_all, clients
from song_preference.features import EXAMPLE
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.prediction import Prediction
from song_preference.run_options import ETL_DAG, SCORING_DAG, TRAINING_DAG
from song_preference.serving.model import ServedModel
from song_preference.serving.registry import MlflowRegistry
from song_preference.settings import AirflowSettings, ClientSettings, ModelSettings, S3Settings
from song_preference.storage import ObjectStore, s3_client
from tests.support.airflow_api import airflow_api
from tests.support.compose import (
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
from tests.support.documents import DOCUMENTS, is_for_a_container, shell_commands
from tests.support.large_catalogue import PART_SONGS, Scoring, made_up
from tests.support.waiting import wait_for

MOST_SONGS = 20_000_000
"""Of a catalogue that two tasks score; a faster champion scores it in one."""


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
    compose("--profile", "all", "up", "--detach", "--wait")
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
        "CATALOGUE_INDEX_SONGS": "100",  # so that an index of any catalogue is there at once
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
    rejected = compose("run", "--rm", "--no-deps", "--no-TTY", *forgotten, check=False, **production)
    assert rejected.returncode == 1
    assert "API_KEY refers to the secret API_KEY, which has no file: set API_KEY_FILE" in rejected.stdout


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


@pytest.fixture(scope="module")
def settings(restored: Prediction, production: dict[str, Any]) -> AirflowSettings:
    """The account of the restored platform: the user of the backup has the password of this platform."""
    password = SecretStr(secret(production, "airflow_user_password"))
    return AirflowSettings().model_copy(update={"password": password})


@pytest.fixture(scope="module")
def api(settings: AirflowSettings) -> Iterator[httpx.Client]:
    """Airflow's whole API: the platform's client does not report workers."""
    with airflow_api(settings) as client:
        yield client


@pytest.fixture(scope="module")
def airflow(settings: AirflowSettings) -> Airflow:
    return Airflow(settings)


@pytest.fixture
def workers(production: dict[str, Any]) -> set[str]:
    """The host names of both workers, as their tasks have them."""
    found = {one[:12] for one in compose("ps", "--quiet", "airflow-worker", **production).stdout.split()}
    assert len(found) == 2
    return found


def instances(api: httpx.Client, run: Run, **wanted: object) -> list[dict[str, Any]]:
    """Return the run's tasks that are as wanted, with their workers."""
    path = f"/api/v2/dags/{run.dag_id}/dagRuns/{quote(run.run_id)}/taskInstances"
    found = api.get(path).raise_for_status().json()["task_instances"]
    return [task for task in found if all(task[name] == value for name, value in wanted.items())]


def hosts(api: httpx.Client, run: Run, state: str) -> list[str]:
    return [task["hostname"] for task in instances(api, run, state=state)]


@pytest.fixture
def scoring(restored: Prediction, production: dict[str, Any]) -> Iterator[Scoring]:
    """A catalogue that takes the champion the time of two tasks, with a last part of a few songs."""
    key = SecretStr(secret(production, "s3_service_secret_key"))
    account = {"access_key": production["S3_SERVICE_ACCESS_KEY"], "secret_key": key}
    s3, models = S3Settings().model_copy(update=account), ModelSettings()
    store, registry = CatalogueStore(ObjectStore(s3_client(s3), s3.data_bucket)), MlflowRegistry(models)
    ref = registry.champion()
    assert ref is not None
    model = ServedModel.load(ref, registry.graph(ref))
    songs = min(int(songs_per_second(model) * TASK_SECONDS * 2.2), MOST_SONGS)
    catalogue = made_up(store, songs // PART_SONGS * PART_SONGS + 7)
    yield Scoring(store, catalogue, model)
    withdraw(models, catalogue.version)
    store.remove(catalogue.version)


@pytest.mark.timeout(900)  # a worker's death is noticed after a minute, and its task runs anew
def test_every_song_has_one_score_though_a_worker_was_killed_while_it_scored(
    airflow: Airflow,
    api: httpx.Client,
    workers: set[str],
    scoring: Scoring,
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts = [part.name for part in scoring.catalogue.parts]
    scores = airflow.trigger(SCORING_DAG)

    def first() -> dict[str, Any]:
        (task,) = instances(api, scores, task_id="score", map_index=0)
        return task

    wait_for(lambda: parts[0] in scoring.written(), "the answers for the first part")
    # One that has reached its worker, but has not started, would be given to another after ten minutes.
    wait_for(lambda: not instances(api, scores, state="queued"), "the start of the other tasks")
    victim = first()["hostname"]
    run("docker", "kill", victim)
    began, written = time.monotonic(), scoring.written()
    killed = {task["map_index"] for task in instances(api, scores, hostname=victim, state="running")}
    run("docker", "start", victim)
    assert 0 in killed
    assert "scores.json" not in written
    wait_for(lambda: (first()["try_number"], first()["state"]) == (2, "running"), "a second try of the task")
    seconds = time.monotonic() - began
    wait_for(lambda: airflow.state(scores) in {"success", "failed"}, "the end of the run", 480)

    assert {(task["state"], task["hostname"] in workers) for task in instances(api, scores)} == {("success", True)}
    tries = {task["map_index"]: task["try_number"] for task in instances(api, scores, task_id="score")}
    assert tries == {index: 2 if index in killed else 1 for index in tries}
    scoring.assert_each_song_has_its_score(min(set(parts) - written))
    health = ("docker", "inspect", "--format", "{{.State.Health.Status}}", victim)
    wait_for(lambda: run(*health).stdout.strip() == "healthy", "the health of the killed worker")
    with capsys.disabled():
        print(f"\n{scoring.catalogue.songs:,} songs; tries of each task {tries}, the second {seconds:.0f} s later")


@pytest.mark.timeout(900)  # as above
def test_runs_go_on_when_one_of_two_workers_is_killed(airflow: Airflow, api: httpx.Client, workers: set[str]) -> None:
    etl = airflow.trigger(ETL_DAG)
    wait_for(lambda: bool(hosts(api, etl, "running")), "a task on a worker")
    (victim,) = hosts(api, etl, "running")
    run("docker", "kill", victim)
    wait_for(lambda: airflow.state(etl) in {"success", "failed"}, "the end of the run")
    assert len(hosts(api, etl, "success")) == 4
    assert set(hosts(api, etl, "success")) <= workers

    training = airflow.trigger(TRAINING_DAG, {"force": True})
    # The one that the new dataset started comes first, and a single worker is left.
    wait_for(lambda: airflow.state(training) in {"success", "failed"}, "the end of two trainings", 480)
    assert len(hosts(api, training, "success")) == 5
    assert set(hosts(api, training, "success")) <= workers - {victim}


@pytest.mark.usefixtures("restored")
def test_documented_commands_in_containers_work_with_secrets_in_files(production: dict[str, Any]) -> None:
    commands = [command for page in DOCUMENTS for command in shell_commands(page) if is_for_a_container(command)]
    assert commands
    for command in commands:
        ended = run("bash", "-ec", command, check=False, **production)
        is_first_champion = "song_preference.training.rollback" in command and "replaced no other" in ended.stdout
        assert ended.returncode == 0 or is_first_champion, f"{command}\n{ended.stdout}"


@pytest.mark.usefixtures("restored")
def test_down_stops_everything_and_purge_deletes_everything(production: dict[str, Any]) -> None:
    compose("down", **production)
    assert left("container", "--all") | left("network") == set()
    assert len(left("volume")) == 10
    compose("create", "redis", "airflow-worker", "airflow-cli", **production)
    assert left("container", "--all") != set()
    run("make", "purge", "YES=1")
    assert left("container", "--all") | left("network") | left("volume") == set()
