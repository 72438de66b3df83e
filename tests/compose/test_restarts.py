"""What is kept: over down and up, and in a backup that an empty platform of other secrets gets."""

import os
import time
from pathlib import Path

import httpx
import pytest

from song_preference.clients import EXAMPLE, ask_all, clients
from song_preference.serving.predictor import Prediction
from song_preference.settings import ClientSettings
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, began = answer(), time.monotonic()
    run("scripts/backup", str(tmp_path / "backup"))
    saved = time.monotonic()
    compose("down", "--volumes")

    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.setenv("COMPOSE_FILE", "docker-compose.yaml:docker-compose.secrets.yaml")
    run("scripts/secrets")
    compose("up", "--detach", "--wait")
    assert httpx.get(f"{os.environ['FASTAPI_URL']}/health/ready").status_code == httpx.codes.SERVICE_UNAVAILABLE

    empty = time.monotonic()
    run("scripts/restore", str(tmp_path / "backup"))
    restored = time.monotonic()
    assert answer() == before
    key = (tmp_path / "secrets" / "api_key").read_text()
    assert refresh("development-only-api-key") == httpx.codes.UNAUTHORIZED
    assert refresh(key) == httpx.codes.OK
    with capsys.disabled():
        print(f"\nbackup {saved - began:.0f} s, restore {restored - empty:.0f} s")


def refresh(key: str) -> int:
    return httpx.post(f"{os.environ['FASTAPI_URL']}/model/refresh", headers={"X-API-Key": key}).status_code
