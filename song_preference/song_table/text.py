"""From the file that a listener has to a CSV in UTF-8: unpack, transcode, convert; every step bounded and noted."""

import codecs
import errno
import gzip
import lzma
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

import duckdb

from song_preference.messages import Message
from song_preference.song_table.database import literal, quoted
from song_preference.song_table.files import PIECE_BYTES, check_is_no_page, copied, pieces, rejected
from song_preference.song_table.records import MAX_COLUMNS
from song_preference.temporary import FULL, FULL_TEXTS

TABLES = ("csv", "tsv", "txt", "json", "jsonl", "ndjson", "parquet")
UNICODE = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""Encodings by the marks that files in them begin with; the longer marks begin with the shorter ones."""

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Beginning of the binary formats of older office programs."""

BROKEN_ARCHIVE = (
    *(OSError, EOFError, ValueError, struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile),
    *(NotImplementedError, RuntimeError),  # of zipfile, for other ways of packing and for passwords
)

SPOTIFY_ACCOUNT = re.compile(r"(YourLibrary|Playlist\d+|StreamingHistory\w*|Streaming_History\w*)\.json$")
"""Files in the zip that Spotify sends to whoever asks for their data: names of songs, without features."""

CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1a\x1b"})
"""Bytes that no text holds."""


MAX_JSON_BYTES = 64 << 20
"""Longest JSON value, which DuckDB holds in memory: a whole file if its songs lie in one object."""


class Csv(NamedTuple):
    """A CSV in UTF-8, and what was done to the file to make it one."""

    path: Path
    notes: list[Message]


def as_csv(path: Path, connection: duckdb.DuckDBPyConnection, max_bytes: int) -> Csv:
    """Return the file's table as a CSV beside it; raise `InvalidDataset` for what is no table of songs.

    What is packed may have at most `max_bytes` unpacked.
    """
    start = _start(path)
    if start.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        path = _unpacked(path, start, max_bytes)
        start = _start(path)
    if start.startswith(b"PAR1"):
        return Csv(_from_parquet(path, connection, max_bytes), [Message("converted", {"format": "Parquet"})])
    if start.startswith(OLE2):
        raise rejected("spreadsheet_file")
    path, notes = _transcoded(path, start)
    text = _start(path).removeprefix(codecs.BOM_UTF8).lstrip()
    if not text:
        raise rejected("empty_file")
    check_is_no_page(text)
    if text.startswith((b"[", b"{")):
        is_list = text.startswith(b"[")
        return Csv(
            _from_json(path, connection, max_bytes, is_list=is_list), [*notes, Message("converted", {"format": "JSON"})]
        )
    return Csv(path, notes)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(PIECE_BYTES)


@contextmanager
def unpacking() -> Iterator[None]:
    """Raise `InvalidDataset` for what goes wrong with an archive."""
    try:
        yield
    except BROKEN_ARCHIVE as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        raise rejected("archive_unreadable") from None


def _unpacked(path: Path, start: bytes, max_bytes: int) -> Path:
    """Return the one table in a gz or zip file, unpacked."""
    target = path.with_suffix(".unpacked")
    with unpacking(), target.open("wb") as unpacked:
        if start.startswith(b"PK"):
            with zipfile.ZipFile(path) as packed, packed.open(_member(packed)) as file:
                copied(file, unpacked, max_bytes)
        else:
            with gzip.open(path) as file:
                copied(cast("IO[bytes]", file), unpacked, max_bytes)
    return target


def _member(packed: zipfile.ZipFile) -> zipfile.ZipInfo:
    tables = members(packed, TABLES)
    if len(tables) != 1:
        raise rejected("archive_without_one_table", count=len(tables))
    return tables[0]


def members(packed: zipfile.ZipFile, extensions: Sequence[str]) -> list[zipfile.ZipInfo]:
    """Return the files in a zip that have one of the extensions; raise `InvalidDataset` for what holds no songs."""
    names = packed.namelist()
    if any(name.startswith("xl/") for name in names) or "content.xml" in names:
        raise rejected("spreadsheet_file")
    if any(SPOTIFY_ACCOUNT.search(name) for name in names):
        raise rejected("no_audio_features")
    endings = tuple(f".{extension}" for extension in extensions)
    return [
        member
        for member in packed.infolist()
        if member.filename.lower().endswith(endings) and not member.filename.startswith("__MACOSX/")
    ]


def _transcoded(path: Path, start: bytes) -> Csv:
    """Return the text file in UTF-8."""
    encoding = next((name for mark, name in UNICODE.items() if start.startswith(mark)), None)
    if encoding is None and (width := _nul_pattern(start)):
        encoding = width
    if encoding is None:
        encoding = _one_byte_encoding(path)
    if encoding is None:
        return Csv(path, [])
    target = path.with_suffix(".utf-8")
    try:
        with path.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as file:
            shutil.copyfileobj(source, file, PIECE_BYTES)
    except UnicodeError:
        raise rejected("encoding_broken", encoding=encoding) from None
    return Csv(target, [Message("transcoded", {"encoding": encoding})])


def _nul_pattern(start: bytes) -> str | None:
    """Return the encoding of UTF-16 without a mark: every second byte of its ASCII characters is 0."""
    sample = start[:1000]
    if len(sample) >= 4 and sample[1::2].count(0) > 0.9 * len(sample[1::2]) and not sample[::2].count(0):
        return "UTF-16-LE"
    if len(sample) >= 4 and sample[::2].count(0) > 0.9 * len(sample[::2]) and not sample[1::2].count(0):
        return "UTF-16-BE"
    return None


def _one_byte_encoding(path: Path) -> str | None:
    """Return None for UTF-8, else the encoding that has one byte per character and fits; raise `InvalidDataset`."""
    decoder, is_ascii, is_utf8, taken = codecs.getincrementaldecoder("utf-8")(), True, True, set[int]()
    with path.open("rb") as file:
        for piece in pieces(file):
            if len(piece) != len(piece.translate(None, CONTROLS)):
                raise rejected("binary")
            if is_utf8 and not (is_ascii and piece.isascii()):
                is_ascii, is_utf8 = False, _decodes(decoder, piece)
            if not is_utf8:
                taken |= set(piece)
    if is_utf8 and _decodes(decoder, b"", final=True):
        return None
    # Windows-1252 leaves five bytes undefined, which Latin-1 has as control characters.
    return "ISO-8859-1" if taken & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "Windows-1252"


def _decodes(decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(piece, final)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _converting(unreadable: str) -> Iterator[None]:
    """Raise `InvalidDataset` for what DuckDB cannot read, with the code `unreadable`, or has no memory for."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise rejected("rows_too_large") from None
    except duckdb.Error as error:
        if any(text in str(error) for text in FULL_TEXTS):
            raise OSError(errno.ENOSPC, str(error)) from error
        raise rejected(unreadable) from None


def _from_parquet(path: Path, connection: duckdb.DuckDBPyConnection, max_bytes: int) -> Path:
    """Write a Parquet file as CSV."""
    source = f"read_parquet({literal(str(path))})"
    with _converting("parquet_unreadable"):
        kinds = {name: kind for name, kind, *_ in connection.execute(f"describe select * from {source}").fetchall()}
        cells = [
            f"array_to_string({quoted(name)}, ', ')" if kind == "VARCHAR[]" else f"{quoted(name)}::varchar"
            for name, kind in kinds.items()
        ]
        return _written(_Table([*kinds], cells, source), path, connection, max_bytes)


def _from_json(path: Path, connection: duckdb.DuckDBPyConnection, max_bytes: int, *, is_list: bool) -> Path:
    """Write the songs of a JSON file as CSV: a list of objects, one object per line, or one object with such a list."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - PIECE_BYTES))
        if not file.read().rstrip().endswith((b"]", b"}")):
            # DuckDB takes a list without its end for a whole one.
            raise rejected("json_unreadable")
    # By itself, DuckDB takes a long list for one object, and has no memory for it.
    form = "array" if is_list else "auto"
    objects = f"read_json_objects({literal(str(path))}, format='{form}', maximum_object_size={MAX_JSON_BYTES})"
    with _converting("json_unreadable"):
        connection.execute(f"create or replace temp table objects as select json from {objects}")
        if wrapped := _wrapping_key(connection):
            entries = f"json_extract(json -> {literal(_pointer(wrapped))}, '$[*]')"
            connection.execute(f"create or replace temp table objects as select unnest({entries}) as json from objects")
        songs = "objects where json_type(json) = 'OBJECT'"
        keys = f"select distinct unnest(json_keys(json)) as key from {songs}"
        names = [name for (name,) in connection.execute(f"{keys} limit {MAX_COLUMNS + 1}").fetchall()]
        if not names:
            raise rejected("json_without_songs")
        # All cells at once: each extraction by itself would parse the whole object, and hold what it parsed.
        pointers = ", ".join(literal(_pointer(name)) for name in names)
        source = f"(select json_extract_string(json, [{pointers}]) as cells from {songs})"
        cells = [f"cells[{position}]" for position in range(1, len(names) + 1)]
        return _written(_Table(names, cells, source), path, connection, max_bytes)


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


class _Table(NamedTuple):
    """A table to write as CSV: its columns' names, their cells as SQL, and what they are selected from."""

    names: list[str]
    cells: list[str]
    source: str


def _written(table: _Table, path: Path, connection: duckdb.DuckDBPyConnection, max_bytes: int) -> Path:
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
    columns = ", ".join(f"{cell} as {quoted(name)}" for name, cell in zip(table.names, table.cells, strict=True))
    query = f"select {columns} from {table.source}"
    connection.execute(f"copy ({query}) to {literal(str(target))} (format csv, header true)")
    return target
