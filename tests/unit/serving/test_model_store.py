import pytest

from song_preference.errors import DiskFull, ModelNotReady, RegistryUnavailable
from song_preference.prediction import ModelRef
from song_preference.serving.model_store import ModelStore
from tests.support.registry import FakeRegistry
from tests.support.waiting import wait_for


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
    assert (store.current().model.ref.version, store.current().stale) == ("1", True)
    registry.is_down = False
    assert store.refresh() == "unchanged"
    assert not store.current().stale


def test_a_bad_champion_is_rejected_once_and_the_previous_goes_on(
    store: ModelStore, registry: FakeRegistry, graph: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    registry.register("1", graph)
    store.refresh()
    registry.register("2", b"not a graph")
    assert [store.refresh(), store.refresh()] == ["refused", "refused"]
    assert registry.downloads == ["1", "2"]
    assert (store.current().model.ref.version, store.current().stale) == ("1", True)
    assert str(store.rejection).startswith("spotify_model_prod version 2 is rejected: ")
    assert caplog.messages == [f"{store.rejection} The model before it, if there is one, goes on."]
    registry.register("3", graph)
    assert store.refresh() == "swapped"
    assert (store.current().model.ref.version, store.current().stale, store.rejection) == ("3", False, None)
    assert store.outcomes == {"swapped": 2, "refused": 2}


def test_a_champion_without_artifacts_is_not_served_and_the_reason_is_kept(
    store: ModelStore, registry: FakeRegistry, graph: bytes
) -> None:
    registry.register("2", graph)
    del registry.graphs["2"]
    with pytest.raises(RegistryUnavailable):
        store.refresh()
    with pytest.raises(ModelNotReady, match="The artifacts of spotify_model_prod version 2 cannot be read"):
        store.current()
    registry.register("1", graph)
    store.refresh()
    assert store.rejection is None
    registry.ref = ModelRef("spotify_model_prod", "2", "champion")
    with pytest.raises(RegistryUnavailable):
        store.refresh()
    assert (store.current().model.ref.version, store.current().stale) == ("1", True)
    assert "version 2 cannot be read" in str(store.rejection)
    registry.graphs["2"] = graph
    assert store.refresh() == "swapped"
    assert (store.current().model.ref.version, store.rejection) == ("2", None)


def test_a_rejected_champion_is_looked_at_again_where_somebody_asks(
    store: ModelStore, registry: FakeRegistry, graph: bytes
) -> None:
    registry.register("1", graph[:-20])
    assert store.refresh() == "refused"
    with pytest.raises(ModelNotReady, match="version 1 is rejected"):
        store.current()
    registry.register("1", graph)
    assert store.refresh() == "refused"
    assert store.refresh(again=True) == "swapped"


def test_going_back_from_a_rejected_champion_ends_the_rejection(
    store: ModelStore, registry: FakeRegistry, graph: bytes
) -> None:
    registry.register("1", graph)
    store.refresh()
    registry.register("2", b"not a graph")
    assert store.refresh() == "refused"
    registry.register("1", graph)
    assert store.refresh() == "unchanged"
    assert (store.current().stale, store.rejection) == (False, None)


def test_a_champion_whose_alias_is_gone_goes_on_as_stale(
    store: ModelStore, registry: FakeRegistry, graph: bytes
) -> None:
    registry.register("1", graph)
    store.refresh()
    registry.ref = None
    assert store.refresh() == "missing"
    assert store.current().stale


def test_the_watching_thread_follows_the_alias_through_an_outage(
    store: ModelStore, registry: FakeRegistry, graph: bytes
) -> None:
    registry.is_down = True
    store.start()
    registry.register("7", graph)
    registry.is_down = False
    wait_for(lambda: store.outcomes["swapped"] == 1, "a new model")
    assert store.current().model.ref.version == "7"
    store.stop()


def test_without_room_for_a_new_champion_the_one_in_service_goes_on(
    registry: FakeRegistry, store: ModelStore, graph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register("1", graph)
    store.refresh()
    registry.register("2", graph)

    def download(_: ModelRef) -> bytes:
        raise DiskFull("There is too little room on the volume of /tmp.")

    with monkeypatch.context() as patch:
        patch.setattr(registry, "graph", download)
        with pytest.raises(DiskFull):
            store.refresh()
    assert (store.current().model.ref.version, store.current().stale) == ("1", True)
    assert store.refresh() == "swapped"
