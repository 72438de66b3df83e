"""Whether a file is text at all, before anybody reads it as a CSV."""

import codecs
from pathlib import Path

from song_preference.errors import Finding, InvalidDataset
from song_preference.messages import Message

PIECE_BYTES = 1 << 20
BOM = codecs.BOM_UTF8


def check_text(path: Path) -> None:
    """Read the file, a piece at a time; raises `InvalidDataset` where it is empty, binary, a page or not UTF-8."""
    is_empty, is_ascii = True, True
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(PIECE_BYTES), b""):
            if b"\0" in piece:
                raise InvalidDataset(Finding(None, Message("binary"), 1))
            if is_empty and (start := piece.removeprefix(BOM).lstrip()):
                is_empty = False
                check_is_no_page(start)
            is_ascii = is_ascii and piece.isascii()
    if is_empty:
        raise InvalidDataset(Finding(None, Message("empty_file"), 1))
    # Decoding takes five times as long as all of the above, and most playlists need none.
    if not is_ascii and (row := _undecodable_row(path)):
        raise InvalidDataset(Finding(None, Message("not_utf8"), 1, (row,)))


def _undecodable_row(path: Path) -> int | None:
    """Return the number of the first row that is not UTF-8."""
    decoder, rows = codecs.getincrementaldecoder("utf-8")(), 0
    with path.open("rb") as file:
        while True:
            piece = file.read(PIECE_BYTES)
            try:
                decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                return rows + error.object.count(b"\n", 0, error.start) + 1
            if not piece:
                return None
            rows += piece.count(b"\n")


def check_is_no_page(start: bytes) -> None:
    """Raise `InvalidDataset` if a file that starts so is an HTML page, most often one that asks to sign in."""
    if start.removeprefix(BOM).lstrip().startswith(b"<"):
        raise InvalidDataset(Finding(None, Message("html_page"), 1))
