"""A list of songs, read and checked as a whole: which rows can be scored, and what is wrong with the others."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.serving.lookup import Sources, completed
from song_preference.serving.song_index import IndexStore
from song_preference.song_table.columns import DESCRIBING, positions
from song_preference.song_table.files import rejected
from song_preference.song_table.records import Cells
from song_preference.song_table.scoring import Block, Faults, ScoringFile, blocks_of, read_songs
from song_preference.temporary import temporary_directory

CELLS_PER_ROW = 100
"""Cells allowed for each allowed row: short rows are filled up to the header's width, so a wide file has fewer rows."""

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
        naming = [column for name in DESCRIBING for column in found.get(name, [])[:1]]
        others = [column for column in range(len(self.header)) if column not in (*features, *naming)]
        return [*naming, *others]


def read(content: bytes, max_bytes: int, max_rows: int, indexes: IndexStore | None = None) -> SongFile:
    """Return the songs of a file, looked up if they have no features; raise `InvalidDataset` and `DiskFull`."""
    if len(content) > max_bytes:
        raise rejected("list_too_large", limit=max_bytes / 1e6)
    with temporary_directory() as directory:
        path = directory / "songs"
        path.write_bytes(content)
        try:
            songs = read_songs(path, directory, max_bytes)
        except InvalidDataset as error:
            songs = read_songs(completed(error, path, max_bytes, Sources(indexes)), directory, max_bytes)
        return _held(songs._replace(is_raw=False), max_bytes, max_rows)


def _held(songs: ScoringFile, max_bytes: int, max_rows: int) -> SongFile:
    """Return the whole file in memory."""
    width, cells = len(songs.layout.header), []
    blocks: list[Block] = []
    surplus: dict[int, Cells] = {}
    faults: dict[int, Faults] = {}
    most, total = min(max_rows, CELLS_PER_ROW * max_rows // width), 0
    for block in blocks_of(songs, max(1, BLOCK_CELLS // width), max_bytes):
        rows = [list(row) for row in block.rows]
        surplus |= {total + position: row[width:] for position, row in enumerate(rows) if len(row) > width}
        faults |= {total + position: found for position, found in block.faults.items()}
        by_column = zip(*([*row[:width], *[""] * (width - len(row))] for row in rows), strict=True)
        cells.append(pd.DataFrame({at: pd.array(column, dtype="str") for at, column in enumerate(by_column)}))
        blocks.append(block._replace(rows=[]))
        total += len(rows)
        if total > most:
            raise rejected("too_many_rows", limit=most)
    good = np.concatenate([block.usable for block in blocks])
    features = np.zeros((total, len(FEATURES)), dtype=np.float32)
    features[good] = np.concatenate([block.features for block in blocks])
    return SongFile(
        songs.layout.header,
        songs.layout.separator,
        songs.has_decimal_commas,
        songs.notes,
        pd.concat(cells, ignore_index=True),
        surplus,
        np.concatenate([block.numbers for block in blocks]),
        features,
        good,
        faults,
    )
