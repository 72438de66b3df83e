"""A CSV of songs, read and checked as a whole: which rows can be scored, and what is wrong with the others."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import accumulate, islice
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.errors import InvalidUpload
from song_preference.features import FEATURES
from song_preference.songs_csv import MAX_COLUMNS, Cells, Records, feature_columns, number

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000
MAX_CELLS = 100 * MAX_ROWS
"""Greatest number of cells: short rows are filled up to the header's width, so a wide file may have fewer rows."""

SEPARATORS = (",", ";", "\t")
BLOCK_CELLS = 1_000_000
"""Read at once: cells take a tenth of the room once they stand in columns."""

RULES = ("", "missing", "no_number", "out_of_range")
"""The rules that a feature of a row may break; position 0 stands for none."""


class FileRefused(InvalidUpload):
    """The file as a whole is not a CSV of songs; `reason` is the key of the text that says why, `values` fill it in."""

    def __init__(self, reason: str, **values: int | str) -> None:
        self.reason, self.values = reason, values
        super().__init__(f"{reason} {values or ''}".strip())


class Fault(NamedTuple):
    """One thing that is wrong with a row."""

    column: str | None
    """The feature, or None for the row as a whole."""
    rule: str
    """One of `RULES`, or "width" or "unreadable" for the row as a whole."""


@dataclass(frozen=True, eq=False)
class SongFile:
    """n rows with their cells as they were written."""

    header: Cells
    separator: str
    cells: pd.DataFrame
    """(n, columns) strings; columns are numbered, since a header may name several alike."""
    surplus: dict[int, Cells]
    """The cells of a row beyond the header's width, by the row's position."""
    rows: NDArray[np.int64]
    """(n,) numbers of the rows as a spreadsheet counts them: the header is row 1, and blank rows count."""
    widths: NDArray[np.int64]
    """(n,) how many cells each row has; 0 where it could not be read."""
    features: NDArray[np.float32]
    """(n, 4); of no meaning where `broken`."""
    broken: NDArray[np.uint8]
    """(n, 4) positions in `RULES`."""

    @property
    def good(self) -> NDArray[np.bool_]:
        """Return (n,) whether each row can be scored."""
        whole: NDArray[np.bool_] = (self.widths == len(self.header)) & ~self.broken.any(axis=1)
        return whole

    @property
    def decimal_comma(self) -> bool:
        """Return whether numbers are written with a comma."""
        columns = _feature_columns(self.header)
        return self.separator != "," and any(self.cells[column].str.contains(",").any() for column in columns)

    @property
    def kept_columns(self) -> list[int]:
        """Return the positions of the columns that are not features."""
        features = _feature_columns(self.header)
        return [column for column in range(len(self.header)) if column not in features]

    def faults(self, position: int) -> list[Fault]:
        """Return the faults of the row at a position, counted from 0."""
        width = self.widths[position]
        if width != len(self.header):
            return [Fault(None, "width" if width else "unreadable")]
        broken = zip(FEATURES, self.broken[position].tolist(), strict=True)
        return [Fault(feature, RULES[rule]) for feature, rule in broken if rule]


def read(content: bytes) -> SongFile:
    """Return the songs of a CSV whose header names the features in any order and case; raise `FileRefused`.

    Cells are separated by commas, semicolons or tabs; unless by commas, numbers may have a decimal comma.
    """
    _check_text(content)
    separator = max(SEPARATORS, key=lambda candidate: _promise(content, candidate))
    records = _records(content, separator)
    header = _header(records)
    columns = _feature_columns(header)
    blocks = [_block(rows, header, columns, separator) for rows in _blocks(records, len(header))]
    if not blocks:
        raise FileRefused("songs_header_only")
    return _joined(header, separator, blocks)


class _Block(NamedTuple):
    rows: list[int]
    widths: list[int]
    cells: pd.DataFrame
    surplus: dict[int, Cells]
    features: NDArray[np.float32]
    broken: NDArray[np.uint8]


def _check_text(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise FileRefused("songs_too_large", limit=MAX_BYTES // 1_000_000)
    if b"\0" in content:
        raise FileRefused("songs_binary")
    try:
        content.decode()
    except UnicodeDecodeError:
        raise FileRefused("songs_not_utf8") from None


def _promise(content: bytes, separator: str) -> tuple[int, int]:
    """Return how many features, then how many columns the header has if read with a separator."""
    _, header = next(_records(content, separator), (0, None))
    return len(feature_columns(header or []).places), len(header or [])


def _header(records: Iterator[tuple[int, Cells | None]]) -> Cells:
    _, header = next(records, (0, []))
    if header is None:
        raise FileRefused("songs_unreadable_header")
    if not header:
        raise FileRefused("songs_empty")
    return header


def _records(content: bytes, separator: str) -> Iterator[tuple[int, Cells | None]]:
    """Return the rows that are not blank with their numbers; None for one that cannot be read."""
    records = Records(TextIOWrapper(BytesIO(content), encoding="utf-8-sig", newline=""), separator)
    return ((row, cells) for row, cells in enumerate(records, start=1) if cells != [])


def _blocks(records: Iterator[tuple[int, Cells | None]], width: int) -> Iterator[list[tuple[int, Cells | None]]]:
    total, limit = 0, min(MAX_ROWS, MAX_CELLS // width)
    while block := list(islice(records, max(1, BLOCK_CELLS // width))):
        total += len(block)
        if total > limit:
            raise FileRefused("songs_too_many_rows", limit=limit)
        yield block


def _block(
    records: Sequence[tuple[int, Cells | None]], header: Cells, columns: Sequence[int], separator: str
) -> _Block:
    width = len(header)
    read = [cells or [] for _, cells in records]
    surplus = {position: cells[width:] for position, cells in enumerate(read) if len(cells) > width}
    by_column = list(zip(*(_fitted(cells, width) for cells in read), strict=True))
    checked = [_checked(by_column[column], decimal_comma=separator != ",") for column in columns]
    return _Block(
        [row for row, _ in records],
        [len(cells) for cells in read],
        pd.DataFrame({column: pd.array(cells, dtype="str") for column, cells in enumerate(by_column)}),
        surplus,
        np.column_stack([values for values, _ in checked]).astype(np.float32),
        np.column_stack([broken for _, broken in checked]),
    )


def _fitted(cells: Cells, width: int) -> Cells:
    return cells if len(cells) == width else [*cells[:width], *[""] * (width - len(cells))]


def _checked(cells: Iterable[str], *, decimal_comma: bool) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the numbers of one feature, and the positions in `RULES` of the rules they break."""
    written = [cell.replace(",", ".") for cell in cells] if decimal_comma else list(cells)
    values = np.array([number(cell) for cell in written])
    broken = np.zeros(len(values), dtype=np.uint8)
    broken[(values < 0) | (values > 1)] = RULES.index("out_of_range")
    for position in np.flatnonzero(np.isnan(values)):
        broken[position] = RULES.index("no_number" if written[position].strip() else "missing")
    return np.where(broken, 0, values), broken


def _feature_columns(header: Cells) -> list[int]:
    """Return the positions of the features, in the order of `FEATURES`."""
    if len(header) > MAX_COLUMNS:
        raise FileRefused("songs_too_many_columns", columns=len(header), limit=MAX_COLUMNS)
    found = feature_columns(header)
    if found.missing:
        raise FileRefused("songs_missing_columns", columns=", ".join(found.missing))
    if found.repeated:
        raise FileRefused("songs_repeated_columns", columns=", ".join(found.repeated))
    return found.places


def _joined(header: Cells, separator: str, blocks: Sequence[_Block]) -> SongFile:
    firsts = accumulate((len(block.rows) for block in blocks), initial=0)
    return SongFile(
        header,
        separator,
        pd.concat([block.cells for block in blocks], ignore_index=True),
        {
            first + position: cells
            for first, block in zip(firsts, blocks, strict=False)
            for position, cells in block.surplus.items()
        },
        np.concatenate([block.rows for block in blocks]).astype(np.int64),
        np.concatenate([block.widths for block in blocks]).astype(np.int64),
        np.concatenate([block.features for block in blocks]),
        np.concatenate([block.broken for block in blocks]),
    )
