"""Whether a file is text at all, before anybody reads it as a CSV."""

import codecs
from pathlib import Path

from song_preference.errors import Finding, InvalidDataset

PIECE_BYTES = 1 << 20
BOM = codecs.BOM_UTF8


def check_text(path: Path) -> None:
    """Read the file once, a piece at a time; raises `InvalidDataset` where it is empty, binary, a page or not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_empty, rows, undecodable = True, 0, None
    with path.open("rb") as file:
        while True:
            piece = file.read(PIECE_BYTES)
            if b"\0" in piece:
                raise InvalidDataset(Finding(None, "is binary: export the playlist as CSV", 1))
            if is_empty and (start := piece.removeprefix(BOM).lstrip()):
                is_empty = False
                check_is_no_page(start)
            # What cannot be decoded is reported at the end: where a zero byte follows, the file is binary.
            if undecodable is None:
                try:
                    decoder.decode(piece, final=not piece)
                except UnicodeDecodeError as error:
                    undecodable = rows + error.object.count(b"\n", 0, error.start) + 1
            if not piece:
                break
            rows += piece.count(b"\n")
    if is_empty:
        raise InvalidDataset(Finding(None, "is empty", 1))
    if undecodable is not None:
        raise InvalidDataset(Finding(None, "is not UTF-8: export it again with this encoding", 1, (undecodable,)))


def check_is_no_page(start: bytes) -> None:
    """Raises `InvalidDataset` where a file that starts so is an HTML page: one that asks to sign in, most often."""
    if start.removeprefix(BOM).lstrip().startswith(b"<"):
        rule = "is an HTML page: check that the link gives the file itself, shared with anyone who has it"
        raise InvalidDataset(Finding(None, rule, 1))
