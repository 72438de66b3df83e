"""Which rows are the same song: the same id or ISRC, or the same four features."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from song_preference.features import FEATURES, LABEL, SONG_KEY
from song_preference.messages import Message
from song_preference.song_table.load import ROWS_SHOWN
from song_preference.song_table.read import SongTable

KEYS = {"id": "shared_id(id)", "isrc": "isrc"}
"""SQL for what identifies a song, by column: files number their rows, and so do the two in one zip."""

MILLIONTHS = [f"round({name}::float * 1000000)::integer" for name in FEATURES]
"""Of the numbers as models take them: songs that are the same to a model have the same key."""

DIGEST = " | ".join(f"({millionths}::uhugeint << {20 * place})" for place, millionths in enumerate(MILLIONTHS))
"""The four features as one number, each rounded to a millionth: unlike a hash the same in every version of DuckDB."""

FEATURES_KEY = f"'features:' || hex({DIGEST})"
"""The same as text; DuckDB takes 30 us to write so great a number in decimal digits."""

_BITS = "(hash(digest) >> 32)::uinteger"
MAY_REPEAT = f"{_BITS} in (select {_BITS} from keyed group by all having count(*) > 1)"
"""Holds for every row whose digest another one has, and for few others: 32 bits are sooner grouped than digests."""

PLAUSIBLE_SHARE = 0.1
"""A column with fewer different values, as a share of the different features, does not identify songs."""


def find_songs(table: SongTable) -> tuple[int, Message | None]:
    """Create the view `kept` with the first row of each song and its `song_key`.

    Return how many rows repeat another, and a message that names the songs that are liked and disliked at once, which
    are left out.
    """
    keys = {name: key for name, key in KEYS.items() if name in table.known and _identifies(table, key)}
    columns = ", ".join(["row", LABEL, f"{DIGEST} as digest", *(f"{key} as {name}" for name, key in keys.items())])
    kind = "table" if keys else "view"
    table.query(f"create temp {kind} keyed as select {columns} from songs where is_usable")
    song, among = (_grouped(table, [*keys]), "true") if keys else ("digest", MAY_REPEAT)
    table.query(
        f"create temp table several as select {song} as song, min(row) as first, count(*) as rows, "
        f"min({LABEL}) <> max({LABEL}) as is_contradicting from keyed where {among} group by {song} having count(*) > 1"
    )
    table.query(
        f"create temp table dropped as select row from keyed join several on {song} = song "
        "where is_contradicting or row <> first"
    )
    identity = ", ".join([*keys.values(), FEATURES_KEY])
    table.query(
        f"create view kept as select * exclude (row, is_usable), coalesce({identity}) as {SONG_KEY} from songs "
        "where is_usable and row not in (select row from dropped)"
    )
    ((repeated, count),) = table.query(
        "select sum(rows - 1) filter (not is_contradicting), count(*) filter (is_contradicting) from several"
    )
    return int(repeated or 0), _contradicting(table, count) if count else None


def _identifies(table: SongTable, key: str) -> bool:
    ((values, songs),) = table.query(
        f"select count(distinct {key}), count(distinct {DIGEST}) filter ({key} is not null) from songs where is_usable"
    )
    return bool(values > PLAUSIBLE_SHARE * songs)


def _grouped(table: SongTable, keys: list[str]) -> str:
    """Add the column `component` to `keyed`: rows that share a key, directly or by way of others, have the same."""
    table.query("create temp table numbered as select *, row_number() over (order by row) - 1 as position from keyed")
    links = [
        f"if({key} is null, position, min(position) over (partition by {key})) as by_{key}" for key in (*keys, "digest")
    ]
    linked = f"select position, {', '.join(links)} from numbered order by position"
    found = table.connection.execute(linked).fetchnumpy()
    position = found.pop("position")
    rows, columns = np.tile(position, len(found)), np.concatenate(list(found.values()))
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(len(position), len(position)))
    components = {"position": position, "component": connected_components(graph, directed=False)[1]}
    table.connection.register("components", components)
    table.query("create or replace temp table keyed as select * from numbered join components using (position)")
    table.connection.unregister("components")
    return "component"


def _contradicting(table: SongTable, count: int) -> Message:
    names = [name for name in ("title", "artist") if name in table.known]
    shown = f"concat_ws(' - ', {', '.join(names)})" if names else "'#' || row"
    found = table.query(
        f"select {shown} from songs where row in (select first from several where is_contradicting) "
        f"order by row limit {ROWS_SHOWN}"
    )
    songs = [str(name) for (name,) in found]
    return Message("songs_contradicting", {"count": count, "songs": [*songs, *(["..."] if count > len(songs) else [])]})
