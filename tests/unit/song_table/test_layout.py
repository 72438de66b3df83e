"""Where the table of a CSV begins and what separates its cells."""

from itertools import product
from pathlib import Path

import pytest

from song_preference.errors import InvalidDataset
from song_preference.song_table.files import PIECE_BYTES
from song_preference.song_table.layout import LINES_LOOKED_AT, Layout, find_layout, texture
from tests.support.playlists import as_csv, songs
from tests.support.song_tables import PLAIN, Table, check_is_plain, check_is_rejected

WAYS: dict[str, tuple[bytes, list[str]]] = {
    "semicolons": (as_csv(PLAIN, sep=";"), ["separator_read"]),
    "semicolons and decimal commas": (as_csv(songs(), sep=";", decimal=","), ["separator_read"]),
    "tabs": (as_csv(songs(), sep="\t"), ["separator_read"]),
    "bars": (as_csv(PLAIN, sep="|"), ["separator_read"]),
    "a line that names the separator": (
        b"sep=;\r\n" + as_csv(PLAIN, sep=";", lineterminator="\r\n"),
        ["separator_read", "header_in_row"],
    ),
    "a line that names an unusual separator": (
        b"sep=^\n" + as_csv(PLAIN, sep="^"),
        ["separator_read", "header_in_row"],
    ),
    "a line that names another separator": (b"sep=;\n" + as_csv(PLAIN), ["header_in_row"]),
    "a line that names an unusual one, above tabs": (
        b"sep=^\r\n" + as_csv(songs(), sep="\t"),
        ["separator_read", "header_in_row"],
    ),
    "a title above the header": (b"My songs of 2024\n\n" + as_csv(PLAIN), ["header_in_row"]),
}


@pytest.mark.parametrize(("raw", "noted"), WAYS.values(), ids=WAYS)
def test_the_same_songs_in_another_form_are_the_same(raw: bytes, noted: list[str], table: Table) -> None:
    check_is_plain(table(raw), noted)


@pytest.mark.parametrize("above", ["My songs", '"My\nsongs"', "sep=,", ""])
@pytest.mark.parametrize("energy", ["energy", '"Energy\n"'])
def test_each_part_may_have_its_own_line_ends(above: str, energy: str, table: Table) -> None:
    header, *rows = as_csv(PLAIN).decode().splitlines()
    for first, second, others in product(["\n", "\r\n"], repeat=3):
        text = above + first + header.replace("energy", energy) + second + others.join([*rows, ""])
        check_is_plain(table(text.encode()), ["header_in_row"])


BAD: dict[str, tuple[bytes, str]] = {
    "too many columns": (
        b",".join([b"x"] * 1001) + b"\n1\n",
        "the file has 1,001 columns and may have 1,000: keep only those that describe the songs",
    ),
}


@pytest.mark.parametrize(("raw", "words"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_table_of_songs_is_rejected_in_these_words(raw: bytes, words: str, table: Table) -> None:
    check_is_rejected(table, raw, words)


def layout_of(tmp_path: Path, content: str) -> Layout:
    path = tmp_path / "file.csv"
    path.write_text(content, newline="")
    return find_layout(path)


def test_the_header_is_the_row_that_names_most_of_the_columns(tmp_path: Path) -> None:
    found = layout_of(tmp_path, '"My playlist\nof 2024"\n\nenergy;tempo;title\n1;2;3\n')
    assert (found.header, found.separator) == (["energy", "tempo", "title"], ";")
    # The title's cell goes on over a line, so that rows and lines differ.
    assert (found.row, found.lines) == (3, 4)
    assert [note.code for note in found.notes] == ["separator_read", "header_in_row"]


def test_names_of_a_song_alone_do_not_make_a_header(tmp_path: Path) -> None:
    assert layout_of(tmp_path, "title,artist,album\nenergy,x\n0.5,y\n").row == 2


def test_the_separator_that_the_first_line_names_is_taken_where_others_are_as_good(tmp_path: Path) -> None:
    for separator in ";,":
        found = layout_of(tmp_path, f"sep={separator}\nenergy;title,tempo\n1;x,2\n")
        assert (found.separator, found.row) == (separator, 2)


def test_a_header_in_one_cell_is_taken_apart_and_a_title_is_not(tmp_path: Path) -> None:
    assert layout_of(tmp_path, '"title,""artist"""\n"x,y"\n').header == ["title", "artist"]
    assert layout_of(tmp_path, 'title\n"Hello, Goodbye"\n').header == ["title"]


def test_of_equally_good_rows_the_first_is_the_header(tmp_path: Path) -> None:
    assert layout_of(tmp_path, "energy,label\nenergy,label\n").row == 1
    assert layout_of(tmp_path, "a title\nx,y\n1,2\n").row == 2


def test_a_header_is_looked_for_in_the_first_lines_only(tmp_path: Path) -> None:
    header = "energy,tempo\n"
    assert layout_of(tmp_path, "x\n" * (LINES_LOOKED_AT - 1) + header).row == LINES_LOOKED_AT
    assert layout_of(tmp_path, "x\n" * LINES_LOOKED_AT + header).row == 1


@pytest.mark.parametrize(
    ("content", "code", "rows"), [("", "no_songs", ()), ('"' + "x" * 200_000, "cell_too_long", (1,))]
)
def test_without_a_row_that_can_be_read_there_is_no_header(
    tmp_path: Path, content: str, code: str, rows: tuple[int, ...]
) -> None:
    with pytest.raises(InvalidDataset) as rejected:
        layout_of(tmp_path, content)
    assert [(finding.rule.code, finding.rows) for finding in rejected.value.findings] == [(code, rows)]


LINE = b"energy,tempo\n"
TEXTURES = {
    "plain": (LINE + b"1,2\n3,4\n", (True, False)),
    "returns and line ends": (b"energy,tempo\r\n1,2\r\n3,4\r\n", (True, False)),
    "blank lines at the end": (LINE + b"1,2\n\n\r\n", (True, False)),
    "a number as Python writes it": (LINE + b"1_0,2\n", (True, True)),
    "quotes": (LINE + b'"1","a ""b"" c"\n"3","4"', (True, False)),
    "a blank line between": (LINE + b"1,2\n\n3,4\n", (False, False)),
    "a blank line below the header": (LINE + b"\n1,2\n", (False, False)),
    "a blank line of returns": (LINE + b"1,2\n\r\n3,4\n", (False, False)),
    "returns alone": (LINE + b"1,2\r3,4\n", (False, False)),
    "returns below a header without": (LINE + b"1,2\r\n3,4\r\n", (False, False)),
    "returns in the first piece only": (
        b"energy,tempo\r\n" + b"1,2\r\n" * (PIECE_BYTES // 5) + b"1,2\n" * (PIECE_BYTES // 4),
        (False, False),
    ),
    "a zero byte": (LINE + b"1,2\n\0,4\n", (False, False)),
    "a blank before a quote": (LINE + b'1, "2"\n', (False, False)),
    "a blank before the first quote": (LINE + b' "1",2\n', (False, False)),
    "a blank behind a quote": (LINE + b'"1" ,2\n', (False, False)),
    "a blank behind the last quote": (b'energy,tempo\r\n1,"2" \r\n', (False, False)),
    "a blank before a quote where two pieces meet": (
        LINE + b"x" * (PIECE_BYTES - len(LINE) - 2) + b', "2"\n',
        (False, False),
    ),
    "a blank line where two pieces meet": (LINE + b"x" * (PIECE_BYTES - len(LINE) - 1) + b"\n\n1,2\n", (False, False)),
    "a return and its line end in two pieces": (
        b"energy,tempo\r\n" + b"x" * (PIECE_BYTES - 15) + b"\r\n1,2\r\n",
        (True, False),
    ),
    "a line of a megabyte": (LINE + b"x\n" + b"x" * 3 * PIECE_BYTES, (False, False)),
}


@pytest.mark.parametrize(("content", "expected"), TEXTURES.values(), ids=TEXTURES)
def test_what_duckdb_would_read_otherwise_is_not_plain(
    tmp_path: Path, content: bytes, expected: tuple[bool, bool]
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    assert texture(path, Layout(["energy", "tempo"], ",", 1, 1)) == expected


def test_a_header_of_several_lines_is_not_plain(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text('"energy\n",tempo\n1,2\n')
    assert not texture(path, find_layout(path)).is_plain
