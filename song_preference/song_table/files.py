"""A listener's file before it is read: what it is by its first bytes, and its bytes piece by piece."""

import codecs
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from song_preference.errors import Finding, InvalidDataset
from song_preference.messages import Message

PIECE_BYTES = 1 << 20
MARKS = {b"\x1f\x8b": "gz", b"PK\x03\x04": "zip", b"PAR1": "parquet", b"[": "json", b"{": "json"}
"""Extensions by what files begin with; others are text."""


def rejected(code: str, /, **params: object) -> InvalidDataset:
    """Return the error about a file as a whole."""
    return InvalidDataset(Finding(None, Message(code, params), 1))


def of_file(message: Message, file: Path) -> Message:
    """Return a message with the name of the file that it is about."""
    return Message("of_file", {"file": file.name, "message": message.as_json()})


@contextmanager
def faults_of_file(file: Path) -> Iterator[None]:
    """Let the findings of an `InvalidDataset` name the file that they are about."""
    try:
        yield
    except InvalidDataset as error:
        named = (replace(finding, rule=of_file(finding.rule, file)) for finding in error.findings)
        raise InvalidDataset(*named) from error


def check_is_no_page(start: bytes) -> None:
    """Raise `InvalidDataset` if a file that starts so is an HTML page, most often one that asks to sign in."""
    if start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        raise rejected("html_page")


def extension_of(file: IO[bytes]) -> str:
    """Return the extension of a file by its first bytes, whatever it is called; the file is at its beginning again."""
    start = file.read(PIECE_BYTES).lstrip()
    file.seek(0)
    return next((extension for mark, extension in MARKS.items() if start.startswith(mark)), "csv")


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a file, a piece at a time."""
    return iter(lambda: file.read(PIECE_BYTES), b"")


def copied(source: IO[bytes], target: IO[bytes], max_bytes: float = math.inf) -> None:
    """Copy a file; raise `InvalidDataset` for more than `max_bytes`."""
    size = 0
    for piece in pieces(source):
        size += len(piece)
        if size > max_bytes:
            raise rejected("archive_too_large", limit=max_bytes / 1e6)
        target.write(piece)
