"""Dataset versions in a bucket: what publishes one, hides one and removes one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from song_preference.dataset.store import LATEST, DatasetStore
from song_preference.dataset.version import DatasetVersion, Draft
from song_preference.errors import DatasetNotFound
from tests.support.datasets import MemoryObjects, described


def test_before_it_is_published_a_version_is_unfinished_and_invisible(store: DatasetStore, draft: Draft) -> None:
    assert (store.published(), store.unfinished()) == ([], [draft.version])
    for look in (store.latest, lambda: store.find("latest"), lambda: store.describe(draft.version)):
        with pytest.raises(DatasetNotFound):
            look()


def test_a_published_version_is_the_latest(store: DatasetStore, published: DatasetVersion) -> None:
    assert store.latest() == store.find("latest") == store.describe(published.version) == published
    assert (store.published(), store.unfinished()) == ([published], [])


def test_a_version_keeps_its_first_description_and_becomes_the_latest_again(
    store: DatasetStore, published: DatasetVersion, objects: MemoryObjects
) -> None:
    objects.put(LATEST, b'{"version": "another"}')
    again = published.model_copy(update={"created_at": datetime(2027, 1, 1, tzinfo=UTC)})
    assert store.publish(again) == store.latest() == published


@pytest.mark.parametrize("name", ["raw/1.csv", "scaled.parquet", "features.parquet", "train.parquet", "test.parquet"])
def test_without_one_of_its_tables_nothing_is_published(
    store: DatasetStore, draft: Draft, objects: MemoryObjects, name: str
) -> None:
    objects.remove(store.key(draft.version, name))
    version = described().model_copy(update={"version": draft.version})
    with pytest.raises(
        DatasetNotFound, match=f"has no '{name.replace('/1', '')}' any more: run process_etl_spotify_data again"
    ):
        store.publish(version)
    assert store.published() == []


@pytest.mark.parametrize("name", ["", "..", "../latest", "ABC", "a b"])
def test_what_is_no_name_of_a_version_is_not_asked_for(store: DatasetStore, objects: MemoryObjects, name: str) -> None:
    objects.put(f"datasets/{name}/dataset.json", described().model_dump_json().encode())
    with pytest.raises(DatasetNotFound, match="There is no dataset version"):
        store.describe(name)


def test_rows_of_a_part_of_a_table_are_spread_evenly(store: DatasetStore, published: DatasetVersion) -> None:
    whole = store.table(published.version, "features")
    assert len(whole) == published.preparation.rows_kept == 750
    some = store.table(published.version, "features", at_most=100)
    assert some.equals(whole.iloc[::8].reset_index(drop=True))
    with pytest.raises(DatasetNotFound, match=r"'features\.parquet'"):
        store.table("none", "features")


def test_a_version_is_withdrawn_before_its_tables_go(
    store: DatasetStore, published: DatasetVersion, objects: MemoryObjects
) -> None:
    store.remove(published.version)
    assert objects.removed[0] == store.key(published.version, "dataset.json")
    assert objects.keys("datasets/") == [LATEST]


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (b"energy,label\n", "csv"),
        (b' [{"energy": 0.5}]', "json"),
        (b"PAR1...", "parquet"),
        (b"\x1f\x8b...", "gz"),
        (b"PK\x03\x04...", "zip"),
    ],
)
def test_raw_bytes_are_kept_with_the_extension_of_what_they_are(
    content: bytes, extension: str, store: DatasetStore, objects: MemoryObjects, tmp_path: Path
) -> None:
    (tmp_path / "handed in.csv").write_bytes(content)
    store.put("abc", "raw", tmp_path / "handed in.csv")
    assert objects.contents == {f"datasets/abc/raw/1.{extension}": content}
    store.fetch("abc", "raw", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
