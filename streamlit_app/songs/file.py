"""A list of songs, read and checked as a whole: which rows can be scored, and what is wrong with the others."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.song_table.columns import positions
from song_preference.song_table.records import Cells
from song_preference.song_table.scoring import Faults, Row, ScoringFile, read_songs, rows_of
from song_preference.song_table.text import rejected
from song_preference.temporary import temporary_directory

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000
MAX_CELLS = 100 * MAX_ROWS
"""Greatest number of cells: short rows are filled up to the header's width, so a wide file may have fewer rows."""

BLOCK_CELLS = 1_000_000
"""Read at once: cells take a tenth of the room once they stand in columns."""


@dataclass(frozen=True, eq=False)
class SongFile:
    """n rows with their cells as they were written."""

    header: Cells
    separator: str
    has_decimal_commas: bool
    notes: list[Message]
    """What was understood as something else than it is written."""
    cells: pd.DataFrame
    """(n, columns) strings; columns are numbered, since a header may name several alike."""
    surplus: dict[int, Cells]
    """The cells of a row beyond the header's width, by the row's position."""
    rows: NDArray[np.int64]
    """(n,) numbers of the rows as a spreadsheet counts them."""
    features: NDArray[np.float32]
    """(n, 4); of no meaning where not `good`."""
    good: NDArray[np.bool_]
    """(n,) whether each row can be scored."""
    faults: dict[int, Faults]
    """By the position of a row that is not good."""

    @property
    def kept_columns(self) -> list[int]:
        """Return the positions of the columns that are not features, those first that say which song a row is."""
        found = positions(self.header)
        features = [column for name in FEATURES for column in found.get(name, [])]
        naming = [column for name in ("title", "artist", "album") for column in found.get(name, [])[:1]]
        others = [column for column in range(len(self.header)) if column not in (*features, *naming)]
        return [*naming, *others]


def read(content: bytes) -> SongFile:
    """Return the songs of a file; raise `InvalidDataset` and `DiskFull`."""
    if len(content) > MAX_BYTES:
        raise rejected("list_too_large", limit=MAX_BYTES / 1e6)
    with temporary_directory() as directory:
        path = directory / "songs"
        path.write_bytes(content)
        return _held(read_songs(path, directory, MAX_BYTES)._replace(is_raw=False))


def _held(songs: ScoringFile) -> SongFile:
    """Return the whole file in memory."""
    width = len(songs.header)
    rows: list[int] = []
    places: list[int | None] = []
    faults: dict[int, Faults] = {}
    surplus: dict[int, Cells] = {}
    cells = []
    for block in _blocks(islice(rows_of(songs), songs.header_row, None), width):
        for position, row in enumerate(block, start=len(rows)):
            if row.faults:
                faults[position] = row.faults
            if len(row.written) > width:
                surplus[position] = list(row.written[width:])
        rows += [row.number for row in block]
        places += [row.at for row in block]
        by_column = zip(*([*row.written[:width], *[""] * (width - len(row.written))] for row in block), strict=True)
        cells.append(pd.DataFrame({at: pd.array(column, dtype="str") for at, column in enumerate(by_column)}))
    good = np.array([place is not None for place in places])
    features = np.zeros((len(rows), len(FEATURES)), dtype=np.float32)
    features[good] = songs.array("features")[[place for place in places if place is not None]]
    return SongFile(
        songs.header,
        songs.separator,
        songs.has_decimal_commas,
        songs.notes,
        pd.concat(cells, ignore_index=True),
        surplus,
        np.array(rows, dtype=np.int64),
        features,
        good,
        faults,
    )


def _blocks(rows: Iterator[Row], width: int) -> Iterator[list[Row]]:
    total, limit = 0, min(MAX_ROWS, MAX_CELLS // width)
    while block := list(islice(rows, max(1, BLOCK_CELLS // width))):
        total += len(block)
        if total > limit:
            raise rejected("too_many_rows", limit=limit)
        yield block
