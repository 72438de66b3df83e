"""From the bytes of a listener's file to a table with the names and types that we use."""

import csv
from collections import Counter
from io import BytesIO
from typing import Any, NamedTuple

import pandas as pd

from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES, LABEL

SCALED = ("duration", "tempo", "loudness")
"""Columns that the specification passes through MinMaxScaler; the features need none, they lie in [0, 1]."""

REQUIRED = (*FEATURES, *SCALED, LABEL)

SPELLINGS = {"duration_ms": "duration", "target": LABEL, "liked": LABEL, "like": LABEL}
"""Other names that playlists are exported with."""

LABEL_WORDS = {
    "like": 1,
    "liked": 1,
    "likes": 1,
    "yes": 1,
    "true": 1,
    "dislike": 0,
    "disliked": 0,
    "dislikes": 0,
    "no": 0,
    "false": 0,
}

INDEX_NAMES = {"", "index", "unnamed: 0"}

FIRST_ROW = 2
"""Rows are counted as a spreadsheet shows them: the header is row 1."""


class Table(NamedTuple):
    """`rows` as given, with our names; `readings` tells in words what was read as something else."""

    rows: pd.DataFrame
    readings: list[str]


def read_table(raw: bytes) -> Table:
    """Read the CSV; raises `InvalidDataset` with every finding about the file and its header."""
    _check_text(raw)
    header = next(csv.reader([raw.decode("utf-8-sig").lstrip().partition("\n")[0]]))
    readings: list[str] = []
    names = [_name(written, readings) for written in header]
    counts = Counter(names)
    findings = [Finding(name, "is missing", 1) for name in REQUIRED if name not in counts]
    findings += [
        Finding(name, "appears more than once, also under another spelling: keep one", counts[name])
        for name in REQUIRED
        if counts[name] > 1
    ]
    if findings:
        raise InvalidDataset(*findings)
    rows = _parse(raw)
    rows.columns = pd.Index([name or "" for name in names])
    # Of other columns with one name the first is kept: no file format holds both.
    rows = rows.loc[:, [name is not None and name not in names[:at] for at, name in enumerate(names)]]
    if rows.empty:
        raise InvalidDataset(Finding(None, "holds a header and no songs", 1))
    rows[LABEL] = _label(rows[LABEL], readings)
    return Table(rows, readings)


def _check_text(raw: bytes) -> None:
    rule = None
    if not raw.strip():
        rule = "is empty"
    elif b"\0" in raw:
        rule = "is binary: export the playlist as CSV"
    elif raw.lstrip()[:1] == b"<":
        rule = "is an HTML page: check that the link gives the file itself, shared with anyone who has it"
    if rule:
        raise InvalidDataset(Finding(None, rule, 1))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise InvalidDataset(Finding(None, "is not UTF-8: export it again with this encoding", 1, (row,))) from None


def _name(written: str, readings: list[str]) -> str | None:
    """Our name of a column; None for an index that a table was saved with."""
    plain = written.strip().lower().replace(" ", "_")
    if written.strip().lower() in INDEX_NAMES:
        readings.append("a column that only counts the rows is left out")
        return None
    name = SPELLINGS.get(plain, plain)
    if name != written:
        readings.append(f"column '{written}' is read as '{name}'")
    return name


def _parse(raw: bytes) -> pd.DataFrame:
    try:
        return pd.read_csv(BytesIO(raw), encoding="utf-8-sig", index_col=False, low_memory=False, skipinitialspace=True)
    except pd.errors.ParserError:
        rule = "is not a CSV: a row has another number of fields than the header, or a quote is not closed"
        raise InvalidDataset(Finding(None, rule, 1)) from None


def _label(given: "pd.Series[Any]", readings: list[str]) -> "pd.Series[Any]":
    if pd.api.types.is_bool_dtype(given):
        readings.append("the label's true and false are read as 1 and 0")
        return given.astype("int64")
    if not pd.api.types.is_numeric_dtype(given):
        words = given.astype("string").str.strip().str.lower()
        if words.isin(list(LABEL_WORDS)).any():
            readings.append("the label's words are read as 1 and 0")
        return given.where(~words.isin(list(LABEL_WORDS)), words.map(LABEL_WORDS))
    return given
