"""From the rows of a CSV to a DuckDB table: DuckDB's own reader where it counts rows rightly, else ours before it."""

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES
from song_preference.song_table.columns import positions
from song_preference.song_table.database import literal
from song_preference.song_table.layout import Layout, texture
from song_preference.song_table.records import MAX_CELL_CHARACTERS, MAX_ROW_CHARACTERS, fits, is_blank, message

ROWS_SHOWN = 10
ROWS_LOOKED_AT = 100
"""Rows that tell which columns hold numbers."""

LONGEST_REWRITTEN = 8 * MAX_ROW_CHARACTERS
"""Bytes of a row once it is rewritten: characters of up to four bytes, each cell in quotes."""


class Columns(NamedTuple):
    """Positions of columns, by what is wanted of their cells."""

    cells: Mapping[int, str]
    """SQL expressions of the text in the cells `c0`, `c1` and so on."""
    may_be_numbers: frozenset[int]
    """Columns that are numbers if each of their cells is one."""
    ends: frozenset[int]
    """Numbers of cells with which a row may end that is shorter than the header."""
    silent: frozenset[int]
    """Columns whose cells alone make no song: the label, which may be a ticked box, and the number of the row."""


class Loaded(NamedTuple):
    """The outcome of loading a file: how its rows were read, and which were left out."""

    is_plain: bool
    """Whether DuckDB took the file as it is: each row has as many cells as the header."""
    numbers: frozenset[int]
    """Positions of the columns that DuckDB read as numbers, since each of their cells is one."""
    faults: list[Finding]
    """What is wrong with the rows that are left out."""


def load(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    layout: Layout,
    columns: Columns,
) -> Loaded:
    """Create `loaded` from the rows below the header: each one's number as `row`, and the cells as `m0`, `m1`, etc.

    Raise `InvalidDataset` where too many quotes are not closed: the rows below cannot be told apart.
    """
    found = texture(path, layout)
    if found.is_plain:
        plain = _PlainFile(connection, path, layout)
        numbers = frozenset() if found.has_underscore else plain.numbers(columns.may_be_numbers)
        # Numbers read as such take half the time and memory; one cell that is none ends that attempt.
        for attempt in (numbers, frozenset()) if numbers else (frozenset(),):
            try:
                plain.load(columns, attempt)
            except (duckdb.InvalidInputException, duckdb.ConversionException):
                # Or rows of another length than the header's, too long ones, odd quotes: read them one by one.
                continue
            return Loaded(True, attempt, [])
    rewritten = path.with_suffix(".rewritten")
    faults = _rewrite(path, layout, columns, rewritten)
    # DuckDB would guess the line end, and takes a return in a cell for one.
    options = rf"new_line='\n', max_line_size={LONGEST_REWRITTEN}"
    names = [f"c{at}" for at in range(len(layout.header))]
    source = _source(rewritten, ",", dict.fromkeys(["row", *names], "varchar"), options)
    selected = ", ".join(f"{cell} as m{at}" for at, cell in columns.cells.items())
    connection.execute(f"create table loaded as select row::bigint as row, {selected} from {source}")
    rewritten.unlink()
    return Loaded(False, frozenset(), faults)


class _PlainFile:
    """A CSV that DuckDB reads as it is."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, layout: Layout) -> None:
        self._connection, self._path, self._layout = connection, path, layout

    def _source(self, numbers: frozenset[int]) -> str:
        columns = {f"c{at}": "double" if at in numbers else "varchar" for at in range(len(self._layout.header))}
        options = f"skip={self._layout.row}, max_line_size={MAX_CELL_CHARACTERS}"
        return _source(self._path, self._layout.separator, columns, options)

    def numbers(self, positions: frozenset[int]) -> frozenset[int]:
        """Return which of the columns hold only numbers in the first rows."""
        if not positions:
            return positions
        are_numbers = ", ".join(f"count(c{at}) = count(try_cast(c{at} as double))" for at in sorted(positions))
        rows = f"select * from {self._source(frozenset())} limit {ROWS_LOOKED_AT}"
        try:
            (answers,) = self._connection.execute(f"select {are_numbers} from ({rows})").fetchall()
        except duckdb.InvalidInputException:
            return frozenset()
        return frozenset(at for at, is_number in zip(sorted(positions), answers, strict=True) if is_number)

    def load(self, columns: Columns, numbers: frozenset[int]) -> None:
        """Create `loaded`; raise `duckdb.ConversionException` where a cell of `numbers` is none."""
        # pandas writes NaN where there is no number.
        found = {at: f"nullif(c{at}, 'nan'::double)" if at in numbers else cell for at, cell in columns.cells.items()}
        selected = ", ".join(f"{cell} as m{at}" for at, cell in found.items())
        telling = (at for at in range(len(self._layout.header)) if at not in columns.silent)
        written = ", ".join(f"nullif(trim(c{at}::varchar), '')" for at in telling)
        # A row with a feature is not blank: to look at every cell of each row takes as long as to read the numbers.
        # Nor is one with a first cell, in a file without features.
        at = positions(self._layout.header).get(FEATURES[0], [0])[0]
        has_feature = f"c{at} is not null" if at in numbers else f"trim(c{at}) <> ''"
        is_blank_row = f"case when {has_feature} then false else coalesce({written}) is null end"
        self._connection.execute("drop table if exists parsed")
        self._connection.execute(
            f"create table parsed as select {selected}, {is_blank_row} as is_blank from {self._source(numbers)}"
        )
        # DuckDB keeps the order of the file, so `rowid` counts its rows.
        self._connection.execute(
            f"create view loaded as select rowid + {self._layout.row + 1} as row, * exclude (is_blank) from parsed "
            "where not is_blank"
        )


def _source(path: Path, separator: str, columns: Mapping[str, str], options: str) -> str:
    types = ", ".join(f"{literal(column)}: {literal(kind)}" for column, kind in columns.items())
    return (
        f"read_csv({literal(str(path))}, auto_detect=false, header=false, delim={literal(separator)}, "
        f"quote='\"', escape='\"', columns={{{types}}}, strict_mode=true, {options})"
    )


def _rewrite(path: Path, layout: Layout, columns: Columns, target: Path) -> list[Finding]:
    """Write the rows with their numbers as a CSV that DuckDB takes as it is; return why others are left out."""
    counts, shown, width = Counter[str](), defaultdict[str, list[int]](list), len(layout.header)
    with (
        path.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        records = layout.records(source)
        for row, cells in enumerate(records, start=1):
            if row <= layout.row or (cells is not None and is_blank(cells, columns.silent)):
                continue
            # A row that ends elsewhere may as well lack a cell in the middle.
            if cells and (fits(cells, layout.header) or len(cells) in columns.ends):
                writer.writerow([row, *cells[:width], *[""] * (width - len(cells))])
            elif records.lines > 1:
                # So many quotes were left open that the rows below cannot be told apart.
                raise InvalidDataset(Finding(None, message("quote_not_closed"), 1, (row,)))
            else:
                code = records.fault if cells is None else "uneven_rows"
                counts[code] += 1
                if counts[code] <= ROWS_SHOWN:
                    shown[code].append(row)
    return [Finding(None, message(code), count, tuple(shown[code])) for code, count in counts.items()]
