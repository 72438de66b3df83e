"""The column that says where a song's features come from, if not from the listener's file."""

from collections.abc import Collection
from typing import Any

import duckdb

from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.song_table.load import ROWS_SHOWN

FEATURES_FROM = "features_from"
"""Name of the column; a look-up writes it, and leaves it empty for a song that was not found."""

SHOWN_CHARACTERS = 80
"""Longest name or origin in a message."""

ORIGIN = f"nullif(trim({FEATURES_FROM}::varchar), '')"
NOT_FOUND = f"{ORIGIN} is null and {' and '.join(f'{feature} is null' for feature in FEATURES)}"


def look_up_of(connection: duckdb.DuckDBPyConnection, known: Collection[str]) -> tuple[int, list[Message]]:
    """Return how many songs of the view `songs` have no features since a look-up did not find them, and notes on it.

    The view has a column of origins, which tells.
    """
    ((found, not_found),) = connection.execute(
        f"select count({ORIGIN}), count(*) filter ({NOT_FOUND}) from songs"
    ).fetchall()
    if not found:
        return 0, []
    origins = connection.execute(
        f"select count(*), left({ORIGIN}, {SHOWN_CHARACTERS}) as origin from songs where origin is not null "
        f"group by origin order by count(*) desc, origin limit {ROWS_SHOWN}"
    ).fetchall()
    shown = [
        Message("found_in", {"found": count, "origin": shown_origin(origin)}).as_json() for count, origin in origins
    ]
    values = {"found": found, "rows": found + not_found, "origin": shown}
    if not not_found:
        return 0, [Message("all_songs_found", values)]
    names = [name for (name,) in connection.execute(f"select {shown_name(known)} from songs {_FIRST}").fetchall()]
    names += ["..."] if not_found > len(names) else []
    return not_found, [Message("songs_found", {**values, "not_found": names})]


def catalogue_origin(version: str) -> str:
    """Return the origin of features that come from a version of the catalogue."""
    return f"{_CATALOGUE}{version}"


def shown_origin(origin: str) -> dict[str, Any] | str:
    """Return an origin as a value of a message: a catalogue in the listener's language, or the name of a service."""
    version = origin.removeprefix(_CATALOGUE)
    return origin if version == origin else Message("from_catalogue", {"version": version}).as_json()


_CATALOGUE = "catalogue "
_FIRST = f"where {NOT_FOUND} order by row limit {ROWS_SHOWN}"


def shown_name(known: Collection[str]) -> str:
    """Return SQL for the name of a song: title and artist, or its row where the file has neither."""
    names = [f"left(trim({name}), {SHOWN_CHARACTERS})" for name in ("title", "artist") if name in known]
    return f"coalesce(nullif(concat_ws(' - ', {', '.join(names)}), ''), '#' || row)" if names else "'#' || row"
