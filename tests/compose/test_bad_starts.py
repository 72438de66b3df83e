"""A start that cannot succeed says why and what to do, and succeeds once the cause is gone."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.config import ROOT
from operations.preflight import DEVELOPMENT_VALUES
from tests.support.compose import Finished, all_healthy, compose, containers, run
from tests.support.waiting import wait_for


def once(service: str, *, check: bool = False, **variables: str) -> Finished:
    """Run a one-shot anew."""
    return compose("run", "--rm", "--no-deps", "--no-TTY", service, check=check, **variables)


def test_a_variable_that_is_missing_is_named() -> None:
    rejected = compose("up", "--detach", check=False, MODEL_NAME="")
    assert rejected.returncode != 0
    assert "required variable MODEL_NAME is missing a value: see .env" in rejected.stdout
    compose("up", "--detach", "--no-recreate")
    wait_for(all_healthy, "every service healthy")


def test_production_rejects_every_development_value_and_takes_others() -> None:
    rejected = once("preflight", ENVIRONMENT="production")
    assert rejected.returncode == 1
    assert [
        name for name in DEVELOPMENT_VALUES if f"- {name} still is the development value" not in rejected.stdout
    ] == []
    once("preflight", check=True, ENVIRONMENT="production", **dict.fromkeys(DEVELOPMENT_VALUES, "of-our-own"))


def test_a_taken_port_is_named_with_the_variable_that_moves_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        rejected = run("scripts/up", "--no-deps", "fastapi", check=False, FASTAPI_PORT=port)
    assert rejected.returncode == 1
    assert f"Port {port} is taken by another program: stop it, or set FASTAPI_PORT to a free port" in rejected.stdout
    run("scripts/up", "--no-deps", "fastapi")
    wait_for(all_healthy, "every service healthy")


def test_without_s3_the_start_ends_with_what_to_check() -> None:
    compose("kill", "s3")
    rejected = once("buckets")
    compose("start", "s3")
    assert rejected.returncode == 1
    assert "S3 at http://s3:9000 did not answer within" in rejected.stdout
    assert "check that it runs, MINIO_ACCESS_KEY and MINIO_SECRET_ACCESS_KEY" in rejected.stdout
    once("buckets", check=True)
    wait_for(all_healthy, "every service healthy")


def test_an_account_that_s3_does_not_have_is_named() -> None:
    rejected = once("buckets", S3_SERVICE_ACCESS_KEY="nobody", S3_SERVICE_SECRET_KEY="of-nothing")  # noqa: S106
    assert rejected.returncode == 1
    assert "S3_SERVICE_ACCESS_KEY: the account 'nobody' may not write" in rejected.stdout
    assert "'make s3-account' gives MinIO such an account" in rejected.stdout


def test_a_wrong_password_of_postgres_is_reported_with_the_way_out() -> None:
    rejected = run("scripts/up", check=False, PG_ADMIN_PASSWORD="wrong")  # noqa: S106 - of nothing
    assert rejected.returncode == 1
    assert "--- databases (exited, status 1):" in rejected.stdout
    assert "PG_ADMIN_PASSWORD is not the password that Postgres was set up with" in rejected.stdout
    run("scripts/up")
    assert all_healthy()


def test_another_password_of_a_role_is_taken_over() -> None:
    once("databases", check=True, MLFLOW_PG_PASSWORD="another")  # noqa: S106 - of this test
    asked = ["psql", "postgresql://mlflow:another@postgres/mlflow", "--command=SELECT 1"]
    compose("exec", "--no-TTY", "postgres", *asked)
    once("databases", check=True)
    assert "password authentication failed" in compose("exec", "--no-TTY", "postgres", *asked, check=False).stdout


def test_a_full_volume_is_named() -> None:
    rejected = once("preflight", COMPOSE_FILE="docker-compose.yaml:tests/compose/full-volume.yaml")
    run("docker", "volume", "rm", "song-preference-full-volume")
    assert rejected.returncode == 1
    assert "The volume 's3' has 17 MB free and needs 1,000 MB: free some space" in rejected.stdout
    once("preflight", check=True)


@pytest.fixture
def unreadable() -> Iterator[Path]:
    path = ROOT / "incoming" / "unreadable.csv"
    path.touch(mode=0)
    yield path
    path.unlink(missing_ok=True)


def test_a_file_that_airflow_cannot_read_is_named(unreadable: Path) -> None:
    rejected = run("scripts/up", check=False)
    assert rejected.returncode == 1
    assert "incoming/unreadable.csv cannot be read by user 50000: run 'chmod -R a+rX incoming'" in rejected.stdout
    unreadable.chmod(0o644)
    run("scripts/up")
    assert all_healthy()


def test_an_unchanged_start_builds_nothing_anew_and_recreates_nothing() -> None:
    before = {name: one["Id"] for name, one in containers().items()}
    run("scripts/up", "--build")
    assert {name: one["Id"] for name, one in containers().items()} == before
