"""Tables and statistics of a version, for people."""

import io

import numpy as np
import pandas as pd
import pytest

from song_preference.dataset import inspect
from song_preference.dataset.inspect import as_csv, first_rows, opened, statistics
from song_preference.dataset.store import OLD_RAW, DatasetStore
from song_preference.dataset.version import DatasetVersion
from song_preference.errors import DatasetNotFound
from song_preference.features import FEATURES
from tests.support.datasets import MemoryObjects


def test_first_rows_are_those_of_the_table(store: DatasetStore, published: DatasetVersion) -> None:
    rows = first_rows(store, published.version, "train", 3)
    assert rows == store.table(published.version, "train").head(3).to_dict("records")
    with pytest.raises(DatasetNotFound):
        first_rows(store, "none", "train", 3)


def test_a_number_that_json_lacks_is_none(store: DatasetStore, objects: MemoryObjects) -> None:
    file = io.BytesIO()
    pd.DataFrame({"energy": [0.5, np.nan, np.inf], "name": ["a", "b", "c"]}).to_parquet(file)
    objects.put(store.key("abc", "scaled.parquet"), file.getvalue())
    assert [row["energy"] for row in first_rows(store, "abc", "scaled", 5)] == [0.5, None, None]


def test_first_rows_of_the_raw_file_are_text_without_its_byte_order_mark(
    store: DatasetStore, objects: MemoryObjects
) -> None:
    objects.put(store.key("abc", OLD_RAW), '\ufeffname,energy\nEsdrújula,0.50\n\n"a,b",1\nc,2\n'.encode())
    assert first_rows(store, "abc", "raw", 2) == [
        {"name": "Esdrújula", "energy": "0.50"},
        {"name": "a,b", "energy": "1"},
    ]
    with pytest.raises(DatasetNotFound, match=r"has no 'raw\.csv' any more"):
        first_rows(store, "none", "raw", 2)


def test_what_names_the_song_comes_first(store: DatasetStore, objects: MemoryObjects) -> None:
    objects.put(store.key("abc", OLD_RAW), b"energy,ISRC,genre,Artist Name(s),Track Name\n0.5,ES1,pop,b,a\n0.5,ES2\n")
    first, cut = first_rows(store, "abc", "raw", 2)
    assert list(first.items()) == [
        ("Track Name", "a"), ("Artist Name(s)", "b"), ("ISRC", "ES1"), ("energy", "0.5"), ("genre", "pop"),
    ]  # fmt: skip
    assert cut == {"ISRC": "ES2", "energy": "0.5"}


def test_a_row_of_the_raw_file_that_is_cut_is_left_out(
    store: DatasetStore, objects: MemoryObjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"name,energy\na,0.25\nb,0.75\n"
    objects.put(store.key("abc", OLD_RAW), content)
    monkeypatch.setattr(inspect, "LOOKED_AT_BYTES", len(content) - 3)
    assert first_rows(store, "abc", "raw", 5) == [{"name": "a", "energy": "0.25"}]


def test_a_table_is_opened_whole_or_in_part(store: DatasetStore, published: DatasetVersion) -> None:
    version = published.version
    with opened(store, version, "features") as file:
        assert len(pd.read_parquet(io.BytesIO(file.read()))) == 750
    with opened(store, version, "features", at_most=100) as file:
        assert len(pd.read_parquet(io.BytesIO(file.read()))) == 94
    with opened(store, version, "raw", at_most=1) as file:
        assert len(file.read()) == published.source.size_bytes


def test_a_long_table_as_csv_has_one_header() -> None:
    table = pd.DataFrame({"energy": np.arange(150_000) / 2, "name": "a"})
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    pieces = list(as_csv(file))
    assert len(pieces) > 1
    assert pd.read_csv(io.BytesIO(b"".join(pieces))).equals(table)


def test_statistics_are_those_of_the_songs_by_label(store: DatasetStore, published: DatasetVersion) -> None:
    found = statistics(store, published.version)
    assert [(spread.feature, spread.label) for spread in found] == [
        (feature, label) for feature in FEATURES for label in ("like", "dislike")
    ]
    songs = store.table(published.version, "features")
    values = songs.loc[songs["label"] == 0, "energy"].astype(float)
    (energy,) = (spread for spread in found if (spread.feature, spread.label) == ("energy", "dislike"))
    assert energy.songs == len(values)
    assert energy.mean == pytest.approx(values.mean())
    assert energy.std == pytest.approx(values.std())
    assert (energy.quantiles["0.5"], energy.quantiles["1"]) == (values.median(), values.max())
    assert sum(energy.histogram.counts) == len(values)
    assert energy.histogram.edges[0] == 0
    assert energy.histogram.edges[-1] == 1
