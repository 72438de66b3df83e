"""Any table that is written in any supported dialect is read back equal."""

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from song_preference.features import FEATURES, LABEL
from song_preference.song_table.read import opened
from song_preference.song_table.scoring import blocks_of, read_songs
from tests.support.playlists import chosen, written

SONGS = chosen(6, 6).reset_index(drop=True)[[*FEATURES, LABEL]]
COLUMNS = ["title", *FEATURES, LABEL]
TITLES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\r"), max_size=12),
    min_size=len(SONGS),
    max_size=len(SONGS),
)
PLAIN_TITLES = [f"Song {number}" for number in range(len(SONGS))]


class Dialect(NamedTuple):
    """The way in which a CSV is written."""

    separator: str = ","
    line_end: str = "\n"
    encoding: str = "utf-8"
    is_quoted: bool = False
    has_decimal_commas: bool = False
    names_separator: bool = False
    """Whether its first line is Excel's `sep=`."""
    above: tuple[str, ...] = ()
    """Lines above the header: titles, or blank ones."""
    empty_columns: int = 0
    empty_rows: int = 0
    has_blanks: bool = False
    """Whether blanks stand around each quoted cell."""

    def write(self, rows: list[list[Any]]) -> bytes:
        """Return the rows as a file."""
        point = "," if self.has_decimal_commas else "."
        cells = [[self._known(str(cell)) for cell in row] for row in rows]
        cells[1:] = [[title, *(number.replace(".", point) for number in numbers)] for title, *numbers in cells[1:]]
        filled = [[line] + [""] * (len(COLUMNS) - 1) if line else [] for line in self.above] + cells
        filled = [[*row, *[""] * self.empty_columns] for row in filled]
        filled += [[""] * (len(COLUMNS) + self.empty_columns)] * self.empty_rows
        first = f"sep={self.separator}{self.line_end}" if self.names_separator else ""
        # The csv module leaves a newline bare where rows end with a return, and the other way round.
        has_breaks = self.line_end != "\r\n" and any(set("\r\n") & set(title) for title, *_ in cells)
        quoted = self.is_quoted or has_breaks
        table = written(filled, self.separator, self.line_end, "utf-8", quoted=quoted).decode()
        if self.has_blanks:
            lines = [[' "{}" '.format(cell.replace('"', '""')) for cell in row] for row in filled]
            table = "".join(self.separator.join(line) + self.line_end for line in lines)
        return (first + table).encode(self.encoding)

    def _known(self, text: str) -> str:
        return text.encode(self.encoding, "replace").decode(self.encoding)


DIALECTS = st.builds(
    Dialect,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"]),
    is_quoted=st.booleans(),
    has_decimal_commas=st.booleans(),
    names_separator=st.booleans(),
    above=st.sampled_from([(), ("",), ("My songs",), ("", "Songs of 2024", "")]),
    empty_columns=st.integers(0, 2),
    empty_rows=st.integers(0, 2),
    has_blanks=st.booleans(),
)


def as_json(rows: list[list[Any]]) -> str:
    return json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]], ensure_ascii=False)


def as_json_lines(rows: list[list[Any]]) -> str:
    return "\n".join(
        json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False, default=str) for row in rows[1:]
    )


def as_parquet(rows: list[list[Any]]) -> bytes:
    file = io.BytesIO()
    pd.DataFrame(rows[1:], columns=rows[0]).to_parquet(file)
    return file.getvalue()


FORMATS = {
    "json": lambda rows: as_json(rows).encode(),
    "json of spotipy": lambda rows: f'{{"audio_features": {as_json(rows)}}}'.encode(),
    "json in UTF-16": lambda rows: as_json(rows).encode("utf-16"),
    "jsonl": lambda rows: as_json_lines(rows).encode(),
    "parquet": as_parquet,
}


def zipped(raw: bytes, name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"my songs/{name}", raw)
    return file.getvalue()


PACKINGS = {"as it is": lambda raw, _: raw, "gz": lambda raw, _: gzip.compress(raw), "zip": zipped}


def rows_of(titles: list[str]) -> list[list[Any]]:
    songs = SONGS.to_numpy(object).tolist()
    return [COLUMNS, *([f"t{title}", *song] for title, song in zip(titles, songs, strict=True))]


def check_is_read_back(raw: bytes, titles: list[str]) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "file"
        path.write_bytes(raw)
        with opened(path, Path(directory), max_bytes=10**7, needs="labels") as table:
            read = table.connection.execute("select * from songs where is_usable order by row").df()
    pd.testing.assert_frame_equal(read[[*FEATURES, LABEL]].astype(float), SONGS.astype(float))
    assert read["title"].tolist() == titles


@settings(max_examples=120, deadline=None)
@given(titles=TITLES, dialect=DIALECTS, packing=st.sampled_from(sorted(PACKINGS)))
@example(['"'] * 12, Dialect(is_quoted=True), "as it is")
@example(["="] * 12, Dialect(";", "\r\n", "utf-16", above=("",)), "as it is")
@example(["Ñandú €"] * 12, Dialect(";", "\r\n", "cp1252", has_decimal_commas=True, names_separator=True), "gz")
@example(["a\r\nb\rc"] * 12, Dialect("|", "\r", "latin-1", above=("My songs",), empty_columns=2, empty_rows=2), "zip")
def test_a_csv_in_any_dialect_is_read_back_equal(titles: list[str], dialect: Dialect, packing: str) -> None:
    raw, known = written_in(dialect, titles)
    check_is_read_back(PACKINGS[packing](raw, "songs.csv"), known)


@settings(max_examples=60, deadline=None)
@given(titles=TITLES, dialect=DIALECTS)
@example(["a, \n ,b"] * 12, Dialect(has_blanks=True))
@example(['" , "'] * 12, Dialect(has_blanks=True))
def test_each_row_of_a_csv_in_any_dialect_has_its_own_features(titles: list[str], dialect: Dialect) -> None:
    raw, known = written_in(dialect, titles)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "file"
        path.write_bytes(raw)
        songs = read_songs(path, Path(directory), 10**7)
        [block] = blocks_of(songs, 1_000, 10**6)
    rows = [
        next(csv.reader([row], delimiter=songs.layout.separator)) if isinstance(row, str) else row for row in block.rows
    ]
    assert [row[0] for row in rows] == known
    np.testing.assert_array_equal(block.features, SONGS[list(FEATURES)].to_numpy(np.float32))


def written_in(dialect: Dialect, titles: list[str]) -> tuple[bytes, list[str]]:
    """Return songs of these titles in a dialect, and their titles as its encoding knows them."""
    rows = rows_of(titles)
    raw = dialect.write(rows)
    if dialect.encoding in ("cp1252", "latin-1"):
        # Where characters of UTF-8 are among the bytes, they may be either, and are far more often UTF-8.
        assume(raw.isascii() or raw.decode(errors="ignore").isascii())
    return raw, [title.encode(dialect.encoding, "replace").decode(dialect.encoding) for title, *_ in rows[1:]]


@settings(max_examples=60, deadline=None)
@given(titles=TITLES, form=st.sampled_from(sorted(FORMATS)), packing=st.sampled_from(sorted(PACKINGS)))
def test_json_and_parquet_are_read_back_equal(titles: list[str], form: str, packing: str) -> None:
    rows = rows_of(titles)
    raw = FORMATS[form](rows)
    check_is_read_back(PACKINGS[packing](raw, f"songs.{form.partition(' ')[0]}"), [title for title, *_ in rows[1:]])
