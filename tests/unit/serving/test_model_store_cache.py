import logging
import shutil
from pathlib import Path

import pytest

from song_preference.errors import ModelNotReady, RegistryUnavailable
from song_preference.prediction import ModelRef
from song_preference.serving.model_store import ModelCache, ModelStore
from tests.support.registry import FakeRegistry
from tests.support.replicas import replicas

REF = ModelRef("spotify_model_prod", "3", "champion", "run")


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    return ModelCache(tmp_path / "models", "spotify_model_prod", "champion")


def restarted(registry: FakeRegistry, cache: ModelCache) -> ModelStore:
    return ModelStore(registry, 1000, "spotify_model_prod", cache)


def test_what_is_kept_comes_back_whole(cache: ModelCache) -> None:
    assert cache.load() is None
    for graph in (b"one\nof\nmany lines", b"another"):
        cache.keep(REF, graph)
        assert cache.load() == (REF, graph)


def keep_and_load(cache: ModelCache, version: str) -> set[tuple[str, bytes] | None]:
    """Keep a version many times and return what was read back meanwhile: version and byte of the graph."""
    loaded = set()
    for _ in range(10):
        cache.keep(ModelRef(REF.name, version, REF.alias), version.encode() * 500_000)
        found = cache.load()
        loaded.add(found and (found[0].version, bytes({*found[1]})))
    return loaded


def test_replicas_that_write_one_cache_at_once_always_read_a_whole_model(cache: ModelCache, tmp_path: Path) -> None:
    versions = "123"
    with replicas(len(versions)) as processes:
        loaded = set[tuple[str, bytes] | None]().union(*processes.map(keep_and_load, [cache] * 3, versions))
    assert loaded <= {(version, version.encode()) for version in versions}
    assert len([*(tmp_path / "models").iterdir()]) == 1


def test_another_model_or_alias_has_a_file_of_its_own(cache: ModelCache, tmp_path: Path) -> None:
    cache.keep(REF, b"graph")
    assert ModelCache(tmp_path / "models", "another", "champion").load() is None
    assert ModelCache(tmp_path / "models", "spotify_model_prod", "challenger").load() is None


@pytest.mark.parametrize("damage", ["cut", "changed", "header", "empty", "number", "text", "list"])
def test_a_damaged_file_is_left_alone(
    cache: ModelCache, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    cache.keep(REF, b"a graph of some length")
    (path,) = (tmp_path / "models").iterdir()
    whole = path.read_bytes()
    changed = {"cut": whole[:-3], "changed": whole[:-1] + b"!", "header": whole[5:], "empty": b""}
    changed |= {"number": b"7\n" + whole, "text": b'"7"\n' + whole, "list": b"[]\n" + whole}
    path.write_bytes(changed[damage])
    assert cache.load() is None
    assert "MODEL_CACHE_DIR" in caplog.text


def test_where_nothing_can_be_kept_the_service_goes_on(
    registry: FakeRegistry, graph: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("a file, where a directory should be")
    store = restarted(registry, ModelCache(tmp_path / "models", "spotify_model_prod", "champion"))
    registry.register("1", graph)
    store.refresh()
    assert store.current().model.ref.version == "1"
    assert "check MODEL_CACHE_DIR" in caplog.text


def test_on_a_full_disk_the_service_goes_on_and_keeps_the_model_once_there_is_room(
    registry: FakeRegistry, graph: bytes, small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache, other = ModelCache(small_disk / "models", REF.name, REF.alias), small_disk / "other"
    other.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - len(graph) // 2))
    registry.register("1", graph)
    store = restarted(registry, cache)
    store.refresh()
    assert store.current().model.ref.version == "1"
    assert (
        "The model could not be cached for a restart (No space left on device): check MODEL_CACHE_DIR." in caplog.text
    )
    assert not list((small_disk / "models").iterdir())
    other.unlink()
    registry.register("2", graph)
    store.refresh()
    assert cache.load() == (registry.ref, graph)


def test_a_service_that_starts_during_an_outage_serves_what_was_kept_and_says_so(
    registry: FakeRegistry, cache: ModelCache, graph: bytes
) -> None:
    registry.register("1", graph)
    restarted(registry, cache).refresh()
    registry.is_down = True
    store = restarted(registry, cache)
    store.start()
    assert (store.current().model.ref.version, store.current().stale) == ("1", True)
    with pytest.raises(RegistryUnavailable):
        store.refresh()
    assert store.current().stale
    registry.is_down = False
    assert store.refresh() == "unchanged"
    assert not store.current().stale
    store.stop()


def test_a_model_that_was_kept_gives_way_to_the_champion_of_a_new_registry(
    registry: FakeRegistry, cache: ModelCache, graph: bytes
) -> None:
    cache.keep(ModelRef("spotify_model_prod", "1", "champion", "a run of another registry"), graph)
    registry.register("1", graph)
    registry.is_down = True
    store = restarted(registry, cache)
    store.start()
    registry.is_down = False
    # The watching thread may have been first.
    store.refresh()
    assert store.outcomes["swapped"] == 1
    assert store.current().model.ref == registry.ref
    store.stop()


def test_a_kept_model_that_breaks_the_contract_is_not_served(
    registry: FakeRegistry, cache: ModelCache, caplog: pytest.LogCaptureFixture
) -> None:
    cache.keep(REF, b"not a graph")
    registry.is_down = True
    store = restarted(registry, cache)
    caplog.set_level(logging.WARNING)
    store.start()
    with pytest.raises(ModelNotReady):
        store.current()
    assert "failed validation" in caplog.text
    store.stop()
