"""Each container is killed while all protocols are asked: only its own answers may fail, and it comes back."""

import pytest

from tests.compose.platform import Trickle, all_healthy, kill, services, wait_for

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
