"""From a listener's CSV to checked rows in our names and types."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pandas as pd
import pyarrow as pa

from song_preference.dataset.schema import ROWS_SHOWN, Checker
from song_preference.dataset.table import REQUIRED, UNREADABLE, Header, Rows, read_header
from song_preference.dataset.text import PIECE_BYTES, check_text
from song_preference.errors import Finding, InvalidDataset
from song_preference.features import LABEL
from song_preference.messages import Message
from song_preference.songs_csv import MAX_CELL_CHARACTERS, Records

LABEL_WORDS = {
    **dict.fromkeys(("like", "liked", "likes", "yes", "sí", "si", "true"), 1),
    **dict.fromkeys(("dislike", "disliked", "dislikes", "no", "false"), 0),
}
WORDS_READ = Message("label_words_read")


class Reading(NamedTuple):
    """What is known of a playlist once it was read."""

    rows: int
    columns: dict[str, str]
    """Name and type of each."""
    normalisations: list[Message]
    """What was read as something else than it is written."""


class Keeper(Protocol):
    """Takes the rows of a playlist while they keep the rules."""

    def keep(self, batch: pa.RecordBatch) -> None:
        """Return the next rows: required columns as float64, the label as int64."""


def read_playlist(raw: Path, keeper: Callable[[pa.Schema], AbstractContextManager[Keeper]]) -> Reading:
    """Check every row of the CSV `raw`, and hand the rows on; raises `InvalidDataset` with everything that is wrong.

    `keeper` is opened with the columns that the rows will have, and once more where they must be read anew.
    """
    check_text(raw)
    header = read_header(raw)
    _check_rows(raw)
    try:
        return _read(raw, header, keeper, as_text=False)
    except pa.ArrowInvalid:
        # A cell is not of the type that the first ones of its column have. As text, all of them can be looked at.
        pass
    try:
        return _read(raw, header, keeper, as_text=True)
    except pa.ArrowInvalid:
        raise InvalidDataset(Finding(None, Message("not_a_table"), 1)) from None


def _check_rows(raw: Path) -> None:
    """Raise `InvalidDataset` for a row or cell that is too long, or a quote that would swallow the rows below it."""
    if _is_plain(raw):
        return
    # Arrow lets a cell go on behind its closing quote. The csv module is slower, and strict.
    with raw.open(encoding="utf-8-sig", newline="") as file:
        records = Records(file, strict=True)
        for row, cells in enumerate(records, start=1):
            if cells is None:
                raise InvalidDataset(Finding(None, UNREADABLE[records.fault], 1, (row,)))


def _is_plain(raw: Path) -> bool:
    """Whether nothing is quoted, and no line is longer than a cell may be."""
    begun = 0
    with raw.open("rb") as file:
        for piece in iter(lambda: file.read(PIECE_BYTES), b""):
            lengths = [len(line) for line in piece.split(b"\n")]
            lengths[0] += begun
            begun = lengths[-1]
            if b'"' in piece or max(lengths) > MAX_CELL_CHARACTERS:
                return False
    return True


def _read(
    raw: Path, header: Header, keeper: Callable[[pa.Schema], AbstractContextManager[Keeper]], *, as_text: bool
) -> Reading:
    rows, checker, normalisations = Rows(raw, header, as_text=as_text), Checker(), list(header.normalisations)
    schema = pa.schema([field.with_type(_type(field)) for field in rows.schema])
    with keeper(schema) as kept:
        for batch in rows:
            given = batch.select(REQUIRED).to_pandas()
            given[LABEL] = _label(given[LABEL], normalisations)
            numbers = checker.look(given)
            if checker.is_content:
                columns = [
                    batch[field.name]
                    if batch[field.name].type == field.type
                    else pa.array(numbers[field.name]).cast(field.type)
                    for field in schema
                ]
                kept.keep(pa.RecordBatch.from_arrays(columns, schema=schema))
    findings = [*_ragged(rows.ragged), *checker.findings(rows.ragged)]
    if findings:
        raise InvalidDataset(*findings)
    return Reading(checker.rows, {field.name: str(field.type) for field in schema}, normalisations)


def _type(field: pa.Field) -> pa.DataType:
    if field.name == LABEL:
        return pa.int64()
    return pa.float64() if field.name in REQUIRED else field.type


def _label(given: "pd.Series[Any]", normalisations: list[Message]) -> "pd.Series[Any]":
    """Return the label with its words as numbers; what is neither stays as it is."""
    codes, written = pd.factorize(given)
    meant = pd.Series([LABEL_WORDS.get(word.strip().lower(), word) for word in written], dtype=object)
    if WORDS_READ not in normalisations and not all(isinstance(value, str) for value in meant):
        normalisations.append(WORDS_READ)
    numbers = pd.to_numeric(meant, errors="coerce")
    if numbers.isna().any():
        numbers = numbers.astype(object).where(numbers.notna(), meant)
    # Each spelling is understood once, then taken as often as it occurs; an empty cell has the code -1.
    return numbers.reindex(codes).set_axis(given.index)


def _ragged(rows: list[int]) -> list[Finding]:
    if not rows:
        return []
    return [Finding(None, Message("uneven_rows"), len(rows), tuple(rows[:ROWS_SHOWN]))]
