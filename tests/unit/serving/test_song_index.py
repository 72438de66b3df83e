"""The index that a service follows: fetched once, swapped while it runs, kept while its source is away."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from song_preference.errors import RegistryUnavailable
from song_preference.serving.song_index import FORMAT, IndexStore, connect
from tests.support.replicas import replicas
from tests.support.waiting import wait_for


def write(path: Path, model: str, songs: int = 3, form: str = FORMAT) -> Path:
    """Write as much of an index as a store looks at."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table about (catalogue text, model text, dataset text, songs integer, format text)")
        connection.execute("create table songs (number integer primary key, title text)")
        connection.executemany("insert into songs values (?, ?)", [(number, "Song") for number in range(1, 4)])
        connection.execute("insert into about values ('c', ?, null, ?, ?)", (model, songs, form))
    return path


class Source:
    """Indexes by run; `run` is the one in use."""

    def __init__(self, directory: Path) -> None:
        self.files: dict[str, Path] = {}
        self.run: str | None = None
        self.is_away = False
        self.downloads = 0
        self._directory = directory
        directory.mkdir()

    def publish(self, run: str, model: str, songs: int = 3) -> None:
        self.files[run] = write(self._directory / run, model, songs)
        self.run = run

    def index_run(self) -> str | None:
        if self.is_away:
            raise RegistryUnavailable("MLflow does not answer.")
        return self.run

    def download_index(self, run_id: str, directory: Path) -> Path:
        self.downloads += 1
        return Path(shutil.copy(self.files[run_id], directory))


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path / "source")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def store(source: Source, kept: Path) -> IndexStore:
    return IndexStore(source, 0.05, kept)


def used(store: IndexStore) -> str | None:
    return store.current and store.current.model


def test_without_an_index_there_is_none(store: IndexStore, kept: Path) -> None:
    store.refresh()
    assert (store.current, kept.exists()) == (None, False)


def test_an_index_of_another_form_is_not_used(source: Source, store: IndexStore) -> None:
    source.publish("one", "1")
    write(source.files["one"].with_name("two"), "2", form="0")
    source.files["two"] = source.files["one"].with_name("two")
    store.refresh()
    source.run = "two"
    store.refresh()
    assert used(store) == "1"


def test_it_is_fetched_once_and_the_next_one_takes_its_place(source: Source, store: IndexStore, kept: Path) -> None:
    source.publish("one", "1")
    store.refresh()
    store.refresh()
    assert (used(store), source.downloads) == ("1", 1)
    assert store.current is not None
    with closing(connect(store.current.path)) as reading:
        source.publish("two", "2")
        store.refresh()
        assert [path.name for path in kept.iterdir()] == ["two.sqlite"]
        assert reading.execute("select count(*) from songs").fetchall() == [(3,)]
    assert used(store) == "2"


def test_one_that_was_taken_out_of_use_goes(source: Source, store: IndexStore, kept: Path) -> None:
    source.publish("one", "1")
    store.refresh()
    source.run = None
    store.refresh()
    assert (used(store), [*kept.iterdir()]) == (None, [])


def test_nobody_can_write_to_it(source: Source, store: IndexStore) -> None:
    source.publish("one", "1")
    store.refresh()
    assert store.current is not None
    with closing(connect(store.current.path)) as reading, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reading.execute("delete from songs")


@pytest.mark.parametrize("fault", ["no database", "empty", "songs are missing"])
def test_one_that_is_not_whole_is_not_used_and_the_one_before_stays(
    source: Source, store: IndexStore, kept: Path, fault: str
) -> None:
    source.publish("one", "1")
    store.refresh()
    source.publish("two", "2", songs=4 if fault == "songs are missing" else 3)
    if fault != "songs are missing":
        source.files["two"].write_bytes(b"" if fault == "empty" else b"<html>")
    store.refresh()
    store.refresh()
    assert (used(store), source.downloads) == ("1", 2)
    assert [path.name for path in kept.iterdir()] == ["one.sqlite"]


def test_one_on_disk_is_used_while_the_source_is_away(source: Source, kept: Path) -> None:
    kept.mkdir()
    write(kept / "one.sqlite", "1")
    (kept / "torn.sqlite").write_bytes(b"torn")
    (kept / "download-torn").mkdir()
    source.is_away = True
    later = IndexStore(source, 0.05, kept)
    later.start()
    assert used(later) == "1"
    source.publish("two", "2")
    source.is_away = False
    wait_for(lambda: used(later) == "2", "the next index", 20)
    wait_for(lambda: [path.name for path in kept.iterdir()] == ["two.sqlite"], "others to go", 20)
    later.stop()


def test_an_index_stays_until_the_last_replica_has_the_next_one(source: Source, kept: Path) -> None:
    first, second = (IndexStore(source, 0.05, kept) for _ in range(2))
    source.publish("one", "1")
    first.refresh()
    second.refresh()
    assert source.downloads == 1
    source.publish("two", "2")
    first.refresh()
    assert second.current is not None
    with closing(connect(second.current.path)) as reading:
        assert reading.execute("select count(*) from songs").fetchall() == [(3,)]
    second.refresh()
    assert [path.name for path in kept.iterdir()] == ["two.sqlite"]
    assert source.downloads == 2


class Counting(Source):
    """A source that notes each download in a folder, since processes share nothing else."""

    def download_index(self, run_id: str, directory: Path) -> Path:
        (self._directory / f"downloaded-{directory.name}").touch()
        return super().download_index(run_id, directory)


def read_model(source: Source, kept: Path) -> str:
    """Follow a source in a process of its own and return the model that its index names."""
    store = IndexStore(source, 0.05, kept)

    def follows() -> bool:
        store.refresh()
        return store.current is not None

    wait_for(follows, "an index that another process downloads", 20)
    assert store.current is not None
    with closing(connect(store.current.path)) as reading:
        ((model,),) = reading.execute("select model from about")
    return str(model)


def test_replicas_that_start_at_once_download_an_index_once_and_lose_none(tmp_path: Path, kept: Path) -> None:
    source = Counting(tmp_path / "source")
    with replicas(4) as processes:
        for model in ("1", "2", "3"):
            source.publish(f"run-{model}", model)
            found = [processes.submit(read_model, source, kept) for _ in range(12)]
            assert {one.result() for one in found} == {model}
    assert len([*(tmp_path / "source").glob("downloaded-*")]) == 3
