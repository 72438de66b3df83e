"""A catalogue: tables of songs with title and artist, in one file or in a zip of several, as ordered Parquet files."""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import duckdb

from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.song_table import database, read
from song_preference.song_table.columns import plain
from song_preference.song_table.database import literal, quoted, write_parquet
from song_preference.song_table.files import extension_of, faults_of_file, of_file, rejected
from song_preference.song_table.load import ROWS_SHOWN
from song_preference.song_table.read import SongTable, check_columns
from song_preference.song_table.text import extracted, members, unpacking

PART_SONGS = 250_000
"""Songs in a part: some seconds of a model's work, so that parts can be shared out evenly."""

MAX_NOTES = 100
"""Notes that are kept: a zip may have thousands of files, and a file a thousand columns."""

LONGEST_NOTE = 5_000
"""Characters of a note that is kept: it may name a thousand columns."""

LONGEST_TEXT = 300
"""Characters kept of a title or another text."""

NAMED = ("title", "artist")
OTHERS = {
    "year": "year, release year, released year, release date, album release date, track album release date, "
    "album date, año, released",
    "genre": "genre, genres, track genre, playlist genre, artist genres, main genre, top genre, género",
    "popularity": "popularity, track popularity, song popularity, pop, popularidad",
}
"""Names by meaning of the columns that only a catalogue has."""
MEANINGS = {plain(name): meaning for meaning, names in OTHERS.items() for name in names.split(", ")}

LISTED = (
    "regexp_replace(case when {0} like '[%]' then regexp_replace(regexp_replace({0}, "
    "'^\\[([''\"]|\\]$)|[''\"]\\]$', '', 'g'), '[''\"], ?[''\"]', ', ', 'g') else {0} end, ' *; *', ', ', 'g')"
)
"""SQL for several names in a cell, with commas: some sets have lists of Python or JSON, others semicolons."""

CELLS = {
    "id": "shared_id({0})",
    "artist": LISTED,
    "genre": LISTED,
    "year": "try_cast(regexp_extract({0}::varchar, '^ *([12][0-9]{{3}})', 1) as smallint)",
    "popularity": "try_cast({0} as decimal(18, 4))",  # so that it is finite
}
"""SQL that normalises a cell, by column."""

COLUMNS = dict.fromkeys(("id", "isrc", *NAMED, "album", "genre"), "varchar") | {
    "year": "smallint",
    "popularity": "float",
}
"""Columns of a part beside the features, which are float32, and their types; without a column they are null."""

IS_NAMED = "trim(title) <> '' and trim(trim(artist, ' []''\"')) <> ''"
"""Whether a row has a title and an artist: a list may hold none."""

SAME = "coalesce(nullif(regexp_replace(lower(strip_accents({0})), '[^\\p{{L}}\\p{{N}}]+', '', 'g'), ''), {0})"
"""A title or an artist without what different sources write differently, or as it is if nothing else is in it."""

PLACE = "row_number() over () - (coalesce(popularity, -1e15)::double * 10000)::hugeint * 1000000000000"
"""SQL for the place of a row: the most popular first, in steps of .0001 as they are read, then in the files' order."""


@dataclass(frozen=True)
class Read:
    """The first notes on how files were read, the counts of rows read and left out, and the size of the files."""

    notes: list[Message] = field(default_factory=list)
    rows: int = 0
    left_out: int = 0
    """Rows without usable features, title or artist."""
    unpacked_bytes: int = 0
    """Bytes of the files, each in the largest form that it had until it was read."""
    more_notes: int = 0
    """Notes that are not kept."""

    def __add__(self, other: "Read") -> "Read":
        """Return what was read of both files."""
        short = (note for note in other.notes if len(str(note)) <= LONGEST_NOTE)
        notes = [*self.notes, *islice(short, MAX_NOTES - len(self.notes))]
        return Read(
            notes,
            self.rows + other.rows,
            self.left_out + other.left_out,
            self.unpacked_bytes + other.unpacked_bytes,
            self.more_notes + other.more_notes + len(self.notes) + len(other.notes) - len(notes),
        )

    def all_notes(self) -> list[Message]:
        """Return the notes, the last one of which says how many more there are."""
        return [*self.notes, *([Message("more_notes", {"count": self.more_notes})] if self.more_notes else [])]


class Catalogue:
    """The songs of all files, each once, the most popular first; else in the order of the files."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, found: Read) -> None:
        self._connection, self.read = connection, found
        ((self.songs,),) = connection.execute("select count(*) from songs").fetchall()

    def parts(self, directory: Path) -> Iterator[tuple[Path, int]]:
        """Write parts of at most `PART_SONGS`; yield each with its number of songs, and remove it afterwards."""
        for first in range(0, self.songs, PART_SONGS):
            path = directory / "part.parquet"
            columns = ", ".join([*COLUMNS, *FEATURES])
            part = f"select {columns} from songs where rowid >= {first} and rowid < {first + PART_SONGS}"
            write_parquet(self._connection, part, path)
            yield path, min(PART_SONGS, self.songs - first)
            path.unlink()


@contextmanager
def opened(path: Path, directory: Path, max_bytes: int) -> Iterator[Catalogue]:
    """Yield the catalogue in a file or zip, of at most `max_bytes` unpacked; raise `InvalidDataset`."""
    with path.open("rb") as file:
        is_zip = extension_of(file) == "zip"
    if is_zip:
        whole = _all_written(_unpacked(path, directory, max_bytes), max_bytes)
    else:
        alone = directory / "0" / path.name
        alone.parent.mkdir()
        whole = Read() + _written(path.rename(alone), max_bytes)
    files = sorted(directory.glob("*/songs.parquet"), key=lambda file: int(file.parent.name))
    # Of tables that were written here: what fails from now on is no fault of the file.
    with database.opened(directory, threads=1) as connection:
        _gather(connection, files)
        yield Catalogue(connection, whole)


def _unpacked(path: Path, directory: Path, max_bytes: int) -> Iterator[Path]:
    """Yield the files of a zip, each in a numbered directory of its own, from which it goes afterwards."""
    with unpacking(), zipfile.ZipFile(path) as packed:
        tables = members(packed)
        if not tables:
            raise rejected("archive_without_tables")
        # `zipfile` reads no more of a file than the size that the archive says.
        if sum(member.file_size for member in tables) > max_bytes:
            raise rejected("archive_too_large", limit=max_bytes / 1e6)
        for number, member in enumerate(tables):
            yield extracted(packed, member, directory / f"{number}", max_bytes)


def _all_written(files: Iterable[Path], max_bytes: int) -> Read:
    """Read the files of a zip, which errors and notes name; raise `InvalidDataset` for more than `max_bytes` in all.

    Their sizes in the zip were added up before, but files in it may be packed themselves.
    """
    whole = Read()
    for file in files:
        with faults_of_file(file):
            found = _written(file, max_bytes)
        whole += replace(found, notes=[of_file(note, file) for note in found.notes])
        if whole.unpacked_bytes > max_bytes:
            raise rejected("archive_too_large", limit=max_bytes / 1e6)
    return whole


def _written(file: Path, max_bytes: int) -> Read:
    """Read a file, write its songs as Parquet beside it, and remove it."""
    with read.opened(file, file.parent, max_bytes=max_bytes) as table:
        check_columns(NAMED, table.known)
        found = _copied(table, file.parent / "songs.parquet")
    leftovers = [path for path in file.parent.iterdir() if path.name != "songs.parquet"]
    largest = max(path.stat().st_size for path in leftovers)
    for path in leftovers:
        path.unlink()
    return replace(found, unpacked_bytes=largest)


def _copied(table: SongTable, target: Path) -> Read:
    """Write the songs that can be used; raise `InvalidDataset` if there are none."""
    others = {MEANINGS[plain(name)]: quoted(name) for name in reversed(table.others) if plain(name) in MEANINGS}
    sources = {name: name for name in table.known} | others
    columns = [f"({_cell(name, sources)})::{kind} as {name}" for name, kind in COLUMNS.items()]
    columns += [f"{feature}::float as {feature}" for feature in FEATURES]
    songs = f"select {', '.join(columns)} from songs where is_usable and {IS_NAMED}"
    write_parquet(table.connection, songs, target)
    ((kept,),) = table.query(f"select count(*) from read_parquet({literal(str(target))})")
    faults, left_out = [*table.faults], table.rows - kept
    if left_out > table.unusable:
        ((rows,),) = table.query(
            f"select min(row, {ROWS_SHOWN}) from songs where is_usable and ({IS_NAMED}) is not true"
        )
        faults.append(Finding(None, Message("without_name"), left_out - table.unusable, tuple(rows)))
    if not kept:
        raise InvalidDataset(*faults)
    notes = [*table.notes]
    if left_out:
        findings = [finding.message().as_json() for finding in faults]
        notes.append(Message("rows_left_out", {"count": left_out, "findings": findings}))
    return Read(notes, table.rows, left_out)


def _cell(name: str, sources: dict[str, str]) -> str:
    if name not in sources:
        return "null"
    cell = CELLS.get(name, "{0}").format(sources[name])
    return f"nullif(left(trim({cell}), {LONGEST_TEXT}), '')" if COLUMNS[name] == "varchar" else cell


def _gather(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """Create `songs`: a song is another one's repetition by its id, or by title and artist with equal features.

    The most popular is kept. Both are compared as digests of 128 bits, which fit into memory, or are soon written to
    disk and read again.
    """
    rows = f"read_parquet([{', '.join(literal(str(file)) for file in files)}])"
    alike = ", ".join([*(SAME.format(name) for name in NAMED), *FEATURES])
    connection.execute(f"create table placed as select {PLACE} as place, * from {rows}")
    connection.execute(
        f"create table kept as select min(place) as place from (select min(place) as place, "
        f"arg_min(song, place) as song from (select place, coalesce(md5_number(id), song) as id, song from "
        f"(select place, id, md5_number(concat_ws('|', {alike})) as song from placed)) group by id) group by song"
    )
    connection.execute(
        "create table songs as select * exclude (place) from placed where place in (from kept) order by place"
    )
    connection.execute("drop table placed")
