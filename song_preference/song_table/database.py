"""DuckDB as the song tables use it: one file-backed database per table, with bounded threads and memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

MEMORY = "256MB"
"""Beyond it DuckDB writes to its database and temporary files."""

ENGINE_ERRORS = (duckdb.Error,)


@contextmanager
def opened(directory: Path, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to a new database in the directory; it reads no other files than those it is given."""
    connection = duckdb.connect(
        directory / "songs.duckdb",
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
