from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from song_preference.song_table.read import Needs, SongTable, opened
from tests.support.song_tables import LIMIT


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Callable[..., SongTable]]:
    """Read bytes as a table; closed after the test."""
    opened_tables: list[AbstractContextManager[SongTable]] = []

    def read(raw: bytes, *, needs: Needs = "labels") -> SongTable:
        path = tmp_path / f"file-{len(opened_tables)}"
        directory = tmp_path / f"database-{len(opened_tables)}"
        directory.mkdir()
        path.write_bytes(raw)
        manager = opened(path, directory, max_bytes=LIMIT, needs=needs)
        opened_tables.append(manager)
        return manager.__enter__()

    yield read
    for manager in opened_tables:
        manager.__exit__(None, None, None)
