"""Completes files of songs without features with those of the catalogue, found by id, ISRC, or title and artist.

Songs that it does not have may be asked of a service, by Spotify's id.
"""

import codecs
import csv
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, FeatureRow
from song_preference.isolation import isolated
from song_preference.names import SPOTIFY_ID, name_key
from song_preference.serving.song_index import IndexStore, SongIndex, connect
from song_preference.song_table.catalogue import LONGEST_TEXT
from song_preference.song_table.columns import MEANINGS, plain
from song_preference.song_table.files import faults_of_file, rejected
from song_preference.song_table.load import ROWS_SHOWN
from song_preference.song_table.origin import FEATURES_FROM, catalogue_origin, shown_name, shown_origin
from song_preference.song_table.output import with_added
from song_preference.song_table.playlist import pack, two_files
from song_preference.song_table.read import SongTable, opened
from song_preference.song_table.records import Cells, fits, is_blank

MOST_ROWS = 100_000
"""Most songs of a file that are looked up: their names are in memory."""

BATCH_SONGS = 1_000
"""Songs in one query of the index."""

ID = re.compile(f"{SPOTIFY_ID.pattern}|[0-9a-f]{{20}}")
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


R = TypeVar("R")


class FeaturesService(Protocol):
    """A service that knows features."""

    @property
    def host(self) -> str:
        """Its name in files and messages."""

    def features(self, ids: Sequence[str]) -> Mapping[str, FeatureRow]:
        """Return the features of the songs that it knows, by Spotify's id; fewer if it fails."""


class Sources(NamedTuple):
    """Whatever songs are looked up in, in this order."""

    indexes: IndexStore | None = None
    service: FeaturesService | None = None


class Answers(NamedTuple):
    """Answers of a service that was asked about the songs of a file."""

    host: str
    features: Mapping[str, FeatureRow]


class Found(NamedTuple):
    """The features of a song, and where they come from."""

    features: FeatureRow
    origin: str


def _id(song: NamedSong) -> str | None:
    return song.id if song.id and ID.fullmatch(song.id) else None


def _isrc(song: NamedSong) -> str | None:
    return song.isrc if song.isrc and ISRC.fullmatch(song.isrc) else None


def _name(song: NamedSong) -> int | None:
    title, artist = (song.title or "").strip(), (song.artist or "").strip()
    return name_key(title, artist) if title and artist else None


KEYS: dict[str, Callable[[NamedSong], str | int | None]] = {"id": _id, "isrc": _isrc, "name": _name}
"""How a song is found, by column of the index, the surest way first."""


def match(connection: sqlite3.Connection, songs: Sequence[NamedSong]) -> dict[int, FeatureRow]:
    """Return the features of the songs that the index has, by their position; of several the most popular's."""
    found: dict[int, FeatureRow] = {}
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


def completed(error: InvalidDataset, path: Path, max_bytes: int, sources: Sources) -> Path:
    """Return a copy of a file, beside it, with features from the sources.

    `error` tells why the file cannot be used as it is; it is raised again if there is nothing to look songs up in, or
    if the reason is not that features lack. Raise `InvalidDataset` and `DiskFull`.
    """
    if not lacks_features(error):
        raise error
    indexes, service = sources
    # An index goes once another one is in use, maybe before it is opened.
    for _ in range(2):
        index = indexes.current if indexes else None
        with suppress(sqlite3.Error):
            # Isolated processes only read; this one asks.
            ids = isolated(_unknown_ids, path, max_bytes, index) if service else []
            answers = Answers(service.host, service.features(ids)) if service and ids else None
            if index or answers:
                return isolated(_completed, path, max_bytes, index, answers)
            break
    raise error


def _unknown_ids(path: Path, max_bytes: int, index: SongIndex | None) -> list[str]:
    with TemporaryDirectory(dir=path.parent) as directory, _look_up(index, None, max_bytes) as look_up:
        ids = _each(path, Path(directory), max_bytes, look_up.unknown_ids)
    return [song_id for of_file in ids for song_id in of_file]


def _completed(path: Path, max_bytes: int, index: SongIndex | None, answers: Answers | None) -> Path:
    directory = Path(mkdtemp(dir=path.parent))
    with _look_up(index, answers, max_bytes) as look_up:
        copies = _each(path, directory, max_bytes, look_up.complete)
    target = copies[0]
    if len(copies) == 2:
        target = directory / "completed"
        with copies[0].open("rb") as liked, copies[1].open("rb") as disliked:
            pack({"liked": liked, "disliked": disliked}, target)
    if target.stat().st_size > max_bytes:
        raise rejected("archive_too_large", limit=max_bytes / 1e6)
    return target


def _each(path: Path, directory: Path, max_bytes: int, act: Callable[[Path, Path], R]) -> list[R]:
    """Return what `act` makes of a file, or of each of two files in it, and of a folder for whatever it writes."""
    results = []
    for file in two_files(path, directory, max_bytes, needs_features=False):
        with faults_of_file(file):
            results.append(act(file, file.parent))
    return results or [act(path, directory)]


@contextmanager
def _look_up(index: SongIndex | None, answers: Answers | None, max_bytes: int) -> "Iterator[_LookUp]":
    if index is None:
        yield _LookUp(None, "", answers, max_bytes)
        return
    with closing(connect(index.path)) as connection:
        yield _LookUp(connection, catalogue_origin(index.catalogue), answers, max_bytes)


class _LookUp:
    """Looks up the songs of one file at a time."""

    def __init__(
        self, connection: sqlite3.Connection | None, catalogue: str, answers: Answers | None, max_bytes: int
    ) -> None:
        self._connection, self._catalogue, self._answers, self._max_bytes = connection, catalogue, answers, max_bytes

    def unknown_ids(self, path: Path, directory: Path) -> list[str]:
        """Return Spotify's ids of the songs that need features and are not found; raise `InvalidDataset`."""
        with opened(path, directory, max_bytes=self._max_bytes, needs="names") as table:
            if FEATURES[0] in table.known:
                return []
            songs = _songs(table)
            found = self._found(songs)
            ids = (song.id for row, song in songs.items() if row not in found)
            return [song_id for song_id in ids if song_id and SPOTIFY_ID.fullmatch(song_id)]

    def complete(self, path: Path, directory: Path) -> Path:
        """Return a copy of a file with features, or the file itself if it has them; raise `InvalidDataset`."""
        with opened(path, directory, max_bytes=self._max_bytes, needs="names") as table:
            if FEATURES[0] in table.known:
                return path
            found = self._found(_songs(table))
            if not found:
                raise self._nothing_found(table)
            _write(table, found, directory / "completed")
            return directory / "completed"

    def _found(self, songs: Mapping[int, NamedSong]) -> dict[int, Found]:
        """Return what is found of songs, by row."""
        rows, found = list(songs), dict[int, Found]()
        if self._connection:
            for start in range(0, len(rows), BATCH_SONGS):
                batch = rows[start : start + BATCH_SONGS]
                matches = match(self._connection, [songs[row] for row in batch])
                found |= {batch[at]: Found(features, self._catalogue) for at, features in matches.items()}
        if self._answers:
            for row, song in songs.items():
                if row not in found and (features := self._answers.features.get(song.id or "")):
                    found[row] = Found(features, self._answers.host)
        return found

    def _nothing_found(self, table: SongTable) -> InvalidDataset:
        """Return the error about a file of which no song is found."""
        asked = f"select {shown_name(table.known)} from songs order by row limit {ROWS_SHOWN}"
        names = [name for (name,) in table.query(asked)]
        names += ["..."] if table.rows > len(names) else []
        origins = [self._catalogue] if self._connection else []
        origins += [self._answers.host] if self._answers else []
        shown = [shown_origin(origin) for origin in origins]
        return rejected("no_song_found", rows=table.rows, origin=shown, not_found=names)


def _songs(table: SongTable) -> dict[int, NamedSong]:
    """Return the songs of a file by row; raise `InvalidDataset` for too many."""
    if table.rows > MOST_ROWS:
        raise rejected("too_many_to_look_up", limit=MOST_ROWS)
    columns = [f"left(trim({name}), {LONGEST_TEXT})" if name in table.known else "null" for name in NamedSong._fields]
    rows = table.query(f"select row, {', '.join(columns)} from songs order by row")
    return {row: NamedSong(*names) for row, *names in rows}


def _write(table: SongTable, found: Mapping[int, Found], target: Path) -> None:
    """Write the file's rows, each in its place, with features and their origin behind the file's own columns."""
    with table.text.open("rb") as file:
        encoding = "utf-8-sig" if file.read(3) == codecs.BOM_UTF8 else "utf-8"
    with (
        table.text.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding=encoding, newline="") as file,
    ):
        writer = csv.writer(file, delimiter=table.layout.separator, lineterminator="\r\n")
        for row, cells in enumerate(table.layout.records(source), start=1):
            writer.writerow(_row(cells, row, table, _added(row, table, found)))


def _added(row: int, table: SongTable, found: Mapping[int, Found]) -> Cells:
    if row == table.layout.row:
        return [*FEATURES, FEATURES_FROM]
    if row not in found:
        return [""] * 5
    # As the index has them, without the digits that float32 does not tell apart.
    return [*(str(np.float32(value)) for value in found[row].features), found[row].origin]


def _row(cells: Cells | None, row: int, table: SongTable, added: Cells) -> Cells:
    """Return a row of the copy: one at fault stays so, and a title above the header stays as it is."""
    header = table.layout.header
    if cells is None:
        return [UNREADABLE]
    is_short = len(cells) < len(header) and not fits(cells, header)
    if row < table.layout.row or is_blank(cells) or is_short:
        return cells
    if row == table.layout.row:
        # So that columns of features without any, or of an earlier look-up, are not taken for ours.
        cells = [f"{cell}_before" if plain(cell) in REPLACED else cell for cell in cells]
    return with_added(cells, len(header), added)
