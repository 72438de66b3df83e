"""The platform of the Compose file, as a test breaks it, and clients that go on asking meanwhile."""

import json
import os
import subprocess
from collections.abc import Mapping
from threading import Event, Thread
from typing import Any, Self

from local_stack.config import ROOT
from song_preference.clients import clients
from song_preference.errors import SongPreferenceError
from song_preference.features import EXAMPLE
from song_preference.prediction import PredictionClient
from song_preference.settings import ClientSettings
from tests.support.waiting import wait_for

PAUSE_SECONDS = 0.05
PROTOCOLS = {"REST", "GraphQL", "gRPC"}
ENVIRONMENT = dict(os.environ)
"""As it was at the start: the fixture `environment` sets addresses of this machine, which mean nothing in Docker."""

Finished = subprocess.CompletedProcess[str]


def run(*command: str, check: bool = True, **variables: str) -> Finished:
    """Run a command in the repository; both of its streams are in `stdout`."""
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=ENVIRONMENT | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert not check or ended.returncode == 0, ended.stdout
    return ended


def compose(*arguments: str, check: bool = True, **variables: str) -> Finished:
    """Run `docker compose`."""
    return run("docker", "compose", *arguments, check=check, **variables)


def containers() -> dict[str, dict[str, Any]]:
    """Return what Docker knows of each container, one-shots included, by service."""
    found: list[dict[str, Any]] = json.loads(
        run("docker", "inspect", *compose("ps", "--all", "--quiet").stdout.split()).stdout
    )
    return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}


def left(kind: str, *options: str) -> set[str]:
    """Return the ids of the project's objects of a kind, `container`, `network` or `volume`, whatever the profile."""
    label = f"label=com.docker.compose.project={ENVIRONMENT.get('COMPOSE_PROJECT_NAME', 'song-preference')}"
    return set(run("docker", kind, "ls", "--quiet", "--filter", label, *options).stdout.split())


def services() -> dict[str, dict[str, Any]]:
    """Return the same of those that stay."""
    return {name: one for name, one in containers().items() if one["HostConfig"]["RestartPolicy"]["Name"] != "no"}


def healths() -> dict[str, str | None]:
    """Return what each service's health check says of it, by service."""
    return {name: one["State"].get("Health", {}).get("Status") for name, one in services().items()}


def all_healthy() -> bool:
    return set(healths().values()) == {"healthy"}


def loose() -> dict[str, list[str]]:
    """The containers that are not confined as all should be, with what they lack."""
    return {name: faults for name, container in containers().items() if (faults := _looseness(container["HostConfig"]))}


def _looseness(host: dict[str, Any]) -> list[str]:
    wanted = {
        "read-only": host["ReadonlyRootfs"],
        "no capability": host["CapDrop"] == ["ALL"],
        "no new privileges": "no-new-privileges:true" in host["SecurityOpt"],
        "memory": host["Memory"] > 0,
        "no swap": host["MemorySwap"] == host["Memory"],
        "CPU": host["NanoCpus"] > 0,
        "processes": host["PidsLimit"] and host["PidsLimit"] > 0,
        "rotated log": host["LogConfig"]["Type"] == "local",
        "init": host["Init"],
        "restart": host["RestartPolicy"]["Name"] in {"no", "unless-stopped"},
    }
    return [name for name, holds in wanted.items() if not holds]


def roots() -> set[str]:
    """The services whose containers start as root."""
    return {name for name, one in containers().items() if one["Config"]["User"] in {"", "root", "0"}}


def give_account(**variables: Any) -> None:
    """Give the store the account of S3_SERVICE_ACCESS_KEY: SeaweedFS, in MinIO's place, by its own shell."""
    if compose("exec", "--no-TTY", "s3", "sh", "-c", "command -v weed", check=False).returncode:
        run("scripts/s3-account", **variables)
        return
    account = (
        f"s3.configure -user=services -access_key={variables['S3_SERVICE_ACCESS_KEY']} "
        f"-secret_key={variables['S3_SERVICE_SECRET_KEY']} -buckets=data,mlflow -actions=Read,Write,List -apply"
    )
    shell = "weed shell -master=127.0.0.1:9333 -filer=127.0.0.1:18888"
    compose("exec", "--no-TTY", "s3", "sh", "-c", f"echo '{account}' | {shell}")


def kill(service: str) -> str:
    """Kill every process of a container, as the kernel does out of memory; returns when it had been started.

    From within: Docker starts no container again that `docker kill` ended.
    """
    started = str(services()[service]["State"]["StartedAt"])
    compose("exec", "--no-TTY", service, "sh", "-c", "kill -9 -1", check=False)
    return started


class Trickle:
    """A client for each protocol that asks now and then, and remembers what failed."""

    def __init__(self) -> None:
        self.failures: dict[str, list[str]] = {}
        self.answers = dict.fromkeys(PROTOCOLS, 0)
        self._ended = Event()
        self._threads = [Thread(target=self._ask, args=item) for item in clients(ClientSettings()).items()]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for_answers()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_for_answers(self) -> None:
        """Wait until every protocol has answered again."""
        before = self.answers.copy()
        wait_for(lambda: all(self.answers[name] > before[name] for name in PROTOCOLS), "an answer on each protocol")

    def _ask(self, name: str, client: PredictionClient) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            try:
                client.predict(EXAMPLE)
            except SongPreferenceError as error:
                self.failures.setdefault(name, []).append(str(error))
            else:
                self.answers[name] += 1


def variables_of(container: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a container."""
    return dict(item.split("=", 1) for item in container["Config"]["Env"])
