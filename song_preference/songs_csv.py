"""What a CSV of songs means, wherever it is uploaded: its bounds, its header, its numbers, and the columns we add."""

import csv
import math
from collections.abc import Iterator, Sequence
from itertools import chain, count
from typing import Literal, NamedTuple, TextIO

from song_preference.features import FEATURES

MAX_COLUMNS = 1_000
"""Published tables of songs have up to 520. What is done for each column must not make a small file a long job."""

MAX_CELL_CHARACTERS = 131_072
"""The csv module's own limit, which is the process's; a spreadsheet's is 32,767."""

MAX_ROW_CHARACTERS = 250_000
"""At most 1 MB of UTF-8, which is less than pyarrow parses at once."""

READ_CHARACTERS = MAX_ROW_CHARACTERS + len("\r\n")

Cells = list[str]


class Records(Iterator[Cells | None]):
    """The rows of a CSV in bounded memory: no cells for a blank line, None for a row that cannot be read."""

    def __init__(self, text: TextIO, separator: str = ",", *, strict: bool = False) -> None:
        self._lines = _Lines(text)
        self._reader = csv.reader(self._lines, delimiter=separator, strict=strict)
        self.fault: Literal["cell", "row", "quote"] = "row"
        """What is wrong with the last row that could not be read: too long a cell or row, or a quote (if `strict`)."""

    @property
    def characters(self) -> int:
        """The length of the last row."""
        return READ_CHARACTERS - self._lines.left

    def __next__(self) -> Cells | None:
        """Return the next row."""
        self._lines.left = READ_CHARACTERS
        try:
            return next(self._reader)
        except _RowTooLong:
            self.fault = "row"
            return None
        except csv.Error as error:
            # The csv module has one class for both, and no code.
            is_cell = str(error).startswith("field larger than field limit")
            self.fault = "cell" if is_cell else "quote"
            return None


class _RowTooLong(csv.Error):
    pass


class _Lines(Iterator[str]):
    """Lines of a text, up to `left` characters of them; what is left of a line that is too long is skipped."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.left = 0

    def __next__(self) -> str:
        # A cell in quotes may have used all of them up, and goes on.
        line = self._text.readline(max(self.left, 1))
        if not line:
            raise StopIteration
        self.left -= len(line)
        if self.left + len(line) - len(line.rstrip("\r\n")) < len("\r\n"):
            while line and not line.endswith(("\r", "\n")):
                line = self._text.readline(MAX_ROW_CHARACTERS)
            raise _RowTooLong
        return line


class FeatureColumns(NamedTuple):
    """Where a header names the features; it can be used if none is missing and none repeated."""

    places: list[int]
    """In the order of `FEATURES`, counted from 0."""
    missing: list[str]
    repeated: list[str]


def feature_columns(header: Sequence[str]) -> FeatureColumns:
    """Find the features in any order and case, among any other columns."""
    names = _names(header)
    missing = [feature for feature in FEATURES if feature not in names]
    repeated = [feature for feature in FEATURES if names.count(feature) > 1]
    return FeatureColumns([names.index(feature) for feature in FEATURES if feature in names], missing, repeated)


def added_columns(header: Sequence[str]) -> list[str]:
    """Return names for label, probability and error that are none of the file's own."""
    taken = set(_names(header))
    return next(added for added in _candidates() if not set(added) & taken)


def number(cell: str) -> float:
    """Return the finite number in a cell, or NaN."""
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    # Python reads "0_1" as 1, which no other reader of CSV does.
    return value if math.isfinite(value) and "_" not in cell else math.nan


def _candidates() -> Iterator[list[str]]:
    yield ["label", "probability", "error"]
    for suffix in chain([""], (f"_{number}" for number in count(2))):
        yield [f"predicted_label{suffix}", f"predicted_probability{suffix}", f"prediction_error{suffix}"]


def _names(header: Sequence[str]) -> list[str]:
    return [name.strip().lower() for name in header]
