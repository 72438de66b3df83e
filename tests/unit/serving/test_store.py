import threading

import pytest

from song_preference.errors import ModelNotReady, ModelRefused, RegistryUnavailable
from song_preference.serving.store import ModelStore
from tests.conftest import FakeRegistry


def test_before_the_first_champion_the_remedy_is_named(store: ModelStore) -> None:
    store.refresh()
    with pytest.raises(ModelNotReady, match="run the DAG process_etl_spotify_data"):
        store.current()


def test_a_new_champion_is_swapped_in(store: ModelStore, registry: FakeRegistry, graph: bytes) -> None:
    for version in ("1", "2"):
        registry.register(version, graph)
        store.refresh()
        assert store.current().model.ref.version == version


def test_the_same_champion_is_not_loaded_again(store: ModelStore, registry: FakeRegistry, graph: bytes) -> None:
    registry.register("1", graph)
    store.refresh()
    before = store.current()
    store.refresh()
    assert store.current() is before


def test_a_model_goes_on_when_the_registry_is_lost(store: ModelStore, registry: FakeRegistry, graph: bytes) -> None:
    registry.register("1", graph)
    store.refresh()
    registry.is_down = True
    with pytest.raises(RegistryUnavailable):
        store.refresh()
    assert store.current().model.ref.version == "1"


def test_a_bad_champion_is_refused_once_and_the_previous_goes_on(
    store: ModelStore, registry: FakeRegistry, graph: bytes
) -> None:
    registry.register("1", graph)
    store.refresh()
    registry.register("2", b"not a graph")
    with pytest.raises(ModelRefused):
        store.refresh()
    store.refresh()
    assert store.current().model.ref.version == "1"
    registry.register("3", graph)
    store.refresh()
    assert store.current().model.ref.version == "3"


def test_the_watching_thread_follows_the_alias_through_an_outage(
    store: ModelStore, registry: FakeRegistry, graph: bytes
) -> None:
    registry.is_down = True
    store.start()
    registry.register("7", graph)
    registry.is_down = False
    arrived = threading.Event()
    while not arrived.wait(0.01):
        try:
            version = store.current().model.ref.version
        except ModelNotReady:
            continue
        assert version == "7"
        arrived.set()
    store.stop()
