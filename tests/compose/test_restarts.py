"""What is kept: over down and up, and in a backup that an empty platform of other secrets gets."""

import os
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from song_preference.clients import EXAMPLE, ask_all, clients
from song_preference.pipeline import ETL_DAG, Airflow
from song_preference.serving.predictor import Prediction
from song_preference.settings import AirflowSettings, ClientSettings
from tests.compose.platform import PATIENCE_SECONDS, compose, run, wait_for


def answer() -> Prediction:
    """What every protocol answers alike, once the registry has confirmed the champion."""
    rest = os.environ["FASTAPI_URL"]

    def is_fresh() -> bool:
        ready = httpx.get(f"{rest}/health/ready")
        return ready.status_code == httpx.codes.OK and not ready.json()["stale"]

    wait_for(is_fresh, "a champion that the registry confirmed")
    answers = ask_all(clients(ClientSettings()), EXAMPLE, PATIENCE_SECONDS)
    return answers["REST"]


@pytest.mark.usefixtures("environment")
def test_the_champion_is_served_again_after_down_and_up(capsys: pytest.CaptureFixture[str]) -> None:
    before, began = answer(), time.monotonic()
    compose("down")
    stopped = time.monotonic()
    compose("up", "--detach", "--wait")
    healthy = time.monotonic()
    assert answer() == before
    with capsys.disabled():
        print(f"\ndown {stopped - began:.0f} s, up {healthy - stopped:.0f} s")


@pytest.mark.usefixtures("environment")
def test_an_empty_platform_with_secrets_of_its_own_takes_a_backup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    production: dict[str, Any] = {
        "ENVIRONMENT": "production",
        "SECRETS_DIR": str(tmp_path / "secrets"),
        "COMPOSE_FILE": "docker-compose.yaml:docker-compose.secrets.yaml",
    }
    before, began = answer(), time.monotonic()
    run("scripts/backup", str(tmp_path / "backup"))
    saved = time.monotonic()
    compose("down", "--volumes")

    run("scripts/secrets", **production)
    compose("up", "--detach", "--wait", **production)
    ready = httpx.get(f"{os.environ['FASTAPI_URL']}/health/ready")
    assert ready.status_code == httpx.codes.SERVICE_UNAVAILABLE

    empty = time.monotonic()
    run("scripts/restore", str(tmp_path / "backup"), **production)
    restored = time.monotonic()
    assert answer() == before
    assert refresh("development-only-api-key") == httpx.codes.UNAUTHORIZED
    assert refresh((tmp_path / "secrets" / "api_key").read_text()) == httpx.codes.OK
    # The password of the backup's user is that of this platform.
    password = SecretStr((tmp_path / "secrets" / "airflow_user_password").read_text())
    airflow = Airflow(AirflowSettings().model_copy(update={"password": password}))
    assert not airflow.is_busy(ETL_DAG)
    with capsys.disabled():
        print(f"\nbackup {saved - began:.0f} s, restore {restored - empty:.0f} s")


def refresh(key: str) -> int:
    return httpx.post(f"{os.environ['FASTAPI_URL']}/model/refresh", headers={"X-API-Key": key}).status_code
