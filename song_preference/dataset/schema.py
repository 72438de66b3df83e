"""The rules a playlist must keep; every problem is found at once, none shows a cell's content."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from song_preference.dataset.table import FIRST_ROW, REQUIRED
from song_preference.errors import Finding
from song_preference.features import FEATURES, LABEL

ROWS_PER_CLASS = 10
"""With fewer, neither a test part nor cross-validation says anything."""

ROWS_SHOWN = 10
NUMBER, COMPLETE, FINITE = "must be a number", "must not be empty", "must be finite"
NUMBER_OR_WORD = "must be 1 or 0, or a word such as yes and no, like and dislike"

HARMLESS = 1
"""Stands, while the rules are checked, in for what was found to be no finite number; in every column's range."""

SCHEMA = pa.DataFrameSchema(
    {
        **{name: pa.Column("float64", pa.Check.in_range(0, 1, error="must lie in [0, 1]")) for name in FEATURES},
        "duration": pa.Column("float64", pa.Check.gt(0, error="must be greater than 0")),
        "tempo": pa.Column("float64", pa.Check.gt(0, error="must be greater than 0")),
        "loudness": pa.Column("float64", pa.Check.in_range(-100, 20, error="must lie in [-100, 20] dB")),
        LABEL: pa.Column("float64", pa.Check.isin([0, 1], error="must be 1 (likes) or 0 (dislikes)")),
    }
)


class Checker:
    """Looks at a playlist a piece at a time and remembers what it found."""

    def __init__(self) -> None:
        self.rows = 0
        """Rows looked at so far."""
        self._sizes = {1: 0, 0: 0}
        self._found: dict[tuple[str, str], tuple[int, list[int]]] = {}

    def look(self, given: pd.DataFrame) -> pd.DataFrame:
        """The next rows with the required columns as float64; what breaks a rule is noted and made harmless."""
        positions = pd.RangeIndex(self.rows, self.rows + len(given))
        columns = {}
        for name in REQUIRED:
            column = pd.to_numeric(given[name], errors="coerce").to_numpy("float64", na_value=np.nan)
            if not np.isfinite(column).all():
                column, empty = column.copy(), given[name].isna().to_numpy()
                number = NUMBER_OR_WORD if name == LABEL else NUMBER
                for rule, wrong in ((number, np.isnan(column) & ~empty), (FINITE, np.isinf(column))):
                    self._note(name, rule, positions[wrong])
                    column[wrong] = HARMLESS
            columns[name] = column
        numbers = pd.DataFrame(columns, positions, copy=False)
        self._note_broken_rules(numbers)
        for label in self._sizes:
            self._sizes[label] += int((numbers[LABEL] == label).sum())
        self.rows += len(given)
        return numbers

    @property
    def is_content(self) -> bool:
        """Whether no row broke a rule so far."""
        return not self._found

    def findings(self, left_out: Sequence[int] = ()) -> list[Finding]:
        """What was found, in the order of the columns; `left_out` are rows that were not looked at."""
        ordered = sorted(self._found.items(), key=lambda found: REQUIRED.index(found[0][0]))
        findings = [
            Finding(column, rule, count, tuple(_row(position, left_out) for position in positions))
            for (column, rule), (count, positions) in ordered
        ]
        return findings if findings or left_out else small_classes(self._sizes[1], self._sizes[0])

    def _note(self, column: str, rule: str, positions: Any) -> None:
        if len(positions) == 0:
            return
        count, shown = self._found.get((column, rule), (0, []))
        more = [int(position) for position in positions[: ROWS_SHOWN - len(shown)]]
        self._found[column, rule] = (count + len(positions), shown + more)

    def _note_broken_rules(self, numbers: pd.DataFrame) -> None:
        try:
            SCHEMA.validate(numbers, lazy=True)
        except pa.errors.SchemaErrors as errors:
            for (column, rule), group in errors.failure_cases.groupby(["column", "check"], sort=False):
                words = COMPLETE if rule == "not_nullable" else str(rule)
                self._note(str(column), words, np.sort(group["index"].to_numpy(int)))


def small_classes(likes: int, dislikes: int) -> list[Finding]:
    """What is said of a class with fewer than `ROWS_PER_CLASS` songs."""
    return [
        Finding(LABEL, f"needs at least {ROWS_PER_CLASS} different {name}, there are {size}", 1)
        for name, size in (("likes", likes), ("dislikes", dislikes))
        if size < ROWS_PER_CLASS
    ]


def _row(position: int, left_out: Sequence[int]) -> int:
    """A position among the rows looked at, as a spreadsheet counts it."""
    row = position + FIRST_ROW
    for skipped in left_out:
        row += skipped <= row
    return row
