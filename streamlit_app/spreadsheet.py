"""Cells of the files that listeners open in a spreadsheet."""

from math import isnan

from song_preference.songs_csv import number

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """Return the cell, after an apostrophe if a spreadsheet would take its text for a formula.

    A title such as `=HYPERLINK(...)` would be run by the spreadsheet of whoever opens the file. The apostrophe is
    OWASP's advice: https://owasp.org/www-community/attacks/CSV_Injection. Numbers, also with a decimal comma, stay.
    """
    if cell.startswith(FORMULA_STARTS) and isnan(number(cell.replace(",", "."))):
        return f"'{cell}"
    return cell
