"""Songs to score: what each row of a file says, in the file's order."""

import codecs
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from song_preference.features import FEATURES
from song_preference.isolation import isolated
from song_preference.messages import LOOK_UP_CODES, Message
from song_preference.song_table import Faults
from song_preference.song_table.columns import positions
from song_preference.song_table.faults import FEATURE_FAULTS
from song_preference.song_table.files import pieces
from song_preference.song_table.layout import Layout
from song_preference.song_table.read import SongTable, opened
from song_preference.song_table.records import Cells, is_blank, message

RULES = ("", *FEATURE_FAULTS)
"""Codes of the rules that a feature may break; position 0 stands for none."""

SONG = np.dtype([("row", np.int64), ("features", np.float32, len(FEATURES)), ("faults", np.uint8, len(FEATURES))])
"""A song: its row's number as a spreadsheet shows it, features, 0 where they are at fault, and positions in `RULES`."""

ROWS_AT_ONCE = 500_000
"""Songs that are in memory at once: a file of 200 MB may hold 25 million."""


class ScoringFile(NamedTuple):
    """A file of songs, read; its n songs are the rows with a cell for each feature."""

    text: Path
    """A CSV in UTF-8."""
    layout: Layout
    notes: list[Message]
    line_end: str
    has_mark: bool
    """Whether spreadsheets need a mark at the beginning to read it as UTF-8."""
    is_raw: bool
    """Whether each line below the header is a row without quotes, so that rows need not be taken apart."""
    has_decimal_commas: bool
    songs: Path
    """Array of the songs (n,), as `SONG`, in numpy's format."""

    @property
    def is_looked_up(self) -> bool:
        """Whether the features come from a catalogue."""
        return any(note.is_about(*LOOK_UP_CODES) for note in self.notes)


class Block(NamedTuple):
    """Rows of a file that follow each other, without the blank ones."""

    numbers: NDArray[np.int64]
    """(m,) numbers of the rows as a spreadsheet shows them."""
    rows: list[Cells | str]
    """Cells of each row, or its line without the end if the file is raw; none of a row that cannot be read."""
    usable: NDArray[np.bool_]
    """(m,) whether each row can be scored."""
    features: NDArray[np.float32]
    """(usable rows, 4)"""
    faults: dict[int, Faults]
    """By the position of a row that cannot be scored."""


def read_songs(path: Path, directory: Path, max_bytes: int) -> ScoringFile:
    """Read a file of songs in a process of its own, which writes to `directory`; raise `InvalidDataset`."""
    return isolated(_read, path, directory, max_bytes)


def _read(path: Path, directory: Path, max_bytes: int) -> ScoringFile:
    with opened(path, directory, max_bytes=max_bytes) as table:
        songs = directory / "songs.npy"
        _write(table, songs)
        with path.open("rb") as file:
            is_marked = file.read(3) == codecs.BOM_UTF8
        with table.text.open(encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
        return ScoringFile(
            table.text,
            table.layout,
            table.notes,
            first[len(first.rstrip("\r\n")) :][:2] or "\n",
            is_marked or any(note.code == "transcoded" for note in table.notes),
            table.is_plain and _has_a_row_in_each_line(table),
            _has_decimal_commas(table),
            songs,
        )


def _write(table: SongTable, target: Path) -> None:
    def fault(name: str) -> str:
        rules = (f"when {rule.format(name)} then {at}" for at, rule in enumerate(FEATURE_FAULTS.values(), 1))
        return f"(case {' '.join(rules)} else 0 end)::utinyint as fault_{name}"

    ((count, last),) = table.query("select count(*), coalesce(max(row), 0) from songs")
    songs = open_memmap(target, "w+", SONG, (count,))
    columns, start = ", ".join(["row", *FEATURES, *map(fault, FEATURES)]), 0
    for row in range(0, last + 1, ROWS_AT_ONCE):
        asked = f"select {columns} from songs where row between {row} and {row + ROWS_AT_ONCE - 1} order by row"
        found = table.connection.execute(asked).fetchnumpy()
        block = songs[start : start + len(found["row"])]
        block["row"] = found["row"]
        for at, name in enumerate(FEATURES):
            block["faults"][:, at] = found[f"fault_{name}"]
            block["features"][:, at] = np.where(found[f"fault_{name}"], 0, np.ma.filled(found[name], 0))
        start += len(block)


def _has_a_row_in_each_line(table: SongTable) -> bool:
    """Return whether each line below the header has as many cells as the header, and none in quotes."""
    separator, separators, lines, end = table.layout.separator.encode(), 0, 0, b""
    with table.text.open("rb") as file:
        for _ in range(table.layout.row):
            file.readline()
        for piece in pieces(file):
            if b'"' in piece:
                return False
            separators, lines, end = separators + piece.count(separator), lines + piece.count(b"\n"), (end + piece)[-3:]
    # DuckDB takes no row with fewer cells, but more of them if they are empty.
    lines += not end.endswith(b"\n")
    # A blank line at the end would make up for a surplus separator.
    return not end.endswith((b"\n\n", b"\n\r\n")) and separators == lines * (len(table.layout.header) - 1)


def _has_decimal_commas(table: SongTable) -> bool:
    """Return whether the first songs write their features with commas."""
    layout = table.layout
    if layout.separator == ",":
        return False
    features = [position for name in FEATURES for position in positions(layout.header)[name]]
    with table.text.open(encoding="utf-8-sig", newline="") as file:
        rows = [cells for cells in islice(layout.records(file), layout.row, layout.row + 1000) if cells]
    return any("," in cells[position] for cells in rows for position in features if position < len(cells))


def head_of(songs: ScoringFile) -> list[Cells | str]:
    """Return the rows up to and with the header."""
    with songs.text.open(encoding="utf-8-sig", newline="") as file:
        return [[] if isinstance(row, Message) else row for row in islice(_rows(songs, file), songs.layout.row)]


def blocks_of(songs: ScoringFile, most_rows: int, most_characters: int) -> Iterator[Block]:
    """Yield the rows below the header, at most so many at once; a block ends with the row that fills it."""
    # Read from disk as it is used.
    found = np.load(songs.songs, mmap_mode="r")
    place, number = 0, songs.layout.row + 1
    with songs.text.open(encoding="utf-8-sig", newline="") as file:
        rows = islice(_rows(songs, file), songs.layout.row, None)
        while taken := _taken(rows, most_rows, most_characters):
            until = bisect_left(found["row"], number + len(taken), place)
            yield _block(songs, taken, number, found[place:until])
            place, number = until, number + len(taken)


def _rows(songs: ScoringFile, file: TextIO) -> Iterator[Cells | str | Message]:
    """Yield every row; a message for one that cannot be read."""
    if songs.is_raw:
        yield from (line.rstrip("\r\n") for line in file)
        return
    records = songs.layout.records(file)
    yield from (message(records.fault) if cells is None else cells for cells in records)


def _taken(rows: Iterator[Cells | str | Message], most: int, most_characters: int) -> list[Cells | str | Message]:
    taken, characters = [], 0
    for row in islice(rows, most):
        taken.append(row)
        characters += len(row) if isinstance(row, str) else sum(map(len, row)) if isinstance(row, list) else 0
        if characters > most_characters:
            break
    return taken


def _block(songs: ScoringFile, taken: list[Cells | str | Message], number: int, found: NDArray[Any]) -> Block:
    """Return the rows that were taken, the first of which has that number; the songs found are among them."""
    song_at, whole = found["row"] - number, ~found["faults"].any(axis=1)
    usable = np.zeros(len(taken), dtype=bool)
    usable[song_at[whole]] = True
    faults: dict[int, Faults] = {}
    for position, rules in zip(song_at[~whole].tolist(), found["faults"][~whole].tolist(), strict=True):
        faults[position] = [(name, Message(RULES[rule])) for name, rule in zip(FEATURES, rules, strict=True) if rule]
        if RULES.index("not_in_percent") in rules:
            faults[position] = [(None, Message("not_in_percent"))]
        elif songs.is_looked_up and set(rules) == {RULES.index("empty_cell")}:
            faults[position] = [(None, Message("not_in_catalogue"))]
    for position in np.setdiff1d(np.arange(len(taken)), song_at).tolist():
        row = taken[position]
        if isinstance(row, Message):
            faults[position] = [(None, row)]
        elif isinstance(row, list) and not is_blank(row):
            widths = {"cells": len(row), "columns": len(songs.layout.header)}
            faults[position] = [(None, Message("row_uneven", widths))]
    kept = usable.copy()
    kept[list(faults)] = True
    places = np.flatnonzero(kept)
    return Block(
        places + number,
        [[] if isinstance(row := taken[place], Message) else row for place in places.tolist()],
        usable[kept],
        found["features"][whole],
        {int(np.searchsorted(places, position)): faults[position] for position in sorted(faults)},
    )
