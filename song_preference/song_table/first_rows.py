"""The first rows of a song file as it came, for people to look at."""

import sys
from itertools import islice
from pathlib import Path

from song_preference.song_table import database
from song_preference.song_table.layout import find_layout
from song_preference.song_table.records import Records, is_blank
from song_preference.song_table.text import as_csv


def first_rows_of(path: Path, directory: Path, limit: int) -> list[dict[str, str]]:
    """Return at most `limit` rows below the header, as text by column; raise `InvalidDataset`."""
    with database.opened(directory, threads=1) as connection:
        # What lies in the store was unpacked within the limit before.
        text, _ = as_csv(path, connection, max_bytes=sys.maxsize)
    layout = find_layout(text)
    with text.open(encoding="utf-8-sig", newline="") as file:
        records = islice(Records(file, layout.separator), layout.row, None)
        rows = (cells for cells in records if cells and not is_blank(cells))
        return [
            {name: cell for name, cell in zip(layout.header, cells, strict=False) if name}
            for cells in islice(rows, limit)
        ]
