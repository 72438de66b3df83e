"""A running platform for the tests that need real services.

By default one that this session starts with `make run`'s own command, on free ports and in a folder of its
own; with `--stack=running` the one that answers on the ports of the environment, as Docker's does.
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import mlflow
import pytest

from local_stack.config import ROOT, Config
from local_stack.supervisor import Supervisor

PLAYLIST = Path(os.environ.get("TEST_PLAYLIST", ROOT.parent / "shared" / "data" / "data_playlist.csv"))
"""A real playlist; it is not part of the repository, and tests that need it are skipped without it."""

PORTS = (
    "MINIO_PORT",
    "MINIO_PORT_UI",
    "AIRFLOW_PORT",
    "MLFLOW_PORT",
    "FASTAPI_PORT",
    "STREAMLIT_PORT",
    "GRPC_PORT",
    "GRPC_METRICS_PORT",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", choices=["own", "running"], default="own", help="Which platform to test.")


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """Start a platform that trains its first champion, or use the running one; stop the former at the end."""
    if request.config.getoption("--stack") == "running":
        yield Config.read()
        return
    # Short, since a socket's path is: pytest's own folders are too deep on some machines.
    config = Config.read(local_environment(tmp_path_factory.mktemp("s")))
    try:
        run = local_stack("run", config)
        assert run.returncode == 0, run.stdout
        yield config
    finally:
        local_stack("stop", config)
        assert Supervisor(config).processes() == set()


@pytest.fixture(scope="module")
def environment(stack: Config) -> Iterator[dict[str, str]]:
    """Point the settings of this process and MLflow's client at the platform."""
    with environment_of(stack) as environment:
        yield environment


@contextmanager
def environment_of(stack: Config) -> Iterator[dict[str, str]]:
    """Point the settings of this process and MLflow's client at a stack."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        mlflow.set_tracking_uri(stack.environment["MLFLOW_TRACKING_URI"])
        yield stack.environment


def local_environment(state: Path) -> dict[str, str]:
    """Return the environment of a stack that disturbs no other: free ports, its own state, short pauses."""
    ports = dict(zip(PORTS, map(str, _free_ports()), strict=True))
    source = str(PLAYLIST) if PLAYLIST.exists() else "sample"
    own = {
        "LOCAL_STATE_DIR": str(state),
        "DATASET_SOURCE": source,
        "MODEL_REFRESH_SECONDS": "1",
        "TRAINING_TRIALS": "2",
        # Between two tasks of a run, the scheduler sleeps for a second by default.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        # A scheduler that was killed counts as gone after 30 s by default.
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "12",
    }
    return {**os.environ, **ports, **own}


def local_stack(command: str, config: Config) -> subprocess.CompletedProcess[str]:
    """Run one of the Makefile's targets on the stack."""
    return subprocess.run(
        ["make", "--no-print-directory", command],  # noqa: S607 - whatever `make` runs the tests
        cwd=ROOT,
        env=config.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _free_ports() -> list[int]:
    """Return ports in a row that are free together with the inner ones of S3, 10,000 and 11,000 above.

    Each process of pytest-xdist has ports of its own: a stack that starts does not hold all of its ports yet.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 12000 + 2000 * worker
    for base in range(first, first + 1000, 20):
        ports = [base + index for index in range(len(PORTS))]
        inner = [base + 10001, *(base + 11000 + index for index in range(8))]
        with ExitStack() as held:
            try:
                for port in (*ports, *inner):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return ports
    pytest.fail(f"No free ports between {first} and {first + 12000}.")
