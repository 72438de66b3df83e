"""Tables of the same songs in many forms, and what tests check of each."""

import io
import zipfile
from collections.abc import Callable

import pandas as pd
import pytest

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL
from song_preference.song_table.read import SongTable
from tests.support.playlists import as_csv, songs

LIMIT = 10**8
CANNOT = "This file cannot be used: "
NAMES_ONLY = (
    "the file names songs and not their audio features: export it with them (Exportify, Chosic and Organize Your Music "
    "can; TuneMyMusic and Spotify's own export cannot)"
    ", or import a catalogue, in which the songs of uploaded files are looked up"
)
PLAIN = songs().drop(columns="title")
HEADER, FIRST = as_csv(PLAIN).split(b"\n")[:2]
Table = Callable[[bytes], SongTable]
"""Reads a file."""


def features_of(table: SongTable) -> pd.DataFrame:
    names = [*FEATURES, *([LABEL] if LABEL in table.known else [])]
    found: pd.DataFrame = table.connection.execute("select * from songs where is_usable order by row").df()
    return found[names].astype(float)


def codes(table: SongTable) -> list[str | None]:
    return [note.code for note in table.notes]


def packed(raw: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, raw)
    return file.getvalue()


def parquet(rows: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    rows.to_parquet(file)
    return file.getvalue()


def as_json(rows: pd.DataFrame) -> bytes:
    return rows.to_json(orient="records").encode()


def check_is_plain(read: SongTable, noted: list[str]) -> None:
    """Check that the table holds the songs of `PLAIN` and what was noted."""
    pd.testing.assert_frame_equal(
        features_of(read), PLAIN[[*FEATURES, LABEL]].astype(float), check_exact=False, rtol=1e-9
    )
    assert codes(read) == noted
    assert read.unusable == 0


def check_faults(read: SongTable, faults: list[str]) -> None:
    """Check that these rows, and no others, are left out."""
    assert sorted(str(fault) for fault in read.faults) == sorted(faults)
    assert read.unusable == sum(fault.count for fault in read.faults)
    assert len(features_of(read)) == read.rows - read.unusable


def check_is_rejected(table: Table, raw: bytes, words: str) -> None:
    """Check that the file is rejected with this reason."""
    with pytest.raises(InvalidDataset) as rejected:
        table(raw)
    assert str(rejected.value) == f"{CANNOT}{words}."
