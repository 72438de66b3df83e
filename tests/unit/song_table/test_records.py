"""Rows of a CSV that go over lines, have no end, or are too long."""

from io import StringIO

import pytest

from song_preference.song_table.records import (
    MAX_CELL_CHARACTERS,
    MAX_OPEN_QUOTES,
    MAX_ROW_CHARACTERS,
    Records,
    fits,
    is_blank,
    message,
)
from tests.support.playlists import as_csv, songs
from tests.support.song_tables import FIRST, HEADER, PLAIN, Table, check_faults, check_is_rejected

TWO = ["energy", "tempo"]
"""A header."""

QUOTE = "the file has a quote that is not closed, or not doubled inside a quoted cell: close, double or remove it"
ROWS = as_csv(PLAIN).partition(b"\n")[2]
TITLED = as_csv(PLAIN.assign(title="song"))
FAULTS: dict[str, tuple[bytes, list[str]]] = {
    "an open quote in the first row": (HEADER + b'\n"' + FIRST + b"\n" + ROWS, [f"{QUOTE} (1 row: 2)"]),
    "an open quote in the last row": (as_csv(PLAIN) + b'"' + FIRST, [f"{QUOTE} (1 row: 62)"]),
    "an open quote far above another": (
        TITLED.replace(b"song\n", b'"7 nights\n', 1)[:-6] + b',"9 lives\n',
        [f"{QUOTE} (2 rows: 2, 61)"],
    ),
    "an open quote above more than a cell may hold": (
        TITLED.replace(b"song\n", b'"7 nights\n', 1) + TITLED.partition(b"\n")[2] * 40,
        [f"{QUOTE} (1 row: 2)"],
    ),
    "an open quote above a row too long": (
        TITLED.replace(b"song\n", b'"7 nights\n', 1) + FIRST + b"," * 250_001 + b"x\n" + FIRST + b",song\n",
        [
            (
                "the file has a row of more than 250,000 characters: keep only the columns that describe the songs "
                "(1 row: 62)"
            ),
            f"{QUOTE} (1 row: 2)",
        ],
    ),
}


@pytest.mark.parametrize(("raw", "faults"), FAULTS.values(), ids=FAULTS)
def test_a_row_that_cannot_be_used_is_left_out_and_named(raw: bytes, faults: list[str], table: Table) -> None:
    check_faults(table(raw), faults)


BAD: dict[str, tuple[bytes, str]] = {
    "more open quotes than can be forgiven": (
        HEADER + b"\n" + (b'"' + FIRST + b"\n") * 101 + FIRST + b"\n",
        f"{QUOTE} (1 row: 102)",
    ),
}


@pytest.mark.parametrize(("raw", "words"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_table_of_songs_is_rejected_in_these_words(raw: bytes, words: str, table: Table) -> None:
    check_is_rejected(table, raw, words)


def test_a_long_cell_in_quotes_is_a_cell(table: Table) -> None:
    titles = ["x" * 131_072, "\n" * 131_072, *(["short"] * 58)]
    read = table(as_csv(PLAIN.assign(title=titles)))
    assert (read.unusable, read.query("select max(length(title)) from songs")) == (0, [(131_072,)])


def test_the_number_of_a_row_counts_a_cell_of_several_lines_as_one(table: Table) -> None:
    raw = as_csv(songs().assign(energy=songs()["energy"].where(songs().index != 7)))
    assert [fault.rows for fault in table(raw).faults] == [(9,)]


def records(text: str, header: list[str] | None = None, separator: str = ",") -> list[list[str] | str]:
    """Return the cells of each row, or the code of its fault."""
    found = Records(StringIO(text, newline=""), separator, header=header)
    return [found.fault if cells is None else cells for cells in found]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_cell_in_quotes_may_hold_anything(line_end: str) -> None:
    text = line_end.join(['a;"b;""c""', 'd"', "", "e;f", ""])
    assert records(text, TWO, ";") == [["a", f'b;"c"{line_end}d'], [], ["e", "f"]]


def test_what_follows_an_open_quote_is_read_again_where_the_width_is_known() -> None:
    text = 'a,b\n"c,d\ne,f\ng,h\n'
    assert records(text, TWO) == [["a", "b"], "quote_not_closed", ["e", "f"], ["g", "h"]]
    assert records(text) == [["a", "b"], "quote_not_closed"]


def test_quotes_are_forgiven_so_often() -> None:
    found = records('"a,b\n' * (MAX_OPEN_QUOTES + 1) + "c,d\n", TWO)
    assert found[:MAX_OPEN_QUOTES] == ["quote_not_closed"] * MAX_OPEN_QUOTES
    assert ["c", "d"] not in found


def test_the_longest_cell_and_row_can_be_read_and_longer_ones_cost_no_other() -> None:
    cell, last = "x" * MAX_CELL_CHARACTERS, "x" * (MAX_ROW_CHARACTERS - MAX_CELL_CHARACTERS - 1)
    text = f"{cell},{last}\n{cell}x,\n{cell},{last}x\na,b\n"
    assert records(text, TWO) == [[cell, last], "cell_too_long", "row_too_long", ["a", "b"]]


@pytest.mark.parametrize(
    ("cells", "header", "does_fit"),
    [
        (["a", "b"], TWO, True),
        (["a", "b", "", " "], TWO, True),
        (["a", "b"], [*TWO, "", " "], True),
        (["a", "b", "c"], TWO, False),
        (["a"], TWO, False),
        ([], TWO, False),
        # A cell in the middle is missing, or all but one of the nameless ones.
        (["a", "", ""], [*TWO, "", ""], False),
    ],
)
def test_a_row_fits_if_what_it_or_the_header_has_more_is_empty(
    cells: list[str], header: list[str], *, does_fit: bool
) -> None:
    assert fits(cells, header) is does_fit


def test_a_cell_that_holds_a_whole_row_is_that_row() -> None:
    found = records('"a;""b;\nc"";d"\n"e;f;g"\n"h;i;j;k"\nl\n', [*TWO, "album"], ";")
    assert found == [["a", "b;\nc", "d"], ["e", "f", "g"], ["h;i;j;k"], ["l"]]


def test_a_title_with_a_separator_and_no_artist_stays_a_title() -> None:
    assert records('"Hello, Goodbye"\n', TWO, ",") == [["Hello, Goodbye"]]


def test_a_cell_with_a_separator_at_its_end_is_a_cell() -> None:
    assert records('"e;"\n', ["title"], ";") == [["e;"]]


@pytest.mark.parametrize(("cells", "blank"), [([], True), (["", " \t"], True), (["", "0"], False)])
def test_a_row_is_blank_that_holds_nothing_visible(cells: list[str], *, blank: bool) -> None:
    assert is_blank(cells) is blank


def test_a_fault_of_length_names_the_limit() -> None:
    assert message("cell_too_long").params == {"limit": MAX_CELL_CHARACTERS}
    assert message("row_too_long").params == {"limit": MAX_ROW_CHARACTERS}
    assert message("quote_not_closed").params == {}


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (' "a" , "b"  \n', ["a", "b"]),
        ('"a" , "b, ""c"" , d" \r\n', ["a", 'b, "c" , d']),
        ('"a, \n "" , b" ,"c"', ['a, \n " , b', "c"]),
        (' a , b "c" , "d"', [" a ", ' b "c" ', "d"]),
        ('a, "Heroes" - 2017 Remaster, "b"', ["a", ' "Heroes" - 2017 Remaster', "b"]),
    ],
    ids=["cells", "quotes in a cell", "a cell of two lines", "cells without quotes", "a cell that begins with quotes"],
)
def test_blanks_around_quotes_are_no_part_of_a_cell(line: str, cells: list[str]) -> None:
    assert next(Records(StringIO(line, newline=""), ",")) == cells
