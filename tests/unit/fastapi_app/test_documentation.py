import re

import pytest
from dotenv import dotenv_values
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_app.app import create_app
from fastapi_app.documentation import introduction
from fastapi_app.published import descriptions
from local_stack.config import ROOT
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings

DEFAULTS = dotenv_values(ROOT / ".env")


def test_the_introduction_states_the_limits_of_this_service(
    predictor: Predictor, rest_settings: RestSettings, managed_app: FastAPI
) -> None:
    settings = rest_settings.model_copy(update={"max_upload_bytes": 1_500_000})
    predictor.max_batch_size = 12_345
    text = create_app(SongSearch(None, predictor), settings).openapi()["info"]["description"]
    assert "| songs in a batch | 12,345 | 413 |" in text
    assert "| file of songs to predict | 1.5 MB | 413 |" in text
    assert "playlist, " not in text
    assert "playlist, one file or two" in managed_app.openapi()["info"]["description"]


def test_first_steps_use_the_default_address_and_key(rest_settings: RestSettings) -> None:
    text = introduction(rest_settings, 1, 1)
    steps = re.findall(r"^curl .*(?:\n  .*)?", text, re.MULTILINE)
    assert len(steps) == 3
    assert all(f"http://127.0.0.1:{DEFAULTS['FASTAPI_PORT']}/" in step for step in steps)
    assert f"'X-API-Key: {DEFAULTS['API_KEY']}'" in text
    assert f"default, `{DEFAULTS['API_KEY']}`," in text
    (file,) = re.findall(r"file=@(\S+)", text)
    assert (ROOT / file).is_file()


def test_the_published_limits_are_the_defaults() -> None:
    published = descriptions()[ROOT / "openapi.json"]
    assert f"{int(DEFAULTS['MAX_BATCH_SIZE'] or 0):,}" in published


def test_every_operation_has_a_title_and_a_described_tag(managed_app: FastAPI) -> None:
    schema = managed_app.openapi()
    tags = [tag["name"] for tag in schema["tags"]]
    ours = ["Predictions", "Songs", "Model", "Datasets", "Pipeline", "Catalogue"]
    assert tags == [*ours, "Open Inference Protocol", "MLflow", "Health", "Service"]
    assert all(tag["description"].endswith(".") for tag in schema["tags"])
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert {tag for operation in operations for tag in operation["tags"]} == set(tags)
    titles = [operation["summary"] for operation in operations]
    assert len(set(titles)) == len(titles)
    # FastAPI's own titles, from the names of the functions, have a capital in each word.
    assert [title for title in titles if title.istitle()] == []


@pytest.mark.parametrize("root", ["", "/behind/a/proxy"])
def test_redoc_may_ask_no_other_host_for_a_picture(rest_app: FastAPI, root: str) -> None:
    page = TestClient(rest_app, root_path=root).get("/redoc")
    assert page.headers["content-security-policy"] == "img-src 'self' data:"
    assert f'spec-url="{root}/openapi.json"' in page.text
    assert f'src="{root}/static-offline-docs/redoc.standalone.js"' in page.text
