"""A listener's CSV as it lies on the disk: its header in our names, its rows a piece at a time."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv as arrow_csv

from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES, LABEL
from song_preference.messages import Message
from song_preference.songs_csv import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROW_CHARACTERS, Records

SCALED = ("duration", "tempo", "loudness")
"""Columns that the specification passes through MinMaxScaler; the features need none, they lie in [0, 1]."""

REQUIRED = (*FEATURES, *SCALED, LABEL)

SPELLINGS = {"duration_ms": "duration", "target": LABEL, "liked": LABEL, "like": LABEL}
"""Other names that playlists are exported with."""

INDEX_NAMES = {"", "index", "unnamed: 0"}

OTHER_SEPARATORS = {";": Message("semicolons"), "\t": Message("tabs"), "|": Message("bars")}

FIRST_ROW = 2
"""Rows are counted as a spreadsheet shows them: the header is row 1. Empty lines are left out of account."""

BLOCK_BYTES = 1 << 20
"""Parsed at once; no row may be longer. Arrow reads many blocks ahead, so larger ones cost memory."""

BATCH_ROWS, BATCH_CELLS = 65_536, 2_000_000
"""Handed on at once, in order that what costs the same for every batch is paid seldom; of wide rows fewer."""

RAGGED_ROWS_KEPT = 1000
"""With more rows of another length than the header's, the file is no table."""


UNREADABLE = {
    "cell": Message("cell_too_long", {"limit": MAX_CELL_CHARACTERS}),
    "row": Message("row_too_long", {"limit": MAX_ROW_CHARACTERS}),
    "quote": Message("quote_not_closed"),
}
"""Rules by what `Records` says of a row."""


class Header(NamedTuple):
    """The columns by position, in our names; `lines` counts the lines up to and with the header."""

    names: list[str | None]
    """None for a column that is left out: an index, or another of the same name."""
    normalisations: list[Message]
    """What is read as something else than it is written."""
    lines: int


def read_header(path: Path) -> Header:
    """Understand the first line of the CSV; raises `InvalidDataset` with every finding about it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = 1
        while (line := file.readline(MAX_ROW_CHARACTERS + 1)).isspace():
            lines += 1
        has_songs = any(piece.strip() for piece in iter(lambda: file.read(BLOCK_BYTES), ""))
    normalisations: list[Message] = []
    records = Records(StringIO(line, newline=""))
    written = next(records)
    if written is None:
        raise InvalidDataset(Finding(None, UNREADABLE[records.fault], 1, (lines,)))
    if len(written) > MAX_COLUMNS:
        rule = Message("too_many_columns", {"count": len(written), "limit": MAX_COLUMNS})
        raise InvalidDataset(Finding(None, rule, 1))
    names = [_name(column, normalisations) for column in written]
    _check_names(names, line)
    if not has_songs:
        raise InvalidDataset(Finding(None, Message("no_songs"), 1))
    # Of other columns with one name the first is kept: no file format holds both.
    unique = [name if name not in names[:at] else None for at, name in enumerate(names)]
    twice = dict.fromkeys(name for name in names if name is not None and names.count(name) > 1)
    normalisations += [Message("first_of_columns_kept", {"name": name}) for name in twice]
    return Header(unique, normalisations, lines)


def _name(written: str, normalisations: list[Message]) -> str | None:
    """Our name of a column; None for an index that a table was saved with."""
    plain = written.strip().lower()
    if plain in INDEX_NAMES:
        normalisations.append(Message("index_column_left_out"))
        return None
    name = SPELLINGS.get(plain.replace(" ", "_"), plain.replace(" ", "_"))
    if name != written:
        normalisations.append(Message("column_renamed", {"written": written, "name": name}))
    return name


def _check_names(names: list[str | None], line: str) -> None:
    counts = Counter(names)
    for separator, named in OTHER_SEPARATORS.items():
        if len(names) == 1 and line.count(separator) >= len(REQUIRED) - 1:
            rule = Message("other_separator", {"separator": named.as_json()})
            raise InvalidDataset(Finding(None, rule, 1))
    findings = [Finding(name, Message("column_missing"), 1) for name in REQUIRED if name not in counts]
    findings += [Finding(name, Message("column_repeated"), counts[name]) for name in REQUIRED if counts[name] > 1]
    if findings:
        raise InvalidDataset(*findings)


class Rows:
    """The rows below a header, as Arrow batches with our names; can be read once.

    The label is text, since it may be written in words. The other required columns are float64 and the rest what
    its first block looks like, unless `as_text`: then every cell is text.
    """

    def __init__(self, path: Path, header: Header, *, as_text: bool) -> None:
        self.ragged: list[int] = []
        """Rows with another number of fields than the header, as a spreadsheet counts them; they are left out."""
        columns = [str(position) for position in range(len(header.names))]
        kept = {column: name for column, name in zip(columns, header.names, strict=True) if name is not None}
        text, number = pa.string(), pa.float64()
        types = {
            column: text if as_text or name == LABEL else number
            for column, name in kept.items()
            if as_text or name in REQUIRED
        }
        self._names = list(kept.values())
        ragged, lines_above = self.ragged, header.lines - 1

        def note_ragged(row: arrow_csv.InvalidRow) -> str:
            # No method of ours: the reader would be part of a cycle, and keep the file open until that is collected.
            ragged.append(row.number - lines_above)
            return "skip" if len(ragged) < RAGGED_ROWS_KEPT else "error"

        self._reader = arrow_csv.open_csv(
            path,
            # Of several threads none would know the number of a row at fault.
            arrow_csv.ReadOptions(
                block_size=BLOCK_BYTES, use_threads=False, column_names=columns, skip_rows=header.lines
            ),
            arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note_ragged),
            arrow_csv.ConvertOptions(column_types=types, include_columns=list(kept), strings_can_be_null=True),
        )

    @property
    def schema(self) -> pa.Schema:
        """Names and types of every batch."""
        return pa.schema([field.with_name(name) for field, name in zip(self._reader.schema, self._names, strict=True)])

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Batches of rows; raises `pyarrow.ArrowInvalid` for a cell that is not of its column's type.

        While one is looked at, the next is parsed.
        """
        batches = self._batches()
        with ThreadPoolExecutor(1) as parser:
            following = parser.submit(next, batches, None)
            while (batch := following.result()) is not None:
                following = parser.submit(next, batches, None)
                yield batch

    def _batches(self) -> Iterator[pa.RecordBatch]:
        pieces: list[pa.RecordBatch] = []
        for piece in self._reader:
            pieces.append(piece)
            if sum(map(len, pieces)) >= min(BATCH_ROWS, BATCH_CELLS // len(self._names)):
                yield self._joined(pieces)
                pieces = []
        if pieces:
            yield self._joined(pieces)

    def _joined(self, pieces: list[pa.RecordBatch]) -> pa.RecordBatch:
        columns = pa.concat_batches(pieces).columns
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)
