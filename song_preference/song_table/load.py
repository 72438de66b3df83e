"""From the rows of a CSV to a DuckDB table: DuckDB's own reader where it counts rows rightly, else ours before it."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb

from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES
from song_preference.song_table.columns import positions
from song_preference.song_table.database import literal
from song_preference.song_table.layout import Layout, is_plain
from song_preference.song_table.records import MAX_CELL_CHARACTERS, MAX_ROW_CHARACTERS, Records, is_blank, message

ROWS_SHOWN = 10
LONGEST_REWRITTEN = 8 * MAX_ROW_CHARACTERS
"""Bytes of a row once it is rewritten: characters of up to four bytes, each cell in quotes."""


class FaultyRows:
    """Rows that are left out because they cannot be read, by the code of the rule that they break."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[int, list[int]]] = {}

    def add(self, code: str, row: int) -> None:
        """Remember a row."""
        count, shown = self._rows.get(code, (0, []))
        self._rows[code] = (count + 1, [*shown, row][:ROWS_SHOWN])

    def findings(self) -> list[Finding]:
        """Return a finding for each code."""
        return [Finding(None, message(code), count, tuple(rows)) for code, (count, rows) in self._rows.items()]


class Loaded(NamedTuple):
    """What became of the rows of a file."""

    is_plain: bool
    """Whether DuckDB took the file as it is: each row has as many cells as the header."""
    faults: list[Finding]
    """What is wrong with the rows that are left out."""


def load(connection: duckdb.DuckDBPyConnection, path: Path, layout: Layout, cells: Sequence[str]) -> Loaded:
    """Create `loaded` from the rows below the header: each one's number as `row`, and the cells.

    `cells` are SQL expressions of the cells `c0`, `c1` and so on. Raise `InvalidDataset` where a quote is not closed:
    the rows below it cannot be told apart.
    """
    selected = ", ".join(cells)
    names = [f"c{at}" for at in range(len(layout.header))]
    if is_plain(path, layout):
        options = f"skip={layout.lines}, max_line_size={MAX_CELL_CHARACTERS}"
        written = ", ".join(f"nullif(trim({name}), '')" for name in names)
        # A row with a feature is not blank: to look at every cell of each row takes as long as to read the numbers.
        feature = f"c{positions(layout.header)[FEATURES[0]][0]}"
        is_blank_row = f"case when trim({feature}) <> '' then false else coalesce({written}) is null end"
        source = _source(path, layout.separator, names, options)
        try:
            # DuckDB keeps the order of the file, so `rowid` counts its rows.
            connection.execute(f"create table parsed as select {selected}, {is_blank_row} as is_blank from {source}")
        except duckdb.InvalidInputException:
            # Rows of another length than the header's, too long ones, odd quotes: read them one by one.
            connection.execute("drop table if exists parsed")
        else:
            connection.execute(
                f"create view loaded as select rowid + {layout.row + 1} as row, * exclude (is_blank) from parsed "
                "where not is_blank"
            )
            return Loaded(True, [])
    rewritten = path.with_suffix(".rewritten")
    faulty = _rewrite(path, layout, rewritten)
    # DuckDB would guess the line end, and takes a return in a cell for one.
    options = rf"new_line='\n', max_line_size={LONGEST_REWRITTEN}"
    source = _source(rewritten, ",", ["row", *names], options)
    connection.execute(f"create table loaded as select row::bigint as row, {selected} from {source}")
    rewritten.unlink()
    return Loaded(False, faulty.findings())


def _source(path: Path, separator: str, columns: Sequence[str], options: str) -> str:
    types = ", ".join(f"{literal(column)}: 'varchar'" for column in columns)
    return (
        f"read_csv({literal(str(path))}, auto_detect=false, header=false, delim={literal(separator)}, "
        f"quote='\"', escape='\"', columns={{{types}}}, strict_mode=true, {options})"
    )


def _rewrite(path: Path, layout: Layout, target: Path) -> FaultyRows:
    """Write the rows with their numbers as a CSV that DuckDB takes as it is."""
    faulty, width = FaultyRows(), len(layout.header)
    with (
        path.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        records = Records(source, layout.separator)
        for row, read in enumerate(records, start=1):
            if row <= layout.row or (read is not None and is_blank(read)):
                continue
            cells = read[:width] if read and is_blank(read[width:]) else read
            if cells and len(cells) == width:
                writer.writerow([row, *cells])
            elif records.lines > 1:
                # The quote that opened in this row may have swallowed others.
                raise InvalidDataset(Finding(None, message("quote_not_closed"), 1, (row,)))
            else:
                faulty.add(records.fault if read is None else "uneven_rows", row)
    return faulty
