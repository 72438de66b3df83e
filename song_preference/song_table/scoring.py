"""Songs to score: what each row of a file says, in the file's order."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from song_preference.features import FEATURES
from song_preference.isolation import isolated
from song_preference.messages import Message
from song_preference.song_table.columns import positions
from song_preference.song_table.read import FEATURE_FAULTS, SongTable, opened
from song_preference.song_table.records import Cells, Records, is_blank, message
from song_preference.song_table.text import pieces

RULES = ("", *FEATURE_FAULTS)
"""Codes of the rules that a feature may break; position 0 stands for none."""

MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
ROWS_AT_ONCE = 10_000


class ScoringFile(NamedTuple):
    """A file of songs, read; its n songs are the rows that have as many cells as the header."""

    text: Path
    """A CSV in UTF-8."""
    header: Cells
    separator: str
    header_row: int
    """Number of the header's row as a spreadsheet shows it."""
    notes: list[Message]
    line_end: str
    has_mark: bool
    """Whether spreadsheets need a mark at the beginning to read it as UTF-8."""
    is_raw: bool
    """Whether each line is a row and none has quotes, so that rows need not be taken apart."""
    has_decimal_commas: bool
    arrays: Path
    """Directory with `rows.npy` (n,), the rows' numbers as a spreadsheet shows them, `features.npy` (n, 4), and
    `faults.npy` (n, 4), positions in `RULES`; features are 0 where they are at fault."""

    def array(self, name: str) -> NDArray[Any]:
        """Return one of the arrays, which is read from disk as it is used."""
        found: NDArray[Any] = np.load(self.arrays / f"{name}.npy", mmap_mode="r")
        return found


Faults = Sequence[tuple[str | None, Message]]
"""What is wrong with a row: the feature, or None for the row as a whole, and the broken rule."""


class Row(NamedTuple):
    """A row that is not blank."""

    number: int
    """Number as a spreadsheet shows it."""
    written: Cells | str
    """Cells, or the line without its end if the file is raw; none of a row that cannot be read."""
    at: int | None
    """Place in `features.npy`; None for a row that cannot be scored."""
    faults: Faults


def read_songs(path: Path, directory: Path, max_bytes: int) -> ScoringFile:
    """Read a file of songs in a process of its own, with its arrays in `directory`; raise `InvalidDataset`."""
    return isolated(_read, path, directory, max_bytes)


def _read(path: Path, directory: Path, max_bytes: int) -> ScoringFile:
    with opened(path, directory, max_bytes=max_bytes, needs_label=False) as table:
        _write_arrays(table, directory)
        with path.open("rb") as file:
            is_marked = file.read(3).startswith(MARKS)
        with table.text.open(encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
        return ScoringFile(
            table.text,
            table.layout.header,
            table.layout.separator,
            table.layout.row,
            table.notes,
            first[len(first.rstrip("\r\n")) :][:2] or "\n",
            is_marked or any(note.code == "transcoded" for note in table.notes),
            table.is_plain and not _has_quotes(table.text),
            _has_decimal_commas(table),
            directory,
        )


def _write_arrays(table: SongTable, directory: Path) -> None:
    def fault(name: str) -> str:
        rules = (f"when {rule.format(name)} then {at}" for at, rule in enumerate(FEATURE_FAULTS.values(), 1))
        return f"(case {' '.join(rules)} else 0 end)::utinyint as fault_{name}"

    columns = ", ".join(["row", *FEATURES, *map(fault, FEATURES)])
    found = table.connection.execute(f"select {columns} from songs order by row").fetchnumpy()
    faults = np.column_stack([found[f"fault_{name}"] for name in FEATURES])
    values = np.column_stack([np.ma.filled(found[name], 0) for name in FEATURES])
    np.save(directory / "rows.npy", found["row"])
    np.save(directory / "faults.npy", faults)
    np.save(directory / "features.npy", np.where(faults, 0, values).astype(np.float32))


def _has_quotes(text: Path) -> bool:
    with text.open("rb") as file:
        return any(b'"' in piece for piece in pieces(file))


def _has_decimal_commas(table: SongTable) -> bool:
    """Return whether the first songs write their features with commas."""
    layout = table.layout
    if layout.separator == ",":
        return False
    features = [position for name in FEATURES for position in positions(layout.header)[name]]
    with table.text.open(encoding="utf-8-sig", newline="") as file:
        rows = [cells for cells in islice(Records(file, layout.separator), layout.row, layout.row + 1000) if cells]
    return any("," in cells[position] for cells in rows for position in features if position < len(cells))


def rows_of(songs: ScoringFile) -> Iterator[Row]:
    """Yield every row up to the header's, then those below it that are not blank."""
    following = _songs(songs)
    number, at, faults = next(following, (0, 0, []))
    with songs.text.open(encoding="utf-8-sig", newline="") as file:
        records = Records(file, songs.separator)
        read: Iterator[Cells | str | None] = (line.rstrip("\r\n") for line in file) if songs.is_raw else records
        for row, record in enumerate(read, start=1):
            if row <= songs.header_row:
                yield Row(row, record or [], None, [])
            elif row == number:
                broken = [(name, Message(RULES[rule])) for name, rule in zip(FEATURES, faults, strict=True) if rule]
                yield Row(row, record or [], None if broken else at, broken)
                number, at, faults = next(following, (0, 0, []))
            elif record is None:
                yield Row(row, [], None, [(None, message(records.fault))])
            elif not songs.is_raw and not is_blank(list(record)):
                widths = {"cells": len(record), "columns": len(songs.header)}
                yield Row(row, record, None, [(None, Message("row_uneven", widths))])


def _songs(songs: ScoringFile) -> Iterator[tuple[int, int, list[int]]]:
    """Yield number, place and faults of each song, without more of them in memory than needed."""
    rows, faults = songs.array("rows"), songs.array("faults")
    for start in range(0, len(rows), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        yield from zip(rows[block].tolist(), range(start, len(rows)), faults[block].tolist(), strict=False)
