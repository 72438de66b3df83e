"""The check of the API key, and objects of the application's state."""

from typing import Annotated

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_app.dependencies import NEEDS_KEY, check_key, from_state
from song_preference.errors import AccessDenied
from song_preference.settings import RestSettings
from tests.support.rest import API_KEY, KEY, KEYED


def test_the_key_is_right_in_utf_8(rest_settings: RestSettings) -> None:
    check_key(rest_settings, KEYED["X-API-Key"])


@pytest.mark.parametrize("key", [None, "", "wrong", API_KEY, API_KEY[:-1], f"{KEYED['X-API-Key']} "])
def test_any_other_key_is_denied(rest_settings: RestSettings, key: str | None) -> None:
    with pytest.raises(AccessDenied, match="needs the header X-API-Key"):
        check_key(rest_settings, key)


def test_a_route_gets_what_the_state_holds_and_only_with_the_key(rest_settings: RestSettings) -> None:
    app = FastAPI()

    @app.get("/", dependencies=[NEEDS_KEY])
    async def route(songs: Annotated[int, from_state("songs")]) -> int:
        return songs

    app.state.settings, app.state.songs = rest_settings, 7
    with TestClient(app) as client:
        assert client.get("/", headers=KEY).json() == 7
        app.state.songs = 8
        assert client.get("/", headers=KEY).json() == 8
        with pytest.raises(AccessDenied):
            client.get("/")
