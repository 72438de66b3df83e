import subprocess
import sys

import pytest

from local_stack.config import ROOT
from song_preference.clients import ask_all, clients
from song_preference.errors import ServiceUnavailable
from song_preference.features import EXAMPLE
from song_preference.pipeline.__main__ import run_to_champion
from song_preference.pipeline.airflow import Airflow
from song_preference.settings import AirflowSettings, ClientSettings

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module", autouse=True)
def champion(environment: dict[str, str]) -> None:
    """A platform that was found without a model learns one first: these may be the first tests it meets."""
    services = clients(ClientSettings())
    try:
        ask_all(services, EXAMPLE, patience_seconds=1)
    except ServiceUnavailable:
        run_to_champion(Airflow(AirflowSettings()), print, {})
        ask_all(services, EXAMPLE, PATIENCE_SECONDS)


@pytest.mark.once
def test_no_attack_stops_the_others(environment: dict[str, str]) -> None:
    # A process of its own, as `make attacks` has it.
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.attacks"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout
