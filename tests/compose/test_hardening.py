"""What Docker says of the containers: nothing may be forgotten, neither now nor with a new service."""

import json
from typing import Any

import httpx
import pytest

from operations.preflight import DEVELOPMENT_VALUES
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from tests.support.compose import compose, containers, loose, roots, run, services, variables_of
from tests.support.waiting import wait_for

PROFILES = ("all", "airflow", "mlflow", "serving", "debug", "celery")
SECRETS, TLS, PROXY = (f"docker-compose.yaml:docker-compose.{name}.yaml" for name in ("secrets", "tls", "proxy"))
ROOTS = {"s3"}
"""Its image starts as root, without capabilities but those to become somebody else."""


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("files", ["docker-compose.yaml", SECRETS, TLS, PROXY])
def test_each_profile_is_clean(profile: str, files: str) -> None:
    variables: dict[str, Any] = {
        "COMPOSE_FILE": files,
        "COMPOSE_PROFILES": "",
        "TLS_CERT_FILE": "a",
        "TLS_KEY_FILE": "b",
    }
    said = run("docker", "compose", "--profile", profile, "config", "--quiet", **variables)
    assert said.stdout == ""


def test_every_container_is_confined() -> None:
    assert loose() == {}


def test_services_have_time_to_answer_what_they_have_in_hand() -> None:
    seconds = {name: services()[name]["Config"]["StopTimeout"] for name in ("fastapi", "grpc", "streamlit")}
    assert seconds == dict.fromkeys(seconds, 15)


def test_nobody_is_root() -> None:
    assert roots() == ROOTS


def test_ports_are_published_to_this_machine_only() -> None:
    bound = [
        binding
        for one in services().values()
        for ports in one["HostConfig"]["PortBindings"].values()
        for binding in ports
    ]
    assert len(bound) == 9
    assert {binding["HostIp"] for binding in bound} == {"127.0.0.1"}


def test_who_reaches_whom() -> None:
    def on(network: str) -> set[str]:
        return {
            name
            for name, one in containers().items()
            if any(found.endswith(f"_{network}") for found in one["NetworkSettings"]["Networks"])
        }

    assert on("frontend") == {"airflow-apiserver", "mlflow", "fastapi", "grpc", "streamlit"}
    assert on("frontend") & on("backend") == {"airflow-apiserver", "mlflow", "fastapi"}
    assert on("default") == set()


def test_a_service_holds_no_secret_but_those_that_it_needs() -> None:
    def secrets(service: str) -> set[str]:
        marks = ("KEY", "SECRET", "PASSWORD", "SQL_ALCHEMY", "BACKEND_STORE", "MINIO", "AWS")
        return {name for name in variables_of(services()[service]) if any(mark in name for mark in marks)} - {"GPG_KEY"}

    starting_runs = {"API_KEY", "_AIRFLOW_WWW_USER_PASSWORD"}
    assert secrets("grpc") == set()
    assert secrets("streamlit") == starting_runs
    assert secrets("fastapi") == starting_runs | {"MINIO_ACCESS_KEY", "MINIO_SECRET_ACCESS_KEY"}


def test_root_of_s3_is_known_to_the_store_and_its_one_shot_where_there_is_another_account() -> None:
    account = {"S3_SERVICE_ACCESS_KEY": "ours", "S3_SERVICE_SECRET_KEY": "our-secret"}
    root = {"MINIO_ACCESS_KEY": "the-root", "MINIO_SECRET_ACCESS_KEY": "roots-secret"}
    variables = {"COMPOSE_PROFILES": "all,celery", **account, **root}
    config = json.loads(compose("config", "--format", "json", check=True, **variables).stdout)
    holders = {
        secret: {name for name, one in config["services"].items() if secret in one.get("environment", {}).values()}
        for secret in ("roots-secret", "our-secret")
    }
    # Preflight, which has no network, looks whether it is still the development value.
    assert holders["roots-secret"] == {"preflight", "s3", "buckets"}
    assert holders["our-secret"] == {"buckets", "airflow-scheduler", "airflow-worker", "mlflow", "fastapi"}


def test_no_container_is_handed_a_secret_of_the_environment_beside_files() -> None:
    plain: dict[str, Any] = dict.fromkeys([*DEVELOPMENT_VALUES, "S3_SERVICE_SECRET_KEY"], "of-the-environment")
    asked = compose("config", "--format", "json", COMPOSE_FILE=SECRETS, COMPOSE_PROFILES="*", **plain)
    config = json.loads(asked.stdout)
    holders = {
        f"{service}: {name}"
        for service, one in config["services"].items()
        for name, value in one.get("environment", {}).items()
        if value and "of-the-environment" in value
    }
    assert holders == set()


@pytest.mark.parametrize(("role", "others"), [("PG_USER", "mlflow"), ("mlflow", "PG_DATABASE")])
def test_a_role_enters_no_database_of_another(role: str, others: str) -> None:
    names = variables_of(containers()["databases"])
    asked = [
        "psql",
        f"--username={names.get(role, role)}",
        f"--dbname={names.get(others, others)}",
        "--command=SELECT 1",
    ]
    rejected = compose("exec", "--no-TTY", "postgres", *asked, check=False)
    assert "User does not have CONNECT privilege" in rejected.stdout


def test_the_command_line_of_airflow_knows_the_dags() -> None:
    listed = compose("run", "--rm", "--no-TTY", "airflow-cli", "airflow", "dags", "list", "--output", "plain")
    assert {ETL_DAG, TRAINING_DAG} <= set(listed.stdout.split())


def test_a_task_leaves_nothing_on_the_volume_for_what_is_on_its_way() -> None:
    def left() -> str:
        return compose("exec", "--no-TTY", "airflow-scheduler", "find", "/spool", "-mindepth", "1").stdout

    wait_for(lambda: left() == "", "what a task that runs has on its way to be gone")


def test_an_upload_larger_than_the_tmpfs_is_answered(environment: dict[str, str]) -> None:
    row, rows = f"{'long ' * 1000},0.04,0.52,0.51,0.71\n", 14_000
    assert len(row) * rows > 64 << 20
    csv = "title,speechiness,energy,danceability,acousticness\n" + row * rows
    url = f"{environment['FASTAPI_URL']}/predict/csv"
    answer = httpx.post(url, content=csv, headers={"Content-Type": "text/csv"}, timeout=60)
    assert answer.status_code == httpx.codes.OK
    assert answer.text.count("\n") == rows + 1
