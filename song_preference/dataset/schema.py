"""The rules a playlist must keep; every problem is found at once, none shows a cell's content."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from song_preference.dataset.table import FIRST_ROW, REQUIRED
from song_preference.errors import Finding
from song_preference.features import FEATURES, LABEL
from song_preference.messages import Message

ROWS_PER_CLASS = 10
"""With fewer, neither a test part nor cross-validation says anything."""

ROWS_SHOWN = 10
HARMLESS = 1
"""Stands, while the rules are checked, in for what was found to be no finite number; in every column's range."""

SCHEMA = pa.DataFrameSchema(
    {
        **{name: pa.Column("float64", pa.Check.in_range(0, 1, error="not_in_unit_interval")) for name in FEATURES},
        "duration": pa.Column("float64", pa.Check.gt(0, error="not_positive")),
        "tempo": pa.Column("float64", pa.Check.gt(0, error="not_positive")),
        "loudness": pa.Column("float64", pa.Check.in_range(-100, 20, error="not_a_loudness")),
        LABEL: pa.Column("float64", pa.Check.isin([0, 1], error="not_1_or_0")),
    }
)
"""Each error is the code of a message."""


class Checker:
    """Looks at a playlist a piece at a time and remembers what it found."""

    def __init__(self) -> None:
        self.rows = 0
        """Rows looked at so far."""
        self._sizes = {1: 0, 0: 0}
        self._found: dict[tuple[str, str], tuple[int, list[int]]] = {}

    def look(self, given: pd.DataFrame) -> pd.DataFrame:
        """Return the next rows, required columns as float64; what breaks a rule is noted and replaced."""
        positions = pd.RangeIndex(self.rows, self.rows + len(given))
        columns = {}
        for name in REQUIRED:
            column = pd.to_numeric(given[name], errors="coerce").to_numpy("float64", na_value=np.nan)
            if not np.isfinite(column).all():
                column, empty = column.copy(), given[name].isna().to_numpy()
                number = "not_a_label" if name == LABEL else "not_a_number"
                for code, wrong in ((number, np.isnan(column) & ~empty), ("not_finite", np.isinf(column))):
                    self._note(name, code, positions[wrong])
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
        """Return the findings in the order of the columns; `left_out` counts rows that were not checked."""
        ordered = sorted(self._found.items(), key=lambda found: REQUIRED.index(found[0][0]))
        findings = [
            Finding(column, Message(code), count, tuple(_row(position, left_out) for position in positions))
            for (column, code), (count, positions) in ordered
        ]
        return findings if findings or left_out else small_classes(self._sizes[1], self._sizes[0])

    def _note(self, column: str, code: str, positions: Any) -> None:
        if len(positions) == 0:
            return
        count, shown = self._found.get((column, code), (0, []))
        more = [int(position) for position in positions[: ROWS_SHOWN - len(shown)]]
        self._found[column, code] = (count + len(positions), shown + more)

    def _note_broken_rules(self, numbers: pd.DataFrame) -> None:
        try:
            SCHEMA.validate(numbers, lazy=True)
        except pa.errors.SchemaErrors as errors:
            for (column, check), group in errors.failure_cases.groupby(["column", "check"], sort=False):
                code = "empty_cell" if check == "not_nullable" else str(check)
                self._note(str(column), code, np.sort(group["index"].to_numpy(int)))


def small_classes(likes: int, dislikes: int) -> list[Finding]:
    """Return a finding for each class with fewer than `ROWS_PER_CLASS` songs."""
    return [
        Finding(LABEL, Message(code, {"least": ROWS_PER_CLASS, "size": size}), 1)
        for code, size in (("too_few_likes", likes), ("too_few_dislikes", dislikes))
        if size < ROWS_PER_CLASS
    ]


def _row(position: int, left_out: Sequence[int]) -> int:
    """Return a position among the checked rows as a spreadsheet counts it."""
    row = position + FIRST_ROW
    for skipped in left_out:
        row += skipped <= row
    return row
