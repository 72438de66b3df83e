"""DuckDB as the song tables use it: a database for each file, with bounded threads and memory."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from song_preference.song_table.files import rejected

log = logging.getLogger(__name__)

MEMORY = "192MB"
"""Beyond it DuckDB writes to temporary files."""

OWN_NUMBER = re.compile("[0-9]{1,21}([.]0*)?")
"""An id that is a file's own number, such as a row's, and says nothing of the songs of another file."""

MACROS = f"""
create macro written(cell) as case when strlen(cell) < 12 and lower(trim(cell)) in (
    '', '-', '--', '\N{EN DASH}', '\N{EM DASH}',
    'na', 'n/a', '#n/a', '<na>', '\\n', 'nan', 'null', '(null)', 'none', 'undefined') then null else cell end;
create macro number(cell) as case
    when cell is null then null
    when contains(cell, '_') then 'nan'::double
    -- What begins with a digit is looked at no further: of most files that is every cell.
    when cell not between '.' and ':' and written(cell) is null then null
    else coalesce(
        try_cast(cell as double),
        try_cast(replace(trim(cell), ',', '.') as double),
        try_cast(replace(trim(cell, ' %\u00a0\u202f'), ',', '.') as double) / if(contains(cell, '%'), 100, 1),
        'nan'::double) end;
create macro clock(cell) as list_reduce(
    list_transform(string_split(cell, ':'), lambda part: try_cast(part as double)),
    lambda whole, part: whole * 60 + part);
create macro milliseconds(cell) as case
    when cell is null then null
    when contains(cell, ':') then coalesce(clock(cell) * 1000, 'nan'::double) else number(cell) end;
create macro song_id(cell) as if(
    contains(cell, 'spotify:local:'), null, written(regexp_extract(trim(written(cell)), '([^:/?]*)(\\?.*)?$', 1)));
create macro shared_id(cell) as if(regexp_full_match(cell, '{OWN_NUMBER.pattern}'), null, cell);
create macro isrc_code(cell) as nullif(upper(regexp_replace(written(cell), '[-\\s]', '', 'g')), '');
"""
"""`written`: null for what programs write in cells without a value. `number`: null where a cell holds none, NaN for
another text; a comma is taken for a point, and percent for a share. `song_id`: null for a file of the listener's own,
whose URI ends in its seconds. `shared_id`: null for a file's own number."""


@contextmanager
def opened(directory: Path, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a new database, which has its temporary files in the directory."""
    connection = duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": MEMORY,
            "temp_directory": str(directory),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        # It would be drawn into the log.
        connection.execute("set enable_progress_bar = false")
        connection.execute(MACROS)
        yield connection
    finally:
        connection.close()


@contextmanager
def crashes_rejected() -> Iterator[None]:
    """Raise `InvalidDataset` where DuckDB fails, but for a full disk, which the caller names."""
    try:
        yield
    except duckdb.IOException:
        raise
    except duckdb.Error as error:
        log.exception("DuckDB failed on a file of songs.")
        raise rejected("reader_crashed") from error


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Write the rows of a query to a file."""
    options = "format parquet, compression zstd, compression_level 1"
    connection.execute(f"copy ({query}) to {literal(str(target))} ({options})")


def quoted(name: str) -> str:
    """Return a column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
