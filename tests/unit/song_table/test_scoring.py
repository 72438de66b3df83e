"""What each row of a list to score says, in its order."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.song_table.scoring import Block, ScoringFile, blocks_of, head_of, read_songs

HEADER = ",".join(FEATURES)
Read = Callable[[str | bytes], ScoringFile]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(content: str | bytes) -> ScoringFile:
        path = tmp_path / "songs"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_songs(path, tmp_path, 10**7)

    return read


def one_block(songs: ScoringFile) -> Block:
    [block] = blocks_of(songs, 1_000, 10**6)
    return block


def faults(block: Block) -> dict[int, list[tuple[str | None, str | None]]]:
    """Return column and code of what is wrong with each row, by the row's number."""
    return {
        int(block.numbers[position]): [(column, rule.code) for column, rule in found]
        for position, found in block.faults.items()
    }


def test_each_row_has_its_features_or_its_faults(read: Read) -> None:
    block = one_block(read(f'title,{HEADER}\nA,0,0.25,0.5,1\n\nB,x,,2,inf\nC,0.5,0.5\n"D,0,0,0,0\nE,1,1,1,1\n'))
    assert block.numbers.tolist() == [2, 4, 5, 6, 7]
    assert block.usable.tolist() == [True, False, False, False, True]
    assert block.features.tolist() == [[0, 0.25, 0.5, 1], [1, 1, 1, 1]]
    codes = ["not_a_number", "empty_cell", "not_in_unit_interval", "not_finite"]
    assert faults(block) == {
        4: list(zip(FEATURES, codes, strict=True)),
        5: [(None, "row_uneven")],
        6: [(None, "quote_not_closed")],
    }
    assert [row[:2] for row in block.rows] == [["A", "0"], ["B", "x"], ["C", "0.5"], [], ["E", "1"]]


def test_a_row_of_shares_among_percentages_has_one_fault(read: Read) -> None:
    block = one_block(read(f"{HEADER}\n10,20,30,40\n10,20,30,\n0.1,0.2,0.3,0.4\n0.1,0.2,0.3,\n50,60,70,80\n"))
    assert faults(block) == {
        3: [("acousticness", "empty_cell")],
        4: [(None, "not_in_percent")],
        5: [(None, "not_in_percent")],
    }


def test_a_row_may_end_before_cells_that_nobody_needs(read: Read) -> None:
    block = one_block(read(f"{HEADER},note,label\n0,0,0,0\n0,0,0\n0,0,0,0,x\n,,,,,0\n"))
    # One that ends elsewhere may lack a cell in the middle, and what follows it would be taken for another column's.
    assert block.usable.tolist() == [True, False, False, False]
    assert block.rows[0] == ["0", "0", "0", "0"]
    assert faults(block) == {
        3: [(None, "row_uneven")],
        4: [(None, "row_uneven")],
        5: [(name, "empty_cell") for name in FEATURES],
    }


def test_a_labelled_row_may_end_with_its_label(read: Read) -> None:
    block = one_block(read(f"{HEADER},tempo,label,note\n0,0,0,0,0,1\n0,0,0,0\n0,0,0,0,1\n"))
    assert block.usable.tolist() == [True, True, False]


def test_a_row_may_end_before_columns_without_a_name(read: Read) -> None:
    assert one_block(read(f"{HEADER},tempo,,\n0,0,0,0,0\n0,0,0,0,0,,\n")).usable.tolist() == [True, True]


def test_blocks_hold_so_many_rows_or_characters_and_nothing_twice(read: Read) -> None:
    songs = read(f"{HEADER}\n" + "".join(f"0.{number},0,0,{'x' if number == 3 else 0}\n" for number in range(1, 8)))
    by_rows = list(blocks_of(songs, 3, 10**6))
    assert [block.numbers.tolist() for block in by_rows] == [[2, 3, 4], [5, 6, 7], [8]]
    assert [faults(block) for block in by_rows] == [{4: [("acousticness", "not_a_number")]}, {}, {}]
    by_characters = list(blocks_of(songs, 100, 15))
    assert [block.numbers.tolist() for block in by_characters] == [[2, 3], [4, 5], [6, 7], [8]]
    for blocks in (by_rows, by_characters):
        np.testing.assert_array_equal(
            np.concatenate([block.features[:, 0] for block in blocks]),
            np.array([0.1, 0.2, 0.4, 0.5, 0.6, 0.7], dtype=np.float32),
        )


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (f"{HEADER}\n0,0,0,0\n", "0,0,0,0"),
        (f'{HEADER},title\n0,0,0,0,"A"\n', ["0", "0", "0", "0", "A"]),
        (f"{HEADER}\n0,0,0,0\n\n0,0,0,0\n", ["0", "0", "0", "0"]),
        (f"{HEADER}\n0,0,0,0\n0,0\n", ["0", "0", "0", "0"]),
        (f"{HEADER}\n0,0,0,0,\n0,0,0,0\n", ["0", "0", "0", "0", ""]),
        (f"{HEADER}\n0,0,0,0,\n0,0,0,0,\n0,0,0,0,\n\n", ["0", "0", "0", "0", ""]),
        (f'"{HEADER[:11]}"{HEADER[11:]}\n0,0,0,0\n0,0,0,0', "0,0,0,0"),
    ],
    ids=[
        "plain",
        "quotes",
        "a blank line",
        "an uneven row",
        "a surplus separator",
        "a blank line that makes up for them",
        "quotes in the header",
    ],
)
def test_only_of_a_plain_file_lines_are_given_as_they_are(read: Read, content: str, first: str | list[str]) -> None:
    songs = read(content)
    assert songs.is_raw is isinstance(first, str)
    assert one_block(songs).rows[0] == first


@pytest.mark.parametrize(
    ("content", "line_end", "has_mark"),
    [
        (f"{HEADER}\n0,0,0,0\n".encode(), "\n", False),
        (f"{HEADER}\r\n0,0,0,0\r\n".encode("utf-8-sig"), "\r\n", True),
        (f"{HEADER}\r0,0,0,0\r".encode(), "\r", False),
        (f"{HEADER}\r\n0,0,0,0".encode("utf-16"), "\r\n", True),
        (f"título,{HEADER}\nÑ,0,0,0,0\n".encode("cp1252"), "\n", True),
    ],
    ids=["UTF-8", "a mark", "returns", "UTF-16", "Windows-1252"],
)
def test_an_answer_can_be_written_as_the_file_was(read: Read, content: bytes, line_end: str, *, has_mark: bool) -> None:
    songs = read(content)
    assert (songs.line_end, songs.has_mark) == (line_end, has_mark)


@pytest.mark.parametrize(
    ("rows", "has_commas"), [("0,5;0;0;0;1.5", True), ("0.5;0;0;0;1,5", False), ("0.5;0;0;0;1", False)]
)
def test_decimal_commas_are_those_of_the_features(read: Read, rows: str, *, has_commas: bool) -> None:
    assert read(f"{HEADER},tempo\n".replace(",", ";") + rows + "\n").has_decimal_commas is has_commas


def test_what_stands_above_the_header_is_kept(read: Read) -> None:
    songs = read(f"sep=;\nMy songs\n\n{HEADER.replace(',', ';')}\n0;0;0;0\n")
    assert songs.layout.row == 4
    assert head_of(songs) == [["sep=", ""], ["My songs"], [], HEADER.split(",")]
    assert one_block(songs).numbers.tolist() == [5]


def test_nothing_but_features_is_wanted_of_a_file(read: Read) -> None:
    songs = read(f"{HEADER},label\n0,0,0,0,meh\n")
    assert songs.notes == []
    assert one_block(songs).usable.all()
    with pytest.raises(InvalidDataset, match="column 'acousticness' is missing"):
        read("speechiness,energy,danceability\n0,0,0\n")
