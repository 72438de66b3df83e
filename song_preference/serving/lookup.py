"""Completes files of songs without features with those of the catalogue, found by id, ISRC, or title and artist."""

import codecs
import csv
import json
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import numpy as np

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.isolation import isolated
from song_preference.names import name_key
from song_preference.serving.song_index import IndexStore, SongIndex, connect
from song_preference.song_table.catalogue import LONGEST_TEXT
from song_preference.song_table.columns import MEANINGS, plain
from song_preference.song_table.files import faults_of_file, rejected
from song_preference.song_table.load import ROWS_SHOWN
from song_preference.song_table.origin import FEATURES_FROM, shown_name
from song_preference.song_table.output import with_added
from song_preference.song_table.playlist import pack, two_files
from song_preference.song_table.read import SongTable, opened_names
from song_preference.song_table.records import Cells, Records, is_blank

MOST_ROWS = 100_000
"""Most songs of a file that are looked up: their names are in memory."""

BATCH_SONGS = 1_000
"""Songs in one query of the index."""

ID = re.compile("[0-9A-Za-z]{22}|[0-9a-f]{20}")
"""Spotify's ids, and those that the index makes up. Others, such as numbers of rows, are another file's own."""

REPLACED = {plain(FEATURES_FROM), *(name for name, meaning in MEANINGS.items() if meaning in FEATURES)}
"""Plain names of columns that a completed file has once."""

UNREADABLE = "?"
"""What stands for a row that cannot be read: too few cells."""

ISRC = re.compile("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")


class NamedSong(NamedTuple):
    """The names and ids by which a row of a file tells its song."""

    id: str | None
    isrc: str | None
    title: str | None
    artist: str | None


Features = tuple[float, float, float, float]


def _id(song: NamedSong) -> str | None:
    return song.id if song.id and ID.fullmatch(song.id) else None


def _isrc(song: NamedSong) -> str | None:
    found = re.sub("[- ]", "", song.isrc or "").upper()
    return found if ISRC.fullmatch(found) else None


def _name(song: NamedSong) -> int | None:
    title, artist = (song.title or "").strip(), (song.artist or "").strip()
    return name_key(title, artist) if title and artist else None


KEYS: dict[str, Callable[[NamedSong], str | int | None]] = {"id": _id, "isrc": _isrc, "name": _name}
"""How a song is found, by column of the index, the surest way first."""


def match(connection: sqlite3.Connection, songs: Sequence[NamedSong]) -> dict[int, Features]:
    """Return the features of the songs that the index has, by their position; of several the most popular's."""
    found: dict[int, Features] = {}
    for column, key_of in KEYS.items():
        missing = (at for at in range(len(songs)) if at not in found)
        keys = {at: key for at in missing if (key := key_of(songs[at])) is not None}
        places = list(keys)
        rows = connection.execute(
            f"select asked.key, {', '.join(FEATURES)} from json_each(?) asked join songs on songs.number = "
            f"(select number from songs where {column} = asked.value order by number limit 1)",
            (json.dumps(list(keys.values())),),
        )
        found |= {places[at]: (first, second, third, fourth) for at, first, second, third, fourth in rows}
    return found


def lacks_features(error: InvalidDataset) -> bool:
    """Return whether a file cannot be used since it, or one of two files in it, names songs without features."""
    return any(finding.rule.is_about("no_audio_features") for finding in error.findings)


def completed(error: InvalidDataset, path: Path, max_bytes: int, indexes: IndexStore | None) -> Path:
    """Return a copy of a file, beside it, with features from the catalogue; raise `InvalidDataset` and `DiskFull`.

    `error` tells why the file cannot be used as it is; it is raised again if there is no catalogue, or if the reason is
    not that features lack.
    """
    if not lacks_features(error):
        raise error
    # An index goes once another one is in use, maybe before it is opened.
    for _ in range(2):
        if index := indexes and indexes.current:
            try:
                return isolated(_completed, path, max_bytes, index)
            except sqlite3.Error:
                continue
    raise error


def _completed(path: Path, max_bytes: int, index: SongIndex) -> Path:
    directory = Path(mkdtemp(dir=path.parent))
    target = directory / "completed"
    with closing(connect(index.path)) as connection:
        look_up = _LookUp(connection, f"catalogue {index.catalogue}", max_bytes)
        if two := two_files(path, directory, max_bytes, needs_features=False):
            look_up.complete_two(two, target)
        else:
            look_up.complete(path, directory, target)
    if target.stat().st_size > max_bytes:
        raise rejected("archive_too_large", limit=max_bytes / 1e6)
    return target


class _LookUp:
    """Looks up the songs of one file or of two."""

    def __init__(self, connection: sqlite3.Connection, origin: str, max_bytes: int) -> None:
        self._connection, self._origin, self._max_bytes = connection, origin, max_bytes

    def complete_two(self, files: Sequence[Path], target: Path) -> None:
        """Complete those of two files that have no features, and pack both."""
        written = [file.parent / "completed" for file in files]
        for file, copy in zip(files, written, strict=True):
            try:
                self.complete(file, file.parent, copy)
            except InvalidDataset as error:
                raise faults_of_file(error, file) from error
        with written[0].open("rb") as liked, written[1].open("rb") as disliked:
            pack({"liked": liked, "disliked": disliked}, target)

    def complete(self, path: Path, directory: Path, target: Path) -> None:
        """Write a file with its features, or as it is if it has features; raise `InvalidDataset`."""
        with opened_names(path, directory, max_bytes=self._max_bytes) as table:
            if FEATURES[0] in table.known:
                path.rename(target)
                return
            if table.rows > MOST_ROWS:
                raise rejected("too_many_to_look_up", limit=MOST_ROWS)
            features = self._matches(table)
            if not features:
                raise self._nothing_found(table)
            _write(table, features, self._origin, target)

    def _matches(self, table: SongTable) -> dict[int, Features]:
        """Return the features of the songs that are found, by row."""
        columns = [
            f"left(trim({name}), {LONGEST_TEXT})" if name in table.known else "null" for name in NamedSong._fields
        ]
        rows = table.query(f"select row, {', '.join(columns)} from songs order by row")
        features: dict[int, Features] = {}
        for start in range(0, len(rows), BATCH_SONGS):
            batch = rows[start : start + BATCH_SONGS]
            found = match(self._connection, [NamedSong(*names) for _, *names in batch])
            features |= {batch[at][0]: values for at, values in found.items()}
        return features

    def _nothing_found(self, table: SongTable) -> InvalidDataset:
        """Return the error about a file of which no song is in the catalogue."""
        asked = f"select {shown_name(table.known)} from songs order by row limit {ROWS_SHOWN}"
        names = [name for (name,) in table.query(asked)]
        names += ["..."] if table.rows > len(names) else []
        return rejected("no_song_found", rows=table.rows, origin=self._origin, not_found=names)


def _write(table: SongTable, features: dict[int, Features], origin: str, target: Path) -> None:
    """Write the file's rows, each in its place, with features and their origin behind the file's own columns."""
    layout, width = table.layout, len(table.layout.header)
    with table.text.open("rb") as file:
        encoding = "utf-8-sig" if file.read(3) == codecs.BOM_UTF8 else "utf-8"
    with (
        table.text.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding=encoding, newline="") as file,
    ):
        writer = csv.writer(file, delimiter=layout.separator, lineterminator="\r\n")
        for row, cells in enumerate(Records(source, layout.separator, layout.row, width), start=1):
            writer.writerow(_row(cells, row, table, _added(row, table, features, origin)))


def _added(row: int, table: SongTable, features: Mapping[int, Features], origin: str) -> Cells:
    if row == table.layout.row:
        return [*FEATURES, FEATURES_FROM]
    # As the index has them, without the digits that float32 does not tell apart.
    return [*(str(np.float32(value)) for value in features[row]), origin] if row in features else [""] * 5


def _row(cells: Cells | None, row: int, table: SongTable, added: Cells) -> Cells:
    """Return a row of the copy: one at fault stays so, and a title above the header stays as it is."""
    width = len(table.layout.header)
    if cells is None:
        return [UNREADABLE]
    if row < table.layout.row or is_blank(cells) or len(cells) < width:
        return cells
    if row == table.layout.row:
        # So that columns of features without any, or of an earlier look-up, are not taken for ours.
        cells = [f"{cell}_before" if plain(cell) in REPLACED else cell for cell in cells]
    return with_added(cells, width, added)
