"""A real MLflow as `make run` starts it: the host and the pages that it answers to."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from local_stack import start
from local_stack.config import Config
from local_stack.services import services
from local_stack.supervisor import Supervisor
from tests.support.stack import local_environment

HOST = "music.example"
SEARCH = "/ajax-api/2.0/mlflow/experiments/search"
"""What MLflow's own page asks first, by POST."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where it listens, without the object store, which it asks for artifacts only."""
    config = Config.read(local_environment(tmp_path_factory.mktemp("s")) | {"PUBLIC_HOST": HOST})
    supervisor = Supervisor(config)
    with pytest.MonkeyPatch.context() as patch:
        mlflow = next(service for service in services(config) if service.name == "mlflow")
        patch.setattr(start, "services", lambda _: [replace(mlflow, after=())])
        start.bring_up(config, supervisor)
    yield config.port("MLFLOW_PORT")
    supervisor.stop()


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        (HOST, f"http://{HOST}", 200),
        ("127.0.0.1", "http://127.0.0.1", 200),
        ("localhost", None, 200),
        ("evil.example", None, 403),
        (HOST, "http://evil.example", 403),
        ("127.0.0.1", "http://evil.example", 403),
    ],
)
def test_it_answers_to_its_public_name_and_its_own_pages_alone(
    host: str, origin: str | None, status: int, port: int
) -> None:
    headers = {"Host": f"{host}:{port}"} | ({"Origin": f"{origin}:{port}"} if origin else {})
    assert search(port, headers) == status


@pytest.mark.parametrize(("origin", "status"), [(HOST, 200), ("evil.example", 403)])
def test_it_answers_behind_a_proxy_on_the_usual_port(origin: str, status: int, port: int) -> None:
    assert search(port, {"Host": HOST, "Origin": f"http://{origin}"}) == status


def search(port: int, headers: dict[str, str]) -> int:
    return httpx.post(f"http://127.0.0.1:{port}{SEARCH}", headers=headers, json={"max_results": 1}).status_code
