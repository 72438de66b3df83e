import math
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from song_preference.song_table import database
from song_preference.song_table.database import literal, opened, quoted

NOTHING = ("-", "--", "NA", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", " null ", "None", "undefined", "\\N")
"""What programs write in cells without a value."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(tmp_path_factory.mktemp("database"), threads=1) as connection:
        yield connection


def value(connection: duckdb.DuckDBPyConnection, macro: str, cell: str | None) -> object:
    [(found,)] = connection.execute(f"select {macro}(?::varchar)", [cell]).fetchall()
    return found


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0.5", 0.5),
        (" 0,5 ", 0.5),
        ("5e-1", 0.5),
        ("inf", math.inf),
        *((cell, None) for cell in (None, "", " ", *NOTHING)),
        *((cell, 0.365) for cell in ("36.5%", "36,5 %", "36,5\u00a0%", "%36.5")),
        ("0.7%", 0.007),
        *((cell, math.nan) for cell in ("loud", "0_5", "1.000,5", "50 % %5", "-nan", "true", "%")),
    ],
)
def test_a_cell_is_a_number_or_nothing_or_no_number(
    connection: duckdb.DuckDBPyConnection, cell: str | None, number: float | None
) -> None:
    assert value(connection, "number", cell) == (pytest.approx(number, nan_ok=True) if number else number)


@pytest.mark.parametrize(
    ("cell", "milliseconds"),
    [
        ("3:20", 200_000),
        ("1:00:01.5", 3_601_500),
        ("200000", 200_000),
        ("3:x", math.nan),
        (None, None),
    ],
)
def test_a_duration_may_be_written_as_a_clock_shows_it(
    connection: duckdb.DuckDBPyConnection, cell: str | None, milliseconds: float | None
) -> None:
    found = value(connection, "milliseconds", cell)
    assert found == (pytest.approx(milliseconds, nan_ok=True) if milliseconds else milliseconds)


@pytest.mark.parametrize(
    ("cell", "song"),
    [
        ("4uLU6hMCjMI75M1A2tKUQC", "4uLU6hMCjMI75M1A2tKUQC"),
        (" spotify:track:4uLU6 ", "4uLU6"),
        ("https://open.spotify.com/track/4uLU6?si=a:b/c", "4uLU6"),
        ("", None),
        ("spotify:track:", None),
        ("spotify:track:null", None),
        ("spotify:local:Artist:Album:Title:200", None),
        *((nothing, None) for nothing in NOTHING),
        (None, None),
    ],
)
def test_a_song_has_the_same_id_in_every_notation(
    connection: duckdb.DuckDBPyConnection, cell: str | None, song: str | None
) -> None:
    assert value(connection, "song_id", cell) == song


@pytest.mark.parametrize("cell", ["1", "007", "2.0", "123456789012345678901"])
def test_a_number_is_no_id_elsewhere(connection: duckdb.DuckDBPyConnection, cell: str) -> None:
    assert value(connection, "shared_id", cell) is None


@pytest.mark.parametrize("cell", [None, "4uLU6", "1e", "1.5", "-1x", "1234567890123456789012", "0" * 400])
def test_other_ids_are(connection: duckdb.DuckDBPyConnection, cell: str | None) -> None:
    assert value(connection, "shared_id", cell) == cell


@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_whatever_a_name_or_text_holds_it_is_no_sql(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    found = connection.execute(f"select {literal(text)} as {quoted(text)}")
    assert found.description is not None
    assert ([column[0] for column in found.description], found.fetchall()) == ([text], [(text,)])


def test_the_database_is_bounded_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MEMORY", "8MB")
    with opened(tmp_path, threads=1) as connection:
        settings = "select current_setting('threads'), current_setting('temp_directory')"
        assert connection.execute(settings).fetchall() == [(1, str(tmp_path))]
        with pytest.raises(duckdb.OutOfMemoryException):
            connection.execute("select list(range) from range(10_000_000)")
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("select 1")
    assert list(tmp_path.iterdir()) == []
