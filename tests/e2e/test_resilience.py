"""New champions and lost dependencies, while clients of every protocol go on asking."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, islice
from threading import Event, Thread
from typing import Any, Self
from xmlrpc.client import ServerProxy

import httpx
import psutil
import pytest
from mlflow import MlflowClient
from supervisor.xmlrpc import SupervisorTransport

from local_stack.config import Config
from local_stack.supervisor import Supervisor
from song_preference.clients import ask_all, clients
from song_preference.errors import SongPreferenceError
from song_preference.features import EXAMPLE
from song_preference.prediction import Prediction, PredictionClient
from song_preference.settings import ClientSettings
from tests.support.open_connections import STOP_SECONDS, open_connections
from tests.support.scheduler_kill import assert_runs_outlive
from tests.support.waiting import wait_for

SWAPS = 20
PATIENCE_SECONDS = 120


class Load:
    """One client for each protocol, asking all the time; remembers failures and which versions answered in turn."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.versions: dict[str, list[str]] = {}
        self._ended = Event()
        protocols = clients(ClientSettings())
        self._threads = [Thread(target=self._ask, args=item) for item in protocols.items()]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, name: str, client: PredictionClient) -> None:
        seen = self.versions.setdefault(name, [])
        while not self._ended.is_set():
            try:
                version = client.predict(EXAMPLE).model.version
            except SongPreferenceError as error:
                self.failures.append(f"{name}: {error}")
                continue
            if seen[-1:] != [version]:
                seen.append(version)

    def is_answered_by(self, version: str) -> bool:
        return len(self.versions) == len(self._threads) and all(
            seen[-1:] == [version] for seen in self.versions.values()
        )


@pytest.fixture
def versions(environment: dict[str, str]) -> Iterator[list[str]]:
    """The champion, and the same model as another version; afterwards the first is the champion again."""
    client, name, alias = MlflowClient(), environment["MODEL_NAME"], environment["MODEL_ALIAS"]
    champion = client.get_model_version_by_alias(name, alias)
    source = str(champion.source)
    twin = client.create_model_version(name, source, champion.run_id, model_id=source.removeprefix("models:/"))
    yield [str(champion.version), str(twin.version)]
    client.set_registered_model_alias(name, alias, champion.version)
    client.delete_model_version(name, twin.version)
    ask_until(lambda answer: answer.model.version == str(champion.version))


def ask_until(is_wanted: Callable[[Prediction], bool]) -> None:
    """Ask every protocol until all give one answer, and a wanted one."""
    protocols = clients(ClientSettings())
    wait_for(lambda: is_wanted(ask_all(protocols, EXAMPLE, PATIENCE_SECONDS)["REST"]), "the wanted answer")


def test_swaps_under_load_fail_no_request_and_are_final(environment: dict[str, str], versions: list[str]) -> None:
    client, name, alias = MlflowClient(), environment["MODEL_NAME"], environment["MODEL_ALIAS"]
    turns = list(islice(cycle(versions), SWAPS + 1))
    with Load() as load:
        for version in turns:
            client.set_registered_model_alias(name, alias, version)
            wait_for(partial(load.is_answered_by, version), f"version {version} on each protocol")
    assert load.failures == []
    # Once a protocol has answered by a new champion, it never does so by the one before.
    assert load.versions == dict.fromkeys(load.versions, turns)


@pytest.fixture
def supervisor(request: pytest.FixtureRequest, stack: Config) -> Iterator[Any]:
    """Stops and starts services; in the end all of them run."""
    if request.config.getoption("--stack") == "running":
        pytest.skip("stops services of the platform that this session started")
    transport = SupervisorTransport(serverurl=f"unix://{stack.state / 'supervisor.sock'}")
    yield ServerProxy("http://localhost", transport=transport).supervisor
    for service in ("s3", "mlflow", "fastapi", "grpc"):
        Supervisor(stack).start_service(service)
    ask_until(lambda answer: not answer.stale)


def test_without_mlflow_and_s3_predictions_go_on_also_after_a_restart(
    environment: dict[str, str], supervisor: Any
) -> None:
    def readiness() -> Any:
        return httpx.get(f"{environment['FASTAPI_URL']}/health/ready").json()

    with Load() as load:
        for service in ("mlflow", "s3"):
            supervisor.stopProcess(service)
        wait_for(lambda: bool(readiness()["stale"]), "a stale champion")
    assert load.failures == []
    assert readiness()["status"] == "ready"
    for service in ("fastapi", "grpc"):
        supervisor.stopProcess(service)
        supervisor.startProcess(service)
    ask_until(lambda answer: answer.stale)
    for service in ("s3", "mlflow"):
        supervisor.startProcess(service)
    ask_until(lambda answer: not answer.stale)


@pytest.mark.usefixtures("environment")
def test_runs_outlive_a_kill_of_the_scheduler_in_the_middle_of_their_tasks(supervisor: Any) -> None:
    def kill() -> None:
        scheduler = psutil.Process(supervisor.getProcessInfo("airflow-scheduler")["pid"])
        for process in (scheduler, *scheduler.children(recursive=True)):
            process.kill()

    assert_runs_outlive(kill)


@pytest.mark.parametrize("service", ["fastapi", "grpc"])
def test_open_connections_delay_no_stop(environment: dict[str, str], supervisor: Any, service: str) -> None:
    with open_connections(environment["FASTAPI_URL"], environment["GRPC_ADDRESS"]):
        began = time.monotonic()
        supervisor.stopProcess(service)
        seconds = time.monotonic() - began
    assert supervisor.getProcessInfo(service)["exitstatus"] == 0
    assert seconds < STOP_SECONDS
