"""From the file that a listener has to a CSV in UTF-8: unpack, transcode, convert; every step bounded and noted."""

import codecs
import gzip
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, cast

import duckdb

from song_preference.messages import Message
from song_preference.song_table.converted import from_json, from_parquet
from song_preference.song_table.files import PIECE_BYTES, check_is_no_page, copied, pieces, rejected
from song_preference.temporary import FULL

TABLES = tuple(f".{name}" for name in ("csv", "tsv", "txt", "json", "jsonl", "ndjson", "parquet", "gz", "zip"))
"""Endings of the files in a zip that are tables, or hold one."""
UNICODE = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""Encodings by the marks that files in them begin with; the longer marks begin with the shorter ones."""

PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06")
"""Beginnings of gz and of zip, also of one without files."""

MOST_UNPACKED = 2
"""Times that a file is unpacked: a zip may hold a gz."""

DOCUMENTS = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf", b"%PDF")
"""Beginnings of the binary formats of older office programs, of RTF and of PDF."""

OFFICE_FILES = ("xl/", "word/", "content.xml", "Index/Document.iwa")
"""Beginnings of names in the zips that Excel, Word, LibreOffice and Numbers write."""

BROKEN_ARCHIVE = (
    *(OSError, EOFError, ValueError, struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile),
    *(NotImplementedError, RuntimeError),  # of zipfile, for other ways of packing and for passwords
)

WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")

OF_A_SYSTEM = re.compile(r"^__MACOSX/|(^|/)[.][^/]*$")

BESIDE_TABLES = re.compile(
    r"(^|/)([\w-]*metadata|read.?me|l[eé]eme|licen[cs]\w+|about|info|notes?|notas?)[.](txt|json)$", re.IGNORECASE
)
"""Texts about tables that a zip has beside them."""

SPOTIFY_ACCOUNT = re.compile(r"(YourLibrary|Playlist\d+|StreamingHistory\w*|Streaming_History\w*)\.json$")
"""Files in the zip that Spotify sends to whoever asks for their data: names of songs, without features."""

LIBRARY_FILE = re.compile(r"^(?!__MACOSX/)(.*/)?YourLibrary\.json$")
"""The one of them that says which songs are liked and which are not."""

CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1a\x1b"})
"""Bytes that a text holds by mistake only."""

MOST_CONTROLS = 1 / 100
"""Share of the bytes of a file, above which it is no text."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LEADS = bytes(range(0xC2, 0xF5))
"""Bytes that a character of several bytes begins with in UTF-8; of damaged ones some too."""

UNDEFINED = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that Windows-1252 leaves undefined, and Latin-1 has as control characters."""


def as_csv(
    path: Path, connection: duckdb.DuckDBPyConnection, max_bytes: int, *, needs_features: bool = True
) -> tuple[Path, list[Message]]:
    """Return the file's table as a CSV in UTF-8 beside it, and what was done to the file to make it one.

    What is packed may have at most `max_bytes` unpacked. Raise `InvalidDataset` for what is no table of songs.
    """
    start = _start(path)
    for turn in range(MOST_UNPACKED):
        if start.startswith(PACKED):
            not_one = "zip_packed_again" if turn else "archive_without_one_table"
            packed, path = path, _unpacked(path, start, max_bytes, not_one, needs_features=needs_features)
            start = _start(path)
            if turn:
                packed.unlink()
    if start.startswith(PACKED):
        raise rejected("packed_twice")
    if start.startswith(b"PAR1"):
        return from_parquet(path, connection, max_bytes), [Message("converted", {"format": "Parquet"})]
    if start.startswith(DOCUMENTS):
        raise rejected("spreadsheet_file")
    path, notes = _transcoded(path, start)
    text = _start(path).removeprefix(codecs.BOM_UTF8).lstrip()
    if not text:
        raise rejected("empty_file")
    check_is_no_page(text)
    if text.startswith((b"[", b"{")):
        is_list = text.startswith(b"[")
        path = from_json(path, connection, max_bytes, is_list=is_list, needs_features=needs_features)
        return path, [*notes, Message("converted", {"format": "JSON"})]
    return path, notes


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


def _unpacked(path: Path, start: bytes, max_bytes: int, not_one: str, *, needs_features: bool) -> Path:
    """Return the one table in a gz or zip file, unpacked; raise `InvalidDataset` with the code `not_one` for others."""
    target = path.with_name(f"{path.name}.unpacked")
    with unpacking(), target.open("wb") as unpacked:
        if start.startswith(b"PK"):
            with zipfile.ZipFile(path) as packed:
                tables = members(packed, needs_features=needs_features)
                tables = [table for table in tables if not table.filename.lower().endswith((".gz", ".zip"))] or tables
                if len(tables) != 1:
                    raise rejected(not_one, count=len(tables))
                with packed.open(tables[0]) as file:
                    copied(file, unpacked, max_bytes)
        else:
            with gzip.open(path) as file:
                copied(cast("IO[bytes]", file), unpacked, max_bytes)
    return target


def members(packed: zipfile.ZipFile, *, needs_features: bool = True) -> list[zipfile.ZipInfo]:
    """Return the tables in a zip, by their names; raise `InvalidDataset` for what holds no songs.

    Of the zip that Spotify sends, that is the library, and only for callers that need no features.
    """
    names = packed.namelist()
    if any(name.startswith(OFFICE_FILES) for name in names):
        raise rejected("spreadsheet_file")
    if any(SPOTIFY_ACCOUNT.search(name) for name in names):
        libraries = [member for member in packed.infolist() if LIBRARY_FILE.search(member.filename)]
        if needs_features or not libraries:
            raise rejected("no_audio_features")
        return libraries
    files = [member for member in packed.infolist() if not OF_A_SYSTEM.search(member.filename)]
    tables = [member for member in files if member.filename.lower().endswith(TABLES)]
    tables = [member for member in tables if not BESIDE_TABLES.search(member.filename)] or tables
    if not tables and any(member.filename.lower().endswith(WORKBOOKS) for member in files):
        raise rejected("spreadsheet_file")
    return tables


def extracted(packed: zipfile.ZipFile, member: zipfile.ZipInfo, directory: Path, max_bytes: int) -> Path:
    """Write a file of a zip to a new directory; raise `InvalidDataset` for more than `max_bytes`."""
    directory.mkdir()
    target = directory / PurePosixPath(member.filename).name
    with packed.open(member) as source, target.open("wb") as unpacked:
        copied(source, unpacked, max_bytes)
    return target


def _transcoded(path: Path, start: bytes) -> tuple[Path, list[Message]]:
    """Return the text file in UTF-8."""
    marked = next((name for mark, name in UNICODE.items() if start.startswith(mark)), None)
    found = marked or _nul_pattern(start)
    encoding, replaced = (found, 0) if found else _encoding(path)
    if encoding == "UTF-8" and not replaced:
        return path, []
    target = path.with_suffix(".utf-8")
    errors = "replace" if encoding == "UTF-8" else "strict"
    controls = dict.fromkeys(CONTROLS, REPLACEMENT)
    try:
        with (
            path.open(encoding=encoding, newline="", errors=errors) as source,
            target.open("w", encoding="utf-8", newline="") as file,
        ):
            for text in iter(lambda: source.read(PIECE_BYTES), ""):
                file.write(text.translate(controls) if replaced else text)
    except UnicodeError:
        raise rejected("encoding_broken", encoding=encoding) from None
    notes = [Message("transcoded", {"encoding": encoding})] if encoding != "UTF-8" else []
    return target, [*notes, *([Message("characters_replaced", {"count": replaced})] if replaced else [])]


def _nul_pattern(start: bytes) -> str | None:
    """Return the encoding of UTF-16 without a mark: every second byte of its ASCII characters is 0."""
    sample = start[:1000]
    if len(sample) >= 4 and sample[1::2].count(0) > 0.9 * len(sample[1::2]) and not sample[::2].count(0):
        return "UTF-16-LE"
    if len(sample) >= 4 and sample[::2].count(0) > 0.9 * len(sample[::2]) and not sample[1::2].count(0):
        return "UTF-16-BE"
    return None


def _encoding(path: Path) -> tuple[str, int]:
    """Return UTF-8, or the encoding that has one byte per character and fits, and how many characters are none in it.

    UTF-8 may be damaged, but in fewer places than it has characters of several bytes. Raise `InvalidDataset`.
    """
    decoder, damages, longer, controls = codecs.getincrementaldecoder("utf-8")("replace"), 0, 0, 0
    most_controls, has_undefined = path.stat().st_size * MOST_CONTROLS, False
    with path.open("rb") as file:
        for piece in chain(pieces(file), [b""]):
            controls += len(piece) - len(piece.translate(None, CONTROLS))
            if controls > most_controls:
                raise rejected("binary")
            if piece and piece.isascii() and decoder.getstate() == (b"", 0):
                continue
            text = decoder.decode(piece, final=not piece)
            damages += text.count(REPLACEMENT) - piece.count(REPLACEMENT.encode())
            longer += len(piece) - len(piece.translate(None, LEADS))
            has_undefined = has_undefined or (damages > 0 and any(byte in piece for byte in UNDEFINED))
    if longer >= 2 * damages:
        return "UTF-8", controls + damages
    return "ISO-8859-1" if has_undefined else "Windows-1252", controls
