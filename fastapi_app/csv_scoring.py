"""Scores a file of songs row by row, in memory that does not grow with it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import IO

import numpy as np
from numpy.typing import NDArray

from fastapi_app.uploads import on_disk
from song_preference.features import DISLIKE, LIKE
from song_preference.prediction import Batch
from song_preference.song_table.output import added_columns, harmless, with_added, written
from song_preference.song_table.records import Cells
from song_preference.song_table.scoring import Row, ScoringFile, read_songs, rows_of

BLOCK_ROWS = 2_000
"""Most rows in a block; larger blocks are no faster and delay the first one."""

BLOCK_CHARACTERS = 1_000 * BLOCK_ROWS
"""Most characters in a block, so that one of long rows has fewer rows."""

PredictRows = Callable[[NDArray[np.float32]], Batch]


def answered(file: IO[bytes], max_bytes: int, predict: PredictRows, *, for_spreadsheet: bool) -> Iterator[bytes]:
    """Read the file, then return an iterator over it with three more columns; raise `InvalidDataset` and `DiskFull`.

    Separator, line ends and the mark of the encoding are the file's own. A row that cannot be used gets an error in
    place of a prediction. With `for_spreadsheet`, cells that a spreadsheet would run are made harmless.
    """
    with ExitStack() as stack:
        path = stack.enter_context(on_disk(file))
        songs = read_songs(path, path.parent, max_bytes)
        if for_spreadsheet:
            songs = songs._replace(is_raw=False)
        # The files stay until the last row was sent.
        return _closing(stack.pop_all(), _Answers(songs, predict, for_spreadsheet=for_spreadsheet).blocks())


def _closing(stack: ExitStack, blocks: Iterator[bytes]) -> Iterator[bytes]:
    with stack:
        yield from blocks


class _Answers:
    def __init__(self, songs: ScoringFile, predict: PredictRows, *, for_spreadsheet: bool) -> None:
        self._songs, self._predict, self._for_spreadsheet = songs, predict, for_spreadsheet
        self._features = songs.array("features")

    def blocks(self) -> Iterator[bytes]:
        """Yield the file with its answers."""
        rows = rows_of(self._songs)
        *above, header = islice(rows, self._songs.header_row)
        head = self._written([(row, []) for row in above] + [(header, added_columns(self._songs.header))])
        yield (("\ufeff" if self._songs.has_mark else "") + head).encode()
        while block := _block(rows):
            yield self._written(zip(block, self._answers(block), strict=True)).encode()

    def _answers(self, rows: list[Row]) -> Iterator[Cells]:
        """Yield the added cells of each row."""
        usable = [row.at for row in rows if row.at is not None]
        batch = self._predict(np.asarray(self._features[usable])) if usable else None
        answers = iter(zip(batch.liked.tolist(), batch.probability.tolist(), strict=True)) if batch else iter(())
        for row in rows:
            if row.at is None:
                yield ["", "", "; ".join(f"{column or 'row'}: {rule}" for column, rule in row.faults)]
            else:
                liked, probability = next(answers)
                number = str(probability)
                if self._songs.has_decimal_commas:
                    number = number.replace(".", ",")
                yield [LIKE if liked else DISLIKE, number, ""]

    def _written(self, rows: Iterable[tuple[Row, Cells]]) -> str:
        separator, end, width = self._songs.separator, self._songs.line_end, len(self._songs.header)
        if self._songs.is_raw:
            return "".join(f"{row.written}{separator if added else ''}{self._raw(added)}{end}" for row, added in rows)
        cells = [with_added(row.written, width, added) if added else list(row.written) for row, added in rows]
        if self._for_spreadsheet:
            cells = [list(map(harmless, found)) for found in cells]
        return written(cells, separator, end)

    def _raw(self, added: Cells) -> str:
        # Only a reason may need quotes.
        separator = self._songs.separator
        return written([added], separator, "") if added and added[-1] else separator.join(added)


def _block(rows: Iterator[Row]) -> list[Row]:
    """Return the rows of the next block; empty at the end."""
    block: list[Row] = []
    characters = 0
    for row in islice(rows, BLOCK_ROWS):
        block.append(row)
        characters += len(row.written) if isinstance(row.written, str) else sum(map(len, row.written))
        if characters > BLOCK_CHARACTERS:
            break
    return block
