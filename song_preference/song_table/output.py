"""A table of songs written again: with our columns, and with cells that no spreadsheet runs."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain, count
from typing import Literal

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)


def added_columns(header: Sequence[str]) -> list[str]:
    """Return names for label, probability and error that are none of the file's own."""
    taken = {name.strip().lower() for name in header}
    return next(added for added in _candidates() if not set(added) & taken)


def _candidates() -> Iterator[list[str]]:
    yield ["label", "probability", "error"]
    for suffix in chain([""], (f"_{number}" for number in count(2))):
        yield [f"predicted_label{suffix}", f"predicted_probability{suffix}", f"prediction_error{suffix}"]


def with_added(cells: Sequence[str], width: int, added: Sequence[str]) -> list[str]:
    """Return a row with the added cells behind column `width`; surplus cells come last, so that all columns stay."""
    return [*cells[:width], *[""] * (width - len(cells)), *added, *cells[width:]]


def harmless(cell: str) -> str:
    """Return the cell, after an apostrophe if a spreadsheet would take its text for a formula.

    A title such as `=HYPERLINK(...)` would be run by the spreadsheet of whoever opens the file. The apostrophe is
    OWASP's advice: https://owasp.org/www-community/attacks/CSV_Injection. Numbers, also with a decimal comma, stay.
    """
    if cell.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def written(rows: Iterable[Sequence[str]], separator: str, line_end: str) -> str:
    """Return rows as CSV; cells are quoted where they need it."""
    kept = list(rows)
    text = _csv(kept, separator, line_end, csv.QUOTE_MINIMAL)
    # Only the characters of `line_end` make a cell quoted; many readers end a row at any return or newline.
    is_ambiguous = line_end != "\r\n" and sum(map(text.count, "\r\n")) > len(kept)
    return _csv(kept, separator, line_end, csv.QUOTE_ALL) if is_ambiguous else text


def _csv(rows: Iterable[Sequence[str]], separator: str, line_end: str, quoting: Literal[0, 1]) -> str:
    text = StringIO()
    csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=quoting).writerows(rows)
    return text.getvalue()
