"""What the service is put together from, and what starts and ends with it."""

import re
import subprocess
import sys
import threading

import pytest
from fastapi.testclient import TestClient

from fastapi_app.app import create_app
from local_stack.config import ROOT
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings
from tests.support.registry import FakeRegistry
from tests.support.rest import KEY, PAGE
from tests.support.songs import SONG
from tests.support.waiting import wait_for


@pytest.mark.parametrize(("origin", "allowed"), [(PAGE, PAGE), ("https://another.example", None)])
def test_only_the_pages_that_were_named_may_call_from_a_browser(
    managed: TestClient, origin: str, allowed: str | None
) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "X-API-Key"}
    assert managed.options("/predict", headers=asks).headers.get("access-control-allow-origin") == allowed
    answer = managed.post("/predict", json=SONG, headers={"Origin": origin})
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert answer.headers["x-request-id"]


def test_no_page_may_call_unless_one_is_named(quiet: TestClient) -> None:
    answer = quiet.post("/predict", json=SONG, headers={"Origin": PAGE})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_documentation_needs_no_other_server(rest: TestClient, page: str) -> None:
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', rest.get(page).text)
    assert any(address.endswith(".js") for address in addresses)
    assert {rest.get(address).status_code for address in addresses} == {200}
    assert all(address.startswith("/") for address in addresses)


def test_a_service_that_only_predicts_has_no_datasets_and_no_pipeline(rest: TestClient) -> None:
    managing = ("/datasets", "/pipeline", "/model/rollback")
    assert not [path for path in rest.get("/openapi.json").json()["paths"] if path.startswith(managing)]
    assert rest.get("/datasets").status_code == 404
    for path in ("/datasets", "/pipeline/runs", "/pipeline/runs/x", "/model/rollback"):
        assert rest.post(path, headers=KEY, json={}).status_code == 404


def test_a_service_that_only_predicts_stays_light() -> None:
    # As where they are not installed; MLflow imports pandas wherever it finds it.
    heavy = ["pandas", "pyarrow", "boto3", "sklearn"]
    code = f"import sys; sys.modules.update(dict.fromkeys({heavy})); import fastapi_app.app"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def watching() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "model-refresh"}


def test_the_registry_is_watched_from_start_to_end(
    registry: FakeRegistry, store: ModelStore, rest_settings: RestSettings, graph: bytes
) -> None:
    app, before = create_app(SongSearch(None, Predictor(store)), rest_settings), watching()
    registry.register("1", graph)
    assert TestClient(app).get("/health/ready").status_code == 503
    with TestClient(app) as client:
        wait_for(lambda: client.get("/health/ready").is_success, "the champion")
        registry.register("2", graph)
        wait_for(lambda: client.get("/health/ready").json()["model"] == "2", "the new champion")
    wait_for(lambda: watching() <= before, "the end of the watch")
