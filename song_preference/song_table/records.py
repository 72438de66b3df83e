"""The rows of a CSV, one by one in bounded memory, for files that DuckDB's own reader does not take as they are."""

import csv
import re
from collections.abc import Container, Iterator
from io import StringIO
from typing import Literal, TextIO

from song_preference.messages import Message

MAX_COLUMNS = 1_000
"""Published tables of songs have up to 520. What is done for each column must not make a small file a long job."""

MAX_CELL_CHARACTERS = 131_072
"""The csv module's own limit, which is the process's; a spreadsheet's is 32,767."""

MAX_ROW_CHARACTERS = 250_000

READ_CHARACTERS = MAX_ROW_CHARACTERS + len("\r\n")

MAX_OPEN_QUOTES = 100
"""Rows of a file whose quote may stay open: what follows each is read again, up to the longest row."""

Cells = list[str]
Fault = Literal["cell_too_long", "row_too_long", "quote_not_closed"]


class Records(Iterator[Cells | None]):
    """Iterates over the rows of a CSV: no cells for a blank line, None for a row that cannot be read.

    If a quote goes on over lines and the row then does not fit the header, the quote was never closed: the row is the
    line that it opens in, and the next one begins below. Titles above the row of the header may have any width.
    """

    def __init__(self, text: TextIO, separator: str, header_row: int = 0, header: Cells | None = None) -> None:
        self._lines, self._header, self._open_quotes = _Lines(text, separator), header, 0
        self._separator = separator
        self._rows_until_header = header_row
        self._reader = csv.reader(self._lines, delimiter=separator, strict=True)
        self.fault: Fault = "row_too_long"
        """The code of what is wrong with the last row that could not be read."""

    @property
    def lines(self) -> int:
        """The number of lines of the last row: more than one if a cell in quotes goes on."""
        return len(self._lines.taken)

    def __next__(self) -> Cells | None:
        """Return the next row."""
        self._lines.left, self._lines.taken = READ_CHARACTERS, []
        cells = self._read()
        # A title with one separator may stand without an artist.
        columns = len(self._header or [])
        if cells and columns > 2 and len(whole := unwrapped(cells, self._separator)) == columns:
            cells = whole
        self._rows_until_header -= 1
        if self._rows_until_header >= 0 or not self._header or self.lines < 2:
            return cells
        if cells is None or not (is_blank(cells) or fits(cells, self._header)):
            self.fault, cells = "quote_not_closed", None
            self._open_quotes += 1
            if self._open_quotes <= MAX_OPEN_QUOTES:
                self._lines.give_back()
        return cells

    def _read(self) -> Cells | None:
        try:
            return next(self._reader)
        except _RowTooLong:
            self.fault = "row_too_long"
        except csv.Error as error:
            # The csv module has one class for both, and no code.
            is_cell = str(error).startswith("field larger than field limit")
            self.fault = "cell_too_long" if is_cell else "quote_not_closed"
        return None


class _RowTooLong(csv.Error):
    pass


class _Lines(Iterator[str]):
    """Lines of a text, up to `left` characters of them; the rest of a line that is too long is skipped.

    Blanks between a quote and a separator, which are no part of a cell, are left out.
    """

    def __init__(self, text: TextIO, separator: str) -> None:
        self._text, self._given_back = text, StringIO()
        separator = re.escape(separator)
        cell, end = r'"(?:[^"]++|"")*+', rf" *+(?={separator}|[\r\n]|\Z)"
        self._quoted_cell = re.compile(rf'(^|{separator}) *+(?:({cell}"){end}|({cell}\Z))')
        self.left = 0
        self.taken: list[str] = []
        """Lines of the row so far."""

    def __next__(self) -> str:
        # A cell in quotes may have used all of them up, and goes on.
        line = self._line(max(self.left, 1))
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.left -= len(line)
        if self.left + len(line) - len(line.rstrip("\r\n")) < len("\r\n"):
            # What follows the first line may be given back.
            while len(self.taken) == 1 and line and not line.endswith(("\r", "\n")):
                line = self._line(MAX_ROW_CHARACTERS)
            raise _RowTooLong
        if '"' in line and (' "' in line or '" ' in line):
            # A line after the first one begins inside of a quoted cell.
            opened = '"' if len(self.taken) > 1 else ""
            line = self._quoted_cell.sub(r"\1\2\3", opened + line).removeprefix(opened)
        return line

    def _line(self, most: int) -> str:
        line = self._given_back.readline(most)
        return line if line.endswith(("\r", "\n")) else line + self._text.readline(most - len(line))

    def give_back(self) -> None:
        """Let the lines below the first one be read again."""
        self._given_back = StringIO("".join(self.taken[1:]) + self._given_back.read(), newline="")
        self.taken = self.taken[:1]


def unwrapped(cells: Cells, separator: str) -> Cells:
    """Return the cells of a row that stands in the quotes of its only cell, as Excel saves rows of one column."""
    if len(cells) == 1 and separator in cells[0]:
        return next(csv.reader(StringIO(cells[0], newline=""), delimiter=separator))
    return cells


def blanks_beside_quotes(separator: str) -> list[re.Pattern[bytes]]:
    """Return the forms of the blanks that `Records` leaves out, and DuckDB does not."""
    mark = re.escape(separator.encode())
    # One by one they begin with a character that is searched for fast.
    forms = (rb'%b +"' % mark, rb'\n +"', rb'" +(%b|\r|\n|\Z)' % mark)
    return [re.compile(form) for form in forms]


def fits(cells: Cells, header: Cells) -> bool:
    """Return whether a row has as many cells as the header has names, or as it has cells; more of them are empty."""
    named = max((at for at, name in enumerate(header, start=1) if name.strip()), default=0)
    return len(cells) == named or (len(cells) >= len(header) and is_blank(cells[len(header) :]))


def is_blank(cells: Cells, silent: Container[int] = ()) -> bool:
    """Return whether a row holds nothing but separators and blanks, or cells at the positions of `silent`."""
    return not any(cell and not cell.isspace() and at not in silent for at, cell in enumerate(cells))


def message(code: str) -> Message:
    """Return the message about a row that cannot be read."""
    limits = {"cell_too_long": MAX_CELL_CHARACTERS, "row_too_long": MAX_ROW_CHARACTERS}
    return Message(code, {"limit": limits[code]} if code in limits else {})
