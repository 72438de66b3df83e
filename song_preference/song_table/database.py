"""DuckDB as the song tables use it: a database for each file, with bounded threads and memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

MEMORY = "256MB"
"""Beyond it DuckDB writes to temporary files."""


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
        yield connection
    finally:
        connection.close()


def quoted(name: str) -> str:
    """Return a column's name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
