"""The rules a playlist must keep; every problem is found at once, none shows a cell's content."""

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from song_preference.dataset.table import FIRST_ROW, REQUIRED
from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES, LABEL

ROWS_PER_CLASS = 10
"""With fewer, neither a test part nor cross-validation says anything."""

ROWS_SHOWN = 10
NUMBER, COMPLETE, FINITE = "must be a number", "must not be empty", "must be finite"


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


def check(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the required columns as float64; raises `InvalidDataset` with every finding."""
    numbers = rows.copy()
    findings: list[Finding] = []
    for name in REQUIRED:
        numbers[name] = pd.to_numeric(rows[name], errors="coerce").astype("float64")
        wrong = {NUMBER: rows[name].notna() & numbers[name].isna(), FINITE: np.isinf(numbers[name])}
        for rule, where in wrong.items():
            if where.any():
                findings.append(_finding(name, rule, np.flatnonzero(where)))
                numbers.loc[where, name] = HARMLESS
    findings += _broken_rules(numbers)
    if not findings:
        findings = _classes(numbers)
    if findings:
        raise InvalidDataset(*findings)
    return numbers.astype({LABEL: "int64"})


def _broken_rules(numbers: pd.DataFrame) -> list[Finding]:
    try:
        SCHEMA.validate(numbers, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        return [
            _finding(str(column), COMPLETE if rule == "not_nullable" else str(rule), group["index"].to_numpy(int))
            for (column, rule), group in cases.groupby(["column", "check"], sort=False)
        ]
    return []


def _classes(numbers: pd.DataFrame) -> list[Finding]:
    sizes = {name: int((numbers[LABEL] == value).sum()) for name, value in (("likes", 1), ("dislikes", 0))}
    return [
        Finding(LABEL, f"needs at least {ROWS_PER_CLASS} {name}, there are {size}", 1)
        for name, size in sizes.items()
        if size < ROWS_PER_CLASS
    ]


def _finding(column: str, rule: str, positions: Any) -> Finding:
    shown = tuple(int(position) + FIRST_ROW for position in sorted(positions)[:ROWS_SHOWN])
    return Finding(column, rule, len(positions), shown)
