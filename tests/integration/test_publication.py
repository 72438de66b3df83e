"""A version is published whole or not at all, whenever the ETL dies and whoever else writes."""

import signal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from song_preference.dataset import sample
from song_preference.dataset.store import LATEST, DatasetStore
from tests.support.deadly_etl import run_etl

WRITES = ["raw/1.csv", "scaled.parquet", "features.parquet", "train.parquet", "test.parquet", "dataset.json", "latest"]

processes = get_context("forkserver")
processes.set_forkserver_preload([run_etl.__module__])


@pytest.fixture
def names(store: DatasetStore, environment: dict[str, str], playlist: Path) -> tuple[dict[str, str], str]:
    """Return the environment of an ETL of the playlist, and its bucket."""
    return {**environment, "DATASET_SOURCE": str(playlist)}, store.objects.bucket


def run(names: tuple[dict[str, str], str], fatal_write: int = 0, is_done_first: bool = False) -> int | None:
    process = processes.Process(target=run_etl, args=(*names, fatal_write, is_done_first))
    process.start()
    process.join()
    return process.exitcode


def check_whole(store: DatasetStore) -> str:
    """The latest version, with every part as described."""
    latest = store.latest()
    assert len(store.table(latest.version, "features")) == latest.preparation.rows_kept
    assert len(store.table(latest.version, "train")) == latest.split.train
    assert len(store.table(latest.version, "test")) == latest.split.test
    return latest.version


@pytest.fixture
def versions(store: DatasetStore, names: tuple[dict[str, str], str], tmp_path: Path) -> tuple[str, str]:
    """One published version, which is in force, and the one that the playlist is to become."""
    assert run(names) == 0
    new = check_whole(store)
    other = tmp_path / "other.csv"
    other.write_bytes(sample.csv())
    assert run(({**names[0], "DATASET_SOURCE": str(other)}, names[1])) == 0
    return check_whole(store), new


def test_killed_at_any_write_the_version_before_stays_in_force_and_a_new_run_repairs(
    store: DatasetStore, names: tuple[dict[str, str], str], versions: tuple[str, str]
) -> None:
    before, new = versions
    pointer = store.objects.get(LATEST)
    assert pointer is not None
    for number, name in enumerate(WRITES, start=1):
        for is_done_first in (False, True):
            store.remove(new)
            store.objects.put(LATEST, pointer)
            assert run(names, number, is_done_first) == -signal.SIGKILL
            in_force = new if (name, is_done_first) == ("latest", True) else before
            assert check_whole(store) == in_force, (name, is_done_first)
    store.remove(new)
    store.objects.put(LATEST, pointer)
    assert run(names, fatal_write=WRITES.index("features.parquet") + 1, is_done_first=True) == -signal.SIGKILL
    assert store.unfinished() == [new]
    assert run(names) == 0
    assert check_whole(store) == new
    assert store.unfinished() == []
    assert run(names, fatal_write=len(WRITES) + 1) == 0, "there are more writes than this test kills at"


def test_runs_at_once_do_no_harm(
    store: DatasetStore, names: tuple[dict[str, str], str], versions: tuple[str, str]
) -> None:
    for version in versions:
        store.remove(version)
    store.objects.remove(LATEST)
    environment, bucket = names
    other = {**environment, "DATASET_SOURCE": environment["DATASET_SOURCE"].replace("playlist", "other")}
    runs: list[Any] = [
        processes.Process(target=run_etl, args=(chosen, bucket, 0, False)) for chosen in (environment, other) * 2
    ]
    for started in runs:
        started.start()
    for started in runs:
        started.join()
    assert [ended.exitcode for ended in runs] == [0, 0, 0, 0]
    assert check_whole(store) in versions
    assert {published.version for published in store.published()} == set(versions)
