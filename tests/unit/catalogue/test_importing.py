"""The import of a catalogue, from an upload to its description, on a bucket in memory."""

import gzip
import tempfile
from pathlib import Path

import duckdb
import pytest

from song_preference.catalogue import importing
from song_preference.catalogue.store import CatalogueStore
from song_preference.errors import InvalidDataset
from song_preference.song_table import catalogue
from tests.support.catalogues import read_upload, songs, zipped
from tests.support.playlists import as_csv


def test_an_upload_that_is_too_large_once_unpacked_leaves_nothing_behind(
    store: CatalogueStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    table = as_csv(songs(range(20_000)))
    content = zipped({f"{number}.csv.gz": gzip.compress(table) for number in range(2)})
    assert 500_000 < len(table) < 1_000_000
    with pytest.raises(InvalidDataset, match="has more than 1 MB once unpacked"):
        read_upload(store, content, max_bytes=1_000_000)
    assert store.objects.keys("") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!DOCTYPE html><title>Log in</title>", "HTML page"),
        (b"title,artist,speechiness,energy,danceability,acousticness\n" + b"x" * 10**6, "larger than 1,000,000 bytes"),
        (as_csv(songs(["A"]).drop(columns="title")), "title"),
        (b"title,artist\nA,Anna\n", "names songs and not their audio features"),
        (zipped({"a.csv": as_csv(songs(["A"]))})[:-40], "cannot be unpacked"),
    ],
    ids=["page", "large", "untitled", "featureless", "broken"],
)
def test_an_upload_that_is_no_catalogue_leaves_nothing_behind(
    store: CatalogueStore, content: bytes, reason: str
) -> None:
    with pytest.raises(InvalidDataset, match=reason):
        read_upload(store, content, max_bytes=1_000_000)
    assert store.objects.keys("") == []


def test_what_fails_after_the_file_was_read_is_no_fault_of_it(
    store: CatalogueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "PLACE", "error('broken')")
    with pytest.raises(duckdb.Error, match="broken"):
        read_upload(store, as_csv(songs(["A"])))
    assert len(store.objects.keys("incoming/")) == 1


def test_the_description_has_the_first_notes_and_says_how_many_more_there_were(
    store: CatalogueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "MAX_NOTES", 2)
    tables = {f"{name}.csv": as_csv(songs(["A", "B"], seed=ord(name)), sep=";") for name in "abcd"}
    importing.publish(store, read_upload(store, zipped(tables)))
    latest = store.latest()
    assert latest is not None
    assert [note.params.get("file") for note in latest.notes] == ["a.csv", "b.csv", None]
    assert str(latest.notes[-1]) == "further notes, not shown: 2"
    assert latest.notes[-1].text("es") == "otras notas que no se muestran: 2"
