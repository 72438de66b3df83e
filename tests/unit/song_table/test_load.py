"""Which rows of a CSV are songs, and which number each has."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from song_preference.song_table import database
from song_preference.song_table.layout import Layout
from song_preference.song_table.load import ROWS_LOOKED_AT, ROWS_SHOWN, Columns, Loaded, load
from tests.support.playlists import as_csv, songs, written
from tests.support.song_tables import FIRST, HEADER, PLAIN, Table, check_faults, check_is_plain


def in_one_column(raw: bytes, separator: str) -> bytes:
    """Return a CSV as a spreadsheet saves it that has each row in its first column."""
    rows = csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=separator)
    lines = (written([row], separator, "", "utf-8", quoted=False).decode() for row in rows)
    return written([[line] for line in lines], separator, "\r\n", "utf-8", quoted=True)


TICKED = as_csv(PLAIN.assign(label=(PLAIN["label"] == 1).astype(str).str.upper()))
TICKED_COLUMNS = len(PLAIN.columns) - 1
WAYS: dict[str, tuple[bytes, list[str]]] = {
    "a title with quotes, commas and lines": (as_csv(songs()), []),
    "CRLF": (as_csv(songs(), lineterminator="\r\n"), []),
    "CR": (as_csv(PLAIN, lineterminator="\r"), []),
    "blank lines between": (as_csv(PLAIN).replace(b"\n", b"\n\n"), []),
    "blank lines at the end": (as_csv(PLAIN) + b"\n\r\n\n", []),
    "rows of separators at the end": (as_csv(PLAIN) + b",,,\n" * 3 + b"\n", []),
    "empty columns at the right": (as_csv(PLAIN).replace(b"\n", b",,\n"), []),
    "no line end at the end": (as_csv(PLAIN)[:-1], []),
    "everything quoted": (as_csv(PLAIN, quoting=1), []),
    "rows that end before a column that nobody needs": (
        as_csv(PLAIN.assign(notes="")).replace(b",\n", b"\n").replace(b"notes\n", b"notes,\n"),
        [],
    ),
    "boxes below the songs": (TICKED + (b"," * TICKED_COLUMNS + b"FALSE\n") * 300, ["label_words"]),
    "boxes and a blank line below the songs": (TICKED + b"\n" + b"," * TICKED_COLUMNS + b"FALSE\n", ["label_words"]),
    "numbers of rows below the songs": (
        PLAIN.to_csv().encode() + b"".join(b"%d" % row + b"," * len(PLAIN.columns) + b"\n" for row in range(60, 300)),
        ["index_column_left_out"],
    ),
    "numbers of rows and boxes below the songs": (
        PLAIN.assign(label=PLAIN["label"] == 1).to_csv().encode()
        + b"".join(b"%d" % row + b"," * len(PLAIN.columns) + b"FALSE\n" for row in range(60, 300)),
        ["index_column_left_out", "label_words"],
    ),
    "each row in a cell": (in_one_column(as_csv(songs()), ","), []),
    "each row in a cell, with decimal commas": (
        in_one_column(as_csv(songs(), sep=";", decimal=","), ";"),
        ["separator_read"],
    ),
    "some rows in a cell": (as_csv(PLAIN).replace(FIRST, b'"' + FIRST + b'"'), []),
    "blanks around cells": (as_csv(PLAIN).replace(b",", b" , "), []),
}


@pytest.mark.parametrize(("raw", "noted"), WAYS.values(), ids=WAYS)
def test_the_same_songs_in_another_form_are_the_same(raw: bytes, noted: list[str], table: Table) -> None:
    check_is_plain(table(raw), noted)


FAULTS: dict[str, tuple[bytes, list[str]]] = {
    "a row too short": (
        HEADER + b"\n0.5,0.5\n" + as_csv(PLAIN).partition(b"\n")[2],
        ["the file has rows with another number of fields than the header (1 row: 2)"],
    ),
    "rows too long": (
        as_csv(PLAIN) + FIRST + b",7\n" + FIRST + b",7\n",
        ["the file has rows with another number of fields than the header (2 rows: 62, 63)"],
    ),
    "a row too long": (
        as_csv(PLAIN.assign(title="x")) + FIRST + b"," + b"x" * 260_000 + b"\n",
        [
            (
                "the file has a row of more than 250,000 characters: keep only the columns that describe the songs "
                "(1 row: 62)"
            )
        ],
    ),
    "blank lines, a title and a faulty row": (
        b"My songs\n\n" + HEADER + b"\n\n" + FIRST.replace(b",", b",x", 1) + b"\n" + as_csv(PLAIN).partition(b"\n")[2],
        ["column 'danceability' must be a number (1 row: 5)"],
    ),
}


@pytest.mark.parametrize(("raw", "faults"), FAULTS.values(), ids=FAULTS)
def test_a_row_that_cannot_be_used_is_left_out_and_named(raw: bytes, faults: list[str], table: Table) -> None:
    check_faults(table(raw), faults)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with database.opened(tmp_path, threads=1) as connection:
        yield connection


def loaded(connection: duckdb.DuckDBPyConnection, path: Path, rows: str) -> tuple[Loaded, list[tuple[object, ...]]]:
    path.write_text(f"speechiness,tempo\n{rows}", newline="")
    layout = Layout(["speechiness", "tempo"], ",", 1, 1)
    both = frozenset({0, 1})
    found = load(connection, path, layout, Columns({0: "number(c0)", 1: "c1"}, both, both, frozenset()))
    return found, connection.execute("select row, m0, m1 from loaded order by row").fetchall()


def test_columns_of_numbers_are_read_as_such(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    found, rows = loaded(connection, tmp_path / "file.csv", "0.5,1\n0.25,2\n")
    assert (found, rows) == (Loaded(True, frozenset({0, 1}), []), [(2, 0.5, 1.0), (3, 0.25, 2.0)])


@pytest.mark.parametrize("before", [1, ROWS_LOOKED_AT + 1])
def test_one_word_makes_a_column_text_wherever_it_stands(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, before: int
) -> None:
    found, rows = loaded(connection, tmp_path / "file.csv", "0.5,01\n" * before + "0.25,fast\n")
    assert found.is_plain
    assert 1 not in found.numbers
    assert [rows[0], rows[-1]] == [(2, 0.5, "01"), (before + 2, 0.25, "fast")]


def test_a_number_with_an_underscore_is_no_number(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    found, rows = loaded(connection, tmp_path / "file.csv", "0.5,1_0\n0.25,2\n")
    assert found.numbers == frozenset()
    assert [row[2] for row in rows] == ["1_0", "2"]


def test_rows_that_are_blank_or_faulty_keep_the_numbers_of_the_others(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found, rows = loaded(connection, tmp_path / "file.csv", "0.5,1\n\n0.25,2,3\n,\n0.75,4,\n")
    assert rows == [(2, 0.5, "1"), (6, 0.75, "4")]
    assert [(fault.rule.code, fault.count, fault.rows) for fault in found.faults] == [("uneven_rows", 1, (4,))]
    assert not found.is_plain


def test_of_many_faulty_rows_the_first_are_named(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    text = "0.5,1\n" + "0.25,2,3\n" * (ROWS_SHOWN + 5) + f"{'x,' * 130_000}\n"
    uneven, long = loaded(connection, tmp_path / "file.csv", text)[0].faults
    assert (uneven.count, uneven.rows) == (ROWS_SHOWN + 5, tuple(range(3, 3 + ROWS_SHOWN)))
    assert (long.count, long.rows, long.rule.params) == (1, (3 + ROWS_SHOWN + 5,), {"limit": 250_000})
