"""Containers are killed and stopped: only their own answers may fail, and they come back."""

from datetime import UTC, datetime

import pytest

from tests.support.compose import Trickle, all_healthy, compose, kill, run, services
from tests.support.open_connections import STOP_SECONDS, open_connections
from tests.support.scheduler_kill import assert_runs_outlive
from tests.support.waiting import wait_for

MAY_FAIL: dict[str, set[str]] = {
    "postgres": set(),
    "s3": set(),
    "mlflow": set(),
    "airflow-apiserver": set(),
    "airflow-scheduler": set(),
    "airflow-dag-processor": set(),
    "airflow-triggerer": set(),
    "fastapi": {"REST", "GraphQL"},
    "grpc": {"gRPC"},
    "streamlit": set(),
}


def test_no_service_is_forgotten() -> None:
    assert set(services()) == set(MAY_FAIL)


@pytest.mark.parametrize("service", MAY_FAIL)
@pytest.mark.usefixtures("environment")
def test_a_killed_container_fails_alone_and_comes_back(service: str) -> None:
    with Trickle() as trickle:
        started = kill(service)
        wait_for(lambda: services()[service]["State"]["StartedAt"] > started, f"{service} started again")
        wait_for(all_healthy, "every service healthy")
        trickle.wait_for_answers()
    assert {name: said for name, said in trickle.failures.items() if name not in MAY_FAIL[service]} == {}


@pytest.mark.usefixtures("environment")
def test_runs_outlive_a_kill_of_the_scheduler_in_the_middle_of_their_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    scheduler = services()["airflow-scheduler"]["Id"]
    seconds = assert_runs_outlive(lambda: run("docker", "exec", scheduler, "sh", "-c", "kill -9 -1", check=False))
    wait_for(all_healthy, "every service healthy")
    with capsys.disabled():
        print(f"\nthe tasks ran again {seconds:.0f} s after the kill")


def test_open_connections_delay_no_stop(environment: dict[str, str]) -> None:
    with open_connections(environment["FASTAPI_URL"], environment["GRPC_ADDRESS"]):
        began = datetime.now(UTC)
        compose("stop", "fastapi", "grpc")
    stopped = {name: services()[name]["State"] for name in ("fastapi", "grpc")}
    compose("start", "fastapi", "grpc")
    wait_for(all_healthy, "every service healthy")
    assert {name: state["ExitCode"] for name, state in stopped.items()} == {"fastapi": 0, "grpc": 0}
    seconds = {
        name: (datetime.fromisoformat(state["FinishedAt"]) - began).total_seconds() for name, state in stopped.items()
    }
    assert max(seconds.values()) < STOP_SECONDS, seconds
