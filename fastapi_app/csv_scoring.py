"""Adds predictions to a CSV of songs, in memory that does not grow with the file."""

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO, TextIOWrapper
from itertools import islice
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray

from song_preference.errors import InvalidUpload
from song_preference.features import DISLIKE, FEATURES, LIKE, broken_rule
from song_preference.prediction import Batch
from song_preference.songs_csv import (
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROW_CHARACTERS,
    Cells,
    Records,
    added_columns,
    feature_columns,
    number,
)

BLOCK_ROWS = 2_000
"""Most rows in a block; larger blocks are no faster and delay the first one."""

BLOCK_CHARACTERS = 1_000 * BLOCK_ROWS
"""Most characters in a block, so that one of long rows has fewer rows."""

UNREADABLE = (
    f"cannot be read: a quote is not closed, a cell has more than {MAX_CELL_CHARACTERS:,} characters, or the row "
    f"more than {MAX_ROW_CHARACTERS:,}"
)

PredictRows = Callable[[NDArray[np.float32]], Batch]


class SongTable:
    """A CSV with a header that names the four features, in any order, among any others."""

    def __init__(self, file: IO[bytes]) -> None:
        """Check the encoding of the whole file and the header; raise `InvalidUpload`."""
        _check_encoding(file)
        self._records = Records(TextIOWrapper(file, encoding="utf-8-sig", newline=""))
        header = next(self._rows(), [])
        if header is None:
            raise InvalidUpload(f"The header {UNREADABLE}: keep only the columns that describe the songs.")
        self.header = header
        self._columns = _feature_columns(header)

    def answered(self, predict: PredictRows) -> Iterator[bytes]:
        """Yield the CSV with three more columns, in blocks; an invalid row gets an error in place of a prediction."""
        yield _written([self.header + added_columns(self.header)])
        while rows := self._block():
            yield _written(self._answered(rows, predict))

    def _rows(self) -> Iterator[Cells | None]:
        """Return the rows that are not blank; None for each unreadable one."""
        return (cells for cells in self._records if cells != [])

    def _block(self) -> list[Cells | None]:
        """Return the rows of the next block; empty at the end."""
        rows: list[Cells | None] = []
        characters = 0
        for cells in islice(self._rows(), BLOCK_ROWS):
            rows.append(cells)
            characters += self._records.characters
            if characters > BLOCK_CHARACTERS:
                break
        return rows

    def _answered(self, rows: Sequence[Cells | None], predict: PredictRows) -> Iterator[Cells]:
        checked = [self._song(cells) for cells in rows]
        songs = [song for song in checked if not isinstance(song, str)]
        batch = predict(np.array(songs, dtype=np.float32)) if songs else None
        answers = iter(zip(batch.liked.tolist(), batch.probability.tolist(), strict=True)) if batch else iter(())
        for cells, song in zip(rows, checked, strict=True):
            if isinstance(song, str):
                yield self._with(cells or [], ["", "", song])
            else:
                liked, probability = next(answers)
                yield self._with(cells or [], [LIKE if liked else DISLIKE, str(probability), ""])

    def _song(self, cells: Cells | None) -> list[float] | str:
        """Return the features of a row, or the rule that it breaks."""
        if cells is None:
            return f"the row {UNREADABLE}"
        if len(cells) != len(self.header):
            return f"the row has {len(cells)} cells and the header {len(self.header)}"
        values = [_in_unit_interval(cells[column]) for column in self._columns]
        song = [value for value in values if value is not None]
        if len(song) == len(values):
            return song
        named = zip(FEATURES, values, self._columns, strict=True)
        return "; ".join(_error(feature, cells[column]) for feature, value, column in named if value is None)

    def _with(self, cells: Cells, added: Cells) -> Cells:
        """Return a row with the added cells; surplus ones come last, so that all columns stay aligned."""
        width = len(self.header)
        return [*cells[:width], *[""] * (width - len(cells)), *added, *cells[width:]]


def _check_encoding(file: IO[bytes]) -> None:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        while chunk := file.read(1_000_000):
            decode(chunk)
        decode(b"", final=True)
    except UnicodeDecodeError:
        raise InvalidUpload("The file is not UTF-8: save it as 'CSV UTF-8' and send it again.") from None
    file.seek(0)


def _feature_columns(header: Cells) -> list[int]:
    """Return the column of each feature, in the order of `FEATURES`."""
    if len(header) > MAX_COLUMNS:
        raise InvalidUpload(
            f"The header has {len(header):,} columns and at most {MAX_COLUMNS:,} are allowed: drop some."
        )
    found = feature_columns(header)
    if found.missing:
        raise InvalidUpload(
            f"The header lacks {', '.join(found.missing)}: rename the columns of the features accordingly."
        )
    if found.repeated:
        raise InvalidUpload(f"The header names {', '.join(found.repeated)} more than once: keep one column of each.")
    return found.places


def _in_unit_interval(cell: str) -> float | None:
    value = number(cell)
    return value if 0 <= value <= 1 else None


def _error(feature: str, cell: str) -> str:
    return f"{feature}: {broken_rule('value' if cell.strip() else 'missing')}"


def _written(rows: Iterable[Cells]) -> bytes:
    block = list(rows)
    text = _csv(block, csv.QUOTE_MINIMAL)
    # Python 3.11 does not quote a cell with a lone carriage return, which many readers take for the end of a row.
    return (_csv(block, csv.QUOTE_ALL) if "\r" in text else text).encode()


def _csv(rows: Iterable[Cells], quoting: Literal[0, 1]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue()
