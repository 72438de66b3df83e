"""Where the table of a CSV begins and what separates its cells: found by the columns that its header names."""

import re
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from song_preference.errors import Finding, InvalidDataset
from song_preference.messages import Message
from song_preference.song_table.columns import DESCRIBING, positions
from song_preference.song_table.files import PIECE_BYTES, pieces, rejected
from song_preference.song_table.records import (
    MAX_COLUMNS,
    MAX_ROW_CHARACTERS,
    Cells,
    Records,
    blanks_beside_quotes,
    is_blank,
    message,
    unwrapped,
)

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SEPARATOR_LINE = re.compile(r'\A"?sep=([^\w\s"]|\t)"?[\r\n]', re.IGNORECASE)
"""A first line that Excel takes as the name of the separator."""

LINES_LOOKED_AT = 30
"""A title and blank lines may stand above the header, but not more than these."""


class Layout(NamedTuple):
    """The header of a CSV, or a row that may be it, and how the rows are written."""

    header: Cells
    separator: str
    row: int
    """Number of the header's row as a spreadsheet shows it, from 1."""
    lines: int
    """Lines up to and with the header: as many as rows, unless a cell in quotes goes on."""

    @property
    def promise(self) -> tuple[int, int, int, int]:
        """Rank among the candidates: known columns of numbers, several columns before one, known ones of names, first.

        Names count last, since a song may be called as a column is.
        """
        known = positions(self.header[:MAX_COLUMNS]).keys()
        named = len(known & set(DESCRIBING))
        return len(known) - named, min(len(self.header), 2), named, -self.row

    def records(self, file: TextIO) -> Records:
        """Return the rows of the CSV, from its first on."""
        return Records(file, self.separator, self.row, self.header)

    @property
    def notes(self) -> list[Message]:
        """Messages about another separator than commas, and about rows above the header."""
        notes = []
        if self.separator != ",":
            named_so = Message(SEPARATORS.get(self.separator, "other_character"), {}).as_json()
            notes.append(Message("separator_read", {"separator": named_so}))
        if self.row > 1:
            notes.append(Message("header_in_row", {"row": self.row}))
        return notes


def find_layout(path: Path) -> Layout:
    """Return the layout of a CSV in UTF-8; raise `InvalidDataset` where no header can be read or no row follows."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        text = file.read(2 * MAX_ROW_CHARACTERS)
    # A hint: the file may have been saved with another separator since. Of equal candidates the first is the best.
    separators = dict.fromkeys([*SEPARATOR_LINE.findall(text[:10]), *SEPARATORS])
    candidates = [candidate for separator in separators for candidate in _candidates(text, separator)]
    if not candidates:
        raise _unreadable_header(text)
    best = max(candidates, key=lambda candidate: candidate.promise)
    if len(best.header) > MAX_COLUMNS:
        raise rejected("too_many_columns", count=len(best.header), limit=MAX_COLUMNS)
    return best


def _candidates(text: str, separator: str) -> list[Layout]:
    records, lines, found = Records(StringIO(text, newline=""), separator), 0, []
    for row, cells in enumerate(islice(records, LINES_LOOKED_AT), start=1):
        lines += records.lines
        if cells is None:
            break
        if not is_blank(cells):
            # The title of a song may hold separators, too.
            whole = unwrapped(cells, separator)
            is_header = whole is not cells and len(positions(whole[:MAX_COLUMNS])) > 1
            found.append(Layout(whole if is_header else cells, separator, row, lines))
    return found


def _unreadable_header(text: str) -> InvalidDataset:
    records = Records(StringIO(text, newline=""), ",")
    for row, cells in enumerate(records, start=1):
        if cells is None:
            return InvalidDataset(Finding(None, message(records.fault), 1, (row,)))
    return rejected("no_songs")


class Texture(NamedTuple):
    """The rows below the header, as far as DuckDB may read them otherwise than they are meant."""

    is_plain: bool
    """Whether DuckDB counts the rows as a spreadsheet does: no blank line between them, one kind of line end, no row
    of megabytes, no blank beside the quotes of a cell."""
    has_underscore: bool
    """Whether a number may be written as 1_000, which DuckDB takes for 1000."""


def texture(path: Path, layout: Layout) -> Texture:
    """Look through a CSV in UTF-8."""
    gap, has_underscore, line_ends = b"", False, set[bool]()
    blanks_by_quotes = blanks_beside_quotes(layout.separator)
    is_plain = layout.lines == layout.row
    with path.open("rb") as file:
        for start in pieces(file):
            piece = b"".join((gap, start, file.readline(PIECE_BYTES)))
            has_underscore = has_underscore or b"_" in piece
            # Line ends are looked at with what follows them; at the end of the file they do not matter.
            text = piece.rstrip(b"\r\n")
            gap = piece[len(text) :][-4:]
            has_returns = b"\r" in text
            line_ends.add(has_returns)
            is_plain = (
                is_plain
                # DuckDB drops a row that is longer than its buffer of 32 MB without a word.
                and not (len(start) == PIECE_BYTES and b"\n" not in start)
                and not (b"\n\n" in text or b"\0" in text)
                # It guesses the line end, and by that finds the line below the header.
                and len(line_ends) == 1
                and not (has_returns and not _ends_each_line_alike(text))
                # Of several blanks before a quote it makes a cell without quotes.
                and not (b'"' in text and any(form.search(text) for form in blanks_by_quotes))
            )
            if not is_plain:
                return Texture(False, has_underscore)
    return Texture(True, has_underscore)


def _ends_each_line_alike(text: bytes) -> bool:
    """Return whether returns and newlines stand together only, and no line is blank."""
    both = text.count(b"\r\n")
    return both == text.count(b"\r") == text.count(b"\n") and b"\n\r\n" not in text
