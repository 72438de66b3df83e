"""The challenger, which answers only callers that name its version."""

import sys
import tempfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import fastapi_app.__main__
import grpc_service.__main__
from song_preference import logs
from song_preference.errors import ModelNotReady, RegistryUnavailable, UnknownVersion
from song_preference.prediction import ModelRef
from song_preference.serving.metrics import Metrics
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.settings import ServingSettings
from tests.support.dashboard import ENVIRONMENT
from tests.support.registry import FakeRegistry
from tests.support.waiting import wait_for

NAME = "spotify_model_prod"


class Challengers(FakeRegistry):
    """A registry asked for the other alias."""

    def promote(self, version: str) -> None:
        self.ref = ModelRef(NAME, version, "challenger")


@pytest.fixture
def challengers() -> Challengers:
    return Challengers()


@pytest.fixture
def follower(challengers: Challengers) -> ModelStore:
    follower = ModelStore(challengers, 0.01, NAME)
    follower.goes_with_alias = True
    return follower


@pytest.fixture
def store(registry: FakeRegistry, follower: ModelStore) -> ModelStore:
    return ModelStore(registry, 0.01, NAME, challenger=follower)


@pytest.fixture
def both(
    store: ModelStore, follower: ModelStore, registry: FakeRegistry, challengers: Challengers, graph: bytes
) -> ModelStore:
    """The store with champion 1 and challenger 2."""
    registry.register("1", graph)
    challengers.register("2", graph)
    store.refresh()
    follower.refresh()
    return store


def version_of(store: ModelStore, version: str | None = None) -> str:
    return store.current(version).model.ref.version


def test_the_challenger_answers_by_its_version_and_the_champion_all_others(
    store: ModelStore, registry: FakeRegistry, challengers: Challengers, graph: bytes
) -> None:
    registry.register("1", graph)
    challengers.register("2", graph)
    store.start()
    wait_for(lambda: list(store.loaded()) == ["1", "2"], "both models")
    store.stop()
    assert [version_of(store, asked) for asked in (None, "1", "2")] == ["1", "1", "2"]
    assert store.current("2").model.ref.alias == "challenger"


@pytest.mark.parametrize("version", ["3", "", "01", "champion", "x" * 10_000])
def test_another_version_is_unknown_and_the_registry_is_not_asked(
    both: ModelStore, registry: FakeRegistry, challengers: Challengers, version: str
) -> None:
    registry.is_down = challengers.is_down = True
    with pytest.raises(UnknownVersion) as raised:
        both.current(version)
    named = f"Version {version[:40]!r} is not loaded: ask for 1 or 2, or for the champion with none."
    assert str(raised.value) == named


def test_before_any_model_no_version_is_ready(store: ModelStore) -> None:
    with pytest.raises(ModelNotReady):
        store.current("1")


def test_without_a_champion_the_challenger_answers_by_its_version_only(
    store: ModelStore, follower: ModelStore, challengers: Challengers, graph: bytes
) -> None:
    challengers.register("2", graph)
    follower.refresh()
    assert version_of(store, "2") == "2"
    assert store.served is None
    with pytest.raises(ModelNotReady):
        store.current()


def test_a_challenger_that_fails_does_not_concern_the_champion(
    store: ModelStore, follower: ModelStore, registry: FakeRegistry, challengers: Challengers, graph: bytes
) -> None:
    registry.register("1", graph)
    store.refresh()
    before = store.current()
    assert follower.refresh() == "missing"
    challengers.register("2", b"not a graph")
    assert follower.refresh() == "refused"
    challengers.is_down = True
    with pytest.raises(RegistryUnavailable):
        follower.refresh()
    assert store.current() is before
    assert not before.stale
    assert (store.rejection, store.outcomes) == (None, {"swapped": 1})
    with pytest.raises(UnknownVersion, match="'2' is not loaded: ask for 1,"):
        store.current("2")


def test_a_challenger_goes_with_its_alias(both: ModelStore, follower: ModelStore, challengers: Challengers) -> None:
    challengers.ref = None
    follower.refresh()
    assert list(both.loaded()) == ["1"]


def test_a_challenger_that_becomes_champion_is_the_champion(
    both: ModelStore, follower: ModelStore, registry: FakeRegistry, challengers: Challengers, graph: bytes
) -> None:
    registry.promote("2")
    registry.graphs["2"] = graph
    both.refresh()
    assert list(both.loaded()) == ["2"]
    assert both.current("2").model.ref.alias == "champion"
    challengers.register("1", graph)
    follower.refresh()
    assert list(both.loaded()) == ["2", "1"]


def test_predictions_of_the_challenger_count_under_its_version(both: ModelStore, songs: NDArray[np.float32]) -> None:
    predictor, metrics = Predictor(both), Metrics(both)
    predictor.observer = metrics
    assert predictor.predict_rows(songs, "2").model.version == "2"
    assert predictor.predict_rows(songs[:3]).model.version == "1"
    counted = {"1": 0.0, "2": 0.0}
    for label in ("like", "dislike"):
        for version in counted:
            names = {"label": label, "model_version": version}
            counted[version] += metrics.registry.get_sample_value("song_preference_predictions_total", names) or 0
    assert counted == {"1": 3, "2": len(songs)}
    info = {"name": NAME, "version": "1", "alias": "champion"}
    assert metrics.registry.get_sample_value("song_preference_model_info", info) == 1


@pytest.mark.parametrize("service", [fastapi_app.__main__, grpc_service.__main__], ids=["fastapi", "grpc"])
def test_a_service_whose_callers_may_name_a_version_loads_it(
    service: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def following(settings: ServingSettings, *, with_challenger: bool = False) -> Predictor:
        asked.append((settings.name, with_challenger))
        raise SystemExit

    own = {"MANAGE_DATASETS": "false", "GRPC_METRICS_PORT": "1", "GRPC_REFLECTION": "false", "TMPDIR": str(tmp_path)}
    for name, value in (ENVIRONMENT | own | {"MODEL_CACHE_DIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(logs, "configure", lambda: None)
    monkeypatch.setattr(service, "following_champion", following)
    monkeypatch.setattr(sys, "argv", ["service", "--port", "1"])
    with pytest.raises(SystemExit):
        service.main()
    assert asked == [(NAME, True)]
