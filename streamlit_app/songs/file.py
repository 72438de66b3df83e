"""Reads a list of songs and checks it as a whole: which rows can be scored, and what is wrong with the others."""

import numpy as np
import pandas as pd

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.serving.lookup import Sources, completed
from song_preference.serving.song_index import IndexStore
from song_preference.song_table import Faults
from song_preference.song_table.columns import DESCRIBING, positions
from song_preference.song_table.files import rejected
from song_preference.song_table.records import Cells
from song_preference.song_table.scoring import Block, ScoringFile, blocks_of, read_songs
from song_preference.temporary import temporary_directory
from streamlit_app.data import settings
from streamlit_app.data.catalogue import catalogue
from streamlit_app.songs.answers import SongFile

CELLS_PER_ROW = 100
"""Cells allowed for each allowed row: short rows are filled up to the header's width, so a wide file has fewer rows."""

BLOCK_CELLS = 1_000_000
"""Read at once: cells take a tenth of the room once they stand in columns."""


def read_within_limits(content: bytes) -> SongFile:
    """Return the songs of a file of at most the platform's size; raise as `read` does."""
    return read(content, settings().max_list_bytes, settings().max_list_rows, catalogue().indexes)


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
        _kept_columns(songs.layout.header),
    )


def _kept_columns(header: Cells) -> list[int]:
    found = positions(header)
    features = [column for name in FEATURES for column in found.get(name, [])]
    naming = [column for name in DESCRIBING for column in found.get(name, [])[:1]]
    others = [column for column in range(len(header)) if column not in (*features, *naming)]
    return [*naming, *others]
