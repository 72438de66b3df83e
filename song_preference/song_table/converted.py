"""Songs in Parquet or JSON as a CSV in UTF-8."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb

from song_preference.features import LABEL
from song_preference.song_table.database import literal, quoted
from song_preference.song_table.files import PIECE_BYTES, rejected
from song_preference.song_table.records import MAX_COLUMNS
from song_preference.temporary import FULL_TEXTS

MAX_JSON_BYTES = 64 << 20
"""Longest JSON value, which DuckDB holds in memory: a whole file if its songs lie in one object."""

VALUES = ["VARCHAR", "BOOLEAN", "DOUBLE", "BIGINT", "UBIGINT"]
"""DuckDB's names for the types of JSON that a cell may have."""


@contextmanager
def converting(unreadable: str) -> Iterator[None]:
    """Raise `InvalidDataset` for what DuckDB cannot read, with the code `unreadable`, or has no memory for."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise rejected("rows_too_large") from None
    except duckdb.Error as error:
        if any(text in str(error) for text in FULL_TEXTS):
            raise OSError(errno.ENOSPC, str(error)) from error
        raise rejected(unreadable) from None


def from_parquet(path: Path, connection: duckdb.DuckDBPyConnection, max_bytes: int) -> Path:
    """Write a Parquet file as CSV."""
    source = f"read_parquet({literal(str(path))})"
    with converting("parquet_unreadable"):
        kinds = {name: kind for name, kind, *_ in connection.execute(f"describe select * from {source}").fetchall()}
        cells = [
            f"array_to_string({quoted(name)}, ', ')" if kind == "VARCHAR[]" else f"{quoted(name)}::varchar"
            for name, kind in kinds.items()
        ]
        return written(Table(_names_in_parquet(path, connection), cells, source), path, connection, max_bytes)


def _names_in_parquet(path: Path, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of the columns as they are written: DuckDB renames some that differ only in case."""
    names, inside = [], 0
    schema = connection.execute(f"select name, coalesce(num_children, 0) from parquet_schema({literal(str(path))})")
    for name, children in schema.fetchall()[1:]:
        if not inside:
            names.append(name)
        inside += children - (inside > 0)
    return names


def from_json(
    path: Path, connection: duckdb.DuckDBPyConnection, max_bytes: int, *, is_list: bool, needs_features: bool
) -> Path:
    """Write the songs of a JSON file as CSV.

    It is a list of objects, one object per line, one object with such a list, answers of spotipy, or the library that
    Spotify sends.
    """
    with converting("json_unreadable"):
        _read_objects(path, connection, is_list=is_list)
        if _is_library(connection):
            if needs_features:
                raise rejected("no_audio_features")
            return written(LIBRARY, path, connection, max_bytes)
        _unwrap(connection)
        keys = "select distinct unnest(json_keys(json)) as key from objects where json_type(json) = 'OBJECT'"
        names = [name for (name,) in connection.execute(f"{keys} limit {MAX_COLUMNS + 1}").fetchall()]
        # A table by columns has lists or objects only.
        if not _is_any(connection, f"list_has_any(json_type(json, '$.*'), {VALUES})"):
            raise rejected("json_without_songs")
        # All cells at once: each extraction by itself would parse the whole object, and hold what it parsed.
        pointers = ", ".join(literal(_pointer(name)) for name in names)
        is_other = "json_type(json) is distinct from 'OBJECT'"
        source = f"(select json_extract_string(json, [{pointers}]) as cells, {is_other} as is_other from objects)"
        cells = [f"cells[{position}]" for position in range(1, len(names) + 1)]
        if _is_any(connection, is_other):
            # A place in the list without a song is a row that cannot be used.
            names, cells = [*names, ""], [*cells, "if(is_other, '?', null)"]
        return written(Table(names, cells, source), path, connection, max_bytes)


def _read_objects(path: Path, connection: duckdb.DuckDBPyConnection, *, is_list: bool) -> None:
    """Create `objects`, with null for a line that is broken."""
    if is_list:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - PIECE_BYTES))
            if not file.read().rstrip().endswith(b"]"):
                # DuckDB takes a list without its end for a whole one.
                raise rejected("json_unreadable")
    # By itself, DuckDB takes a long list for one object, and has no memory for it.
    forms = ["'array'"] if is_list else ["'auto'", "'newline_delimited', ignore_errors=true"]
    for form in forms:
        objects = f"read_json_objects({literal(str(path))}, format={form}, maximum_object_size={MAX_JSON_BYTES})"
        try:
            connection.execute(f"create or replace temp table objects as select json from {objects}")
        except duckdb.InvalidInputException:
            if form == forms[-1]:
                raise
        else:
            break
    if connection.execute("select 2 * count(json) < count(*) from objects").fetchall() == [(True,)]:
        raise rejected("json_unreadable")


def _unwrap(connection: duckdb.DuckDBPyConnection) -> None:
    """Let `objects` be the songs in lists of them, in answers of spotipy, or in the one list of the one object."""
    if _is_any(connection, "json_type(json) = 'ARRAY'"):
        _replace(connection, "unnest(if(json_type(json) = 'ARRAY', json_extract(json, '$[*]'), [json]))", "objects")
    # spotipy has null for a song that Spotify does not know. A song with a list of one beside its title is no answer.
    is_answer = "json_type(json, '/tracks') = 'ARRAY' or json_array_length(json, '/audio_features') > 1"
    is_alone = "len(json_keys(json)) = 1"
    if _is_any(
        connection, f"json_type(json, '/audio_features/0') in ('OBJECT', 'NULL') and ({is_answer} or {is_alone})"
    ):
        both = "(select {} from objects)".format(
            ", ".join(f"unnest(json_extract(json, '$.{key}[*]')) as {key}" for key in ("tracks", "audio_features"))
        )
        features = "if(json_type(audio_features) = 'OBJECT', audio_features, '{}')"
        track = f"json_merge_patch(tracks, {features})"
        _replace(connection, f"if(json_type(tracks) = 'OBJECT', {track}, audio_features)", both)
    elif wrapped := _wrapping_key(connection):
        _replace(connection, f"unnest(json_extract(json -> {literal(_pointer(wrapped))}, '$[*]'))", "objects")
    for key in ("audio_features", "audioFeatures", "features"):
        nested = f"if(json_array_length(json, '/{key}') = 1, json -> '/{key}/0', json -> '/{key}')"
        is_nested = f"json_type({nested}) = 'OBJECT'"
        if _is_any(connection, is_nested):
            merged = f"json_merge_patch(json, json_object('{key}', null), {nested})"
            _replace(connection, f"if({is_nested}, {merged}, json)", "objects")


def _is_any(connection: duckdb.DuckDBPyConnection, condition: str) -> bool:
    return connection.execute(f"select exists(from objects where {condition})").fetchall() == [(True,)]


def _replace(connection: duckdb.DuckDBPyConnection, json: str, source: str) -> None:
    connection.execute(f"create or replace temp table objects as select {json} as json from {source}")


def _wrapping_key(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Return the key of the one list of objects in the one object that the file is, or None."""
    if connection.execute("select count(*) from objects").fetchall() != [(1,)]:
        return None
    pointer = "'/' || replace(replace(key, '~', '~0'), '/', '~1')"
    keys = connection.execute(
        "select key from (select json, unnest(json_keys(json)) as key from objects) "
        f"where list_contains(json_type(json -> ({pointer}), '$[*]'), 'OBJECT') limit 2"
    ).fetchall()
    return str(keys[0][0]) if len(keys) == 1 else None


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


class Table(NamedTuple):
    """A table to write as CSV: its columns' names, their cells as SQL, and what they are selected from."""

    names: list[str]
    cells: list[str]
    source: str


LIBRARY_LISTS = {"tracks": 1, "bannedTracks": 0}
"""Lists of songs in Spotify's `YourLibrary.json`, and the label of their songs."""

LIBRARY = Table(
    ["title", "artist", "album", "uri", LABEL],
    [*(f"json_extract_string(song, '$.{key}')" for key in ("track", "artist", "album", "uri")), f"{LABEL}::varchar"],
    "("
    + " union all ".join(
        f"select unnest(json_extract(json, '$.{key}[*]')) as song, {label} as {LABEL} from objects"
        for key, label in LIBRARY_LISTS.items()
    )
    + ") where json_type(song) = 'OBJECT'",
)
"""The songs of such a library."""


def _is_library(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the file is one object with lists of liked and of other things, as Spotify sends it."""
    keys = connection.execute("select json_keys(json) from objects where json_type(json) = 'OBJECT' limit 2").fetchall()
    return len(keys) == 1 and set(LIBRARY_LISTS) <= set(keys[0][0])


def written(table: Table, path: Path, connection: duckdb.DuckDBPyConnection, max_bytes: int) -> Path:
    """Write a table as CSV beside the file that it comes from; raise `InvalidDataset` if it is too large."""
    if len(table.names) > MAX_COLUMNS:
        raise rejected("too_many_columns", count=len(table.names), limit=MAX_COLUMNS)
    # Equal cells take no room in Parquet, and absent ones none in JSON. The rows are counted first, which is quick.
    ((rows,),) = connection.execute(f"select count(*) from {table.source}").fetchall()
    if rows * len(table.names) > max_bytes:
        raise rejected("archive_too_large", limit=max_bytes / 1e6)
    # A list, since DuckDB takes no expression as deep as a sum of a thousand terms.
    lengths = ", ".join(f"sum(strlen({cell}))" for cell in table.cells)
    ((length,),) = connection.execute(f"select coalesce(list_sum([{lengths}]), 0) from {table.source}").fetchall()
    if length + rows * len(table.names) > max_bytes:
        raise rejected("archive_too_large", limit=max_bytes / 1e6)
    target = path.with_suffix(".converted")
    # The header is a row like others: names of columns may be empty in files, or differ only in case.
    header, cells = ", ".join(map(literal, table.names)), ", ".join(f"({cell})::varchar" for cell in table.cells)
    query = f"select {header} union all select {cells} from {table.source}"
    connection.execute(f"copy ({query}) to {literal(str(target))} (format csv, header false)")
    return target
