"""The dashboard's pages on a platform in memory, of which each part can be taken away."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import cast

import httpx
import pytest
import streamlit as st
from fastapi.testclient import TestClient
from mlflow import MlflowClient
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from fastapi_app.app import create_app
from fastapi_app.management import Management
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion
from song_preference.messages import Message
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import CatalogueSettings, DatasetSettings, ModelSettings, RestSettings
from streamlit_app import data
from streamlit_app.data import models, pipeline, playlist
from streamlit_app.data.catalogue import catalogue
from streamlit_app.data.playlist import ManagementClient
from streamlit_app.i18n import Language
from streamlit_app.songs import file as songs_file
from tests.support.airflow import with_history
from tests.support.dashboard import ENVIRONMENT, PAGE, Open, Platform, of_another_language, refresh_catalogue
from tests.support.datasets import FakeMlflow, MemoryObjects, publish_sample
from tests.support.registry import FakeRegistry
from tests.support.song_index import index_of, rows


@pytest.fixture(scope="session", autouse=True)
def one_scan_for_components() -> Iterator[None]:
    """Lets Streamlit look once for packages with components: each run of a page in a test reads all packages' files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def open_page(platform: Platform) -> Open:
    """Opens a page by its name in a language, in which all of it must be."""

    def open_in_its_language(name: str, language: Language) -> AppTest:
        page = AppTest.from_string(PAGE.format(name=name, language=language), default_timeout=30).run()
        assert of_another_language(page, language) == []
        return page

    return open_in_its_language


@pytest.fixture
def dataset(objects: MemoryObjects) -> DatasetVersion:
    """The sample, published."""
    return publish_sample(objects, 1, datetime(2026, 11, 25, 10, tzinfo=UTC))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Every variable that the dashboard and FastAPI read."""
    folders = {"MODEL_CACHE_DIR": str(tmp_path / "models"), "INCOMING_DIR": str(tmp_path)}
    for name, value in {**ENVIRONMENT, **folders}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def platform(
    registry: FakeRegistry,
    graph: bytes,
    objects: MemoryObjects,
    dataset: DatasetVersion,
    environment: pytest.MonkeyPatch,
) -> Iterator[Platform]:
    """A champion, the dataset that it was trained on, and a history of runs."""
    registry.register("1", graph, dataset.version)
    platform = Platform(registry, objects, with_history())
    store = ModelStore(registry, 60, "spotify_model_prod")
    management = Management(
        DatasetStore(objects),
        cast("MlflowClient", FakeMlflow()),
        platform.airflow.client(),
        DatasetSettings(),
        ModelSettings(),
        CatalogueSettings(),
    )
    songs = SongSearch(platform.indexes, Predictor(store))
    environment.setattr(songs_file, "catalogue", lambda: songs)
    with TestClient(create_app(songs, RestSettings(), management)) as rest:

        def answer(request: httpx.Request) -> httpx.Response:
            if platform.rest_is_down:
                raise httpx.ConnectError("refused")
            headers = dict(request.headers)
            answered = rest.request(
                request.method, request.url.raw_path.decode(), content=request.read(), headers=headers
            )
            return httpx.Response(answered.status_code, content=answered.content, request=request)

        environment.setattr(
            playlist,
            "ManagementClient",
            lambda url, key: ManagementClient(url, key, transport=httpx.MockTransport(answer)),
        )
        environment.setattr(pipeline, "Airflow", lambda _: platform.airflow.client())
        environment.setattr(models, "DescribedRegistry", lambda _: registry)
        environment.setattr(data, "MlflowRegistry", lambda _: registry)
        environment.setattr("song_preference.serving.registry.MlflowRegistry", lambda _: registry)
        yield platform
    catalogue().stop()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(scope="session")
def index(graph: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of a catalogue, with the answers of version 1 for the sample."""
    objects = MemoryObjects()
    own = publish_sample(objects, 1, datetime(2026, 11, 25, 10, tzinfo=UTC)).version
    return index_of(rows(), graph, tmp_path_factory.mktemp("index") / "index.sqlite", objects, own)


@pytest.fixture
def indexed(platform: Platform, index: Path) -> SongSearch:
    """A platform with a catalogue that can be searched."""
    platform.registry.indexes["one"] = index
    refresh_catalogue()
    return catalogue()


@pytest.fixture
def second(
    platform: Platform, dataset: DatasetVersion, graph: bytes, environment: pytest.MonkeyPatch
) -> DatasetVersion:
    """The list of version 2, published last; the champion, version 1, learned from another one."""
    second = publish_sample(platform.objects, 2, datetime(2026, 11, 27, 10, tzinfo=UTC))
    DatasetStore(platform.objects).rename(second.version, "Verano [2026]")
    platform.registry.register("2", graph, second.version)
    platform.registry.promote("1")
    platform.registry.described_as["2"] = {}
    data.predictor().store.refresh()

    def roll_back(_: object, version: str) -> Message:
        platform.registry.promote(version)
        return Message("made_champion", {"version": version, "model": "m"})

    def decline(_: object, version: str) -> Message:
        platform.registry.described_as[version]["is_declined"] = True
        return Message("declined", {"version": version, "model": "m"})

    environment.setattr("fastapi_app.pipeline.rollback", roll_back)
    environment.setattr("fastapi_app.pipeline.decline", decline)
    return second


@pytest.fixture
def registry_without_champion(platform: Platform) -> None:
    """Nothing was registered yet."""
    platform.registry.ref = None
    platform.registry.graphs.clear()
