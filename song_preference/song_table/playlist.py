"""A playlist: one file of songs with labels, or a zip that holds a file of liked and a file of disliked songs."""

import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO

import duckdb

from song_preference.features import LABEL
from song_preference.messages import Message
from song_preference.song_table import database, read
from song_preference.song_table.columns import DESCRIBING, SCALED, label_of, plain, positions
from song_preference.song_table.database import literal, quoted
from song_preference.song_table.files import copied, extension_of, faults_of_file, of_file
from song_preference.song_table.layout import find_layout
from song_preference.song_table.read import SongTable
from song_preference.song_table.records import is_blank
from song_preference.song_table.text import as_csv, extracted, members, unpacking

DISLIKED = re.compile("dislike|unlike|notlike|dontlike|hate|nogust|nomegust|odiad")
LIKED = re.compile("like|love|gust|favou?rit")
"""Words in the names, without blanks and accents, of the two files in a zip."""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""Time of every packed file: the same files are the same zip, and so the same dataset version."""


def pack(files: Mapping[str, IO[bytes]], target: Path) -> None:
    """Write a zip that holds the files, byte for byte, with extensions that tell what they are."""
    with zipfile.ZipFile(target, "w") as packed:
        for name, file in files.items():
            info = zipfile.ZipInfo(f"{PurePosixPath(name).stem}.{extension_of(file)}", ZIP_TIME)
            with packed.open(info, "w", force_zip64=True) as member:
                copied(file, member)


@contextmanager
def opened(path: Path, directory: Path, *, max_bytes: int, threads: int = 1) -> Iterator[SongTable]:
    """Yield the songs of a playlist with their labels, as `read.opened` does; raise `InvalidDataset`."""
    two = two_files(path, directory, max_bytes)
    if not two:
        with read.opened(path, directory, max_bytes=max_bytes, needs="labels", threads=threads) as table:
            yield replace(table, notes=[*table.notes, *_notes_of_missing(table)])
        return
    tables = [_written(file, max_bytes, threads) for file in two]
    with database.opened(directory, threads) as connection:
        with database.crashes_rejected():
            table = _united(connection, tables, two)
        yield table


def first_rows_of(path: Path, directory: Path, limit: int) -> list[dict[str, str]]:
    """Return at most `limit` rows below the header as text by column, of two files about half each.

    Columns that name the song come first.
    """
    # What lies in the store was unpacked within the limit before.
    files = two_files(path, directory, sys.maxsize) or [path]
    share = -(-limit // len(files))
    return [row for file in files for row in _first_rows(file, directory, share)][:limit]


def _first_rows(path: Path, directory: Path, limit: int) -> list[dict[str, str]]:
    with database.opened(directory, threads=1) as connection:
        text, _ = as_csv(path, connection, max_bytes=sys.maxsize)
    layout = find_layout(text)
    known = positions(layout.header)
    naming = [at for meaning in DESCRIBING for at in known.get(meaning, [])]
    named = {at: layout.header[at] for at in (*naming, *range(len(layout.header))) if layout.header[at]}
    with text.open(encoding="utf-8-sig", newline="") as file:
        records = islice(layout.records(file), layout.row, None)
        rows = (cells for cells in records if cells and not is_blank(cells))
        return [{name: cells[at] for at, name in named.items() if at < len(cells)} for cells in islice(rows, limit)]


def two_files(path: Path, directory: Path, max_bytes: int, *, needs_features: bool = True) -> list[Path]:
    """Unpack the liked and the disliked file of a zip; return nothing for any other file."""
    with path.open("rb") as file:
        if extension_of(file) != "zip":
            return []
    with unpacking(), zipfile.ZipFile(path) as packed:
        files_in_it = members(packed, needs_features=needs_features)
        found = {_label(member): member for member in files_in_it}
        if len(files_in_it) != 2 or set(found) != {0, 1}:
            return []
        files = []
        for label in (1, 0):
            files.append(extracted(packed, found[label], directory / str(label), max_bytes))
            max_bytes -= files[-1].stat().st_size
        return files


def _label(member: zipfile.ZipInfo) -> int | None:
    """Return the label that a file's name means, or else that of a folder that it lies in, if one means any."""
    for name in reversed(PurePosixPath(member.filename).parts):
        label = label_of(name.partition(".")[0])
        if label is None:
            label = 0 if DISLIKED.search(plain(name)) else 1 if LIKED.search(plain(name)) else None
        if label is not None:
            return label
    return None


def _written(file: Path, max_bytes: int, threads: int) -> SongTable:
    """Read a file and write its songs as Parquet beside it."""
    with faults_of_file(file), read.opened(file, file.parent, max_bytes=max_bytes, threads=threads) as table:
        labels = [name for name in table.others if LABEL in positions([name])]
        notes = [Message("labels_by_file", {"columns": labels})] if labels else []
        left_out = f"exclude ({', '.join(map(quoted, labels))})" if labels else ""
        table.query(f"copy (select * {left_out} from songs) to {literal(str(_parquet(file)))} (format parquet)")
        others = {name: is_number for name, is_number in table.others.items() if name not in labels}
        return replace(table, others=others, notes=[*table.notes, *_notes_of_missing(table), *notes])


def _notes_of_missing(table: SongTable) -> list[Message]:
    """Note the columns that a dataset has and the file does not; nobody misses them in a list to score."""
    missing = [name for name in SCALED if name not in table.known]
    return [Message("columns_not_there", {"columns": missing})] if missing else []


def _parquet(file: Path) -> Path:
    return file.parent / "songs.parquet"


def _united(connection: duckdb.DuckDBPyConnection, tables: list[SongTable], files: list[Path]) -> SongTable:
    """Create the view `songs` of both files; the rows of the second one are numbered on from those of the first."""
    liked, disliked = (f"read_parquet({literal(str(_parquet(file)))})" for file in files)
    connection.execute(
        f"create view songs as select *, 1 as {LABEL} from {liked} union all by name "
        f"select * replace (row + (select coalesce(max(row), 0) from {liked}) as row), 0 as {LABEL} from {disliked}"
    )
    known = [name for name in dict.fromkeys(name for table in tables for name in table.known) if name != LABEL]
    both = list(zip(tables, files, strict=True))
    return replace(
        tables[0],
        connection=connection,
        known=[*known, LABEL],
        others={name: is_number for table in tables for name, is_number in table.others.items()},
        notes=[of_file(note, file) for table, file in both for note in table.notes],
        faults=[replace(fault, rule=of_file(fault.rule, file)) for table, file in both for fault in table.faults],
        rows=sum(table.rows for table in tables),
        unusable=sum(table.unusable for table in tables),
        not_found=sum(table.not_found for table in tables),
    )
