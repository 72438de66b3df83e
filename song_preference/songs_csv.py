"""What a CSV of songs means, wherever it is handed in: its header, its numbers, and the columns that answers add."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain, count
from typing import NamedTuple

from song_preference.features import FEATURES


class FeatureColumns(NamedTuple):
    """Where a header names the features; it can be used if none is missing and none repeated."""

    places: list[int]
    """In the order of `FEATURES`, counted from 0."""
    missing: list[str]
    repeated: list[str]


def feature_columns(header: Sequence[str]) -> FeatureColumns:
    """Finds the features in any order and case, among any other columns."""
    names = _names(header)
    missing = [feature for feature in FEATURES if feature not in names]
    repeated = [feature for feature in FEATURES if names.count(feature) > 1]
    return FeatureColumns([names.index(feature) for feature in FEATURES if feature in names], missing, repeated)


def added_columns(header: Sequence[str]) -> list[str]:
    """The names of label, probability and error, which are none of the file's own."""
    taken = set(_names(header))
    return next(added for added in _candidates() if not set(added) & taken)


def number(cell: str) -> float:
    """The finite number in a cell, or NaN."""
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
