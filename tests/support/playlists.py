"""Playlists of made-up songs, written in many ways."""

import csv
import io
from typing import Any

import pandas as pd

from song_preference.dataset import sample
from song_preference.features import LABEL

CSV = sample.csv()
"""The bundled sample."""


def songs(count: int = 60) -> pd.DataFrame:
    """Return the first songs of the bundled sample, with titles that no CSV reader finds easy."""
    rows = sample.bundled().head(count)
    return rows.assign(title=[f'Canción, "{number}"\nde dos líneas' for number in range(count)])


def as_csv(rows: pd.DataFrame, **options: Any) -> bytes:
    """Return the rows as a CSV in UTF-8."""
    text: str = rows.to_csv(index=False, **options)
    return text.encode()


def with_cells(column: str, *values: object) -> bytes:
    """Return the plain songs as a CSV with the first cells of a column replaced; row 2 is the first song."""
    rows = songs().drop(columns="title").astype({column: object})
    rows.loc[: len(values) - 1, column] = pd.Series(values, dtype=object)
    return as_csv(rows)


def chosen(likes: int, dislikes: int) -> pd.DataFrame:
    """Return as many liked and disliked songs."""
    rows = sample.bundled()
    return pd.concat([rows[rows[LABEL] == 1].head(likes), rows[rows[LABEL] == 0].head(dislikes)])


def written(rows: list[list[str]], separator: str, line_end: str, encoding: str, *, quoted: bool) -> bytes:
    """Return rows of cells in a dialect of CSV."""
    text = io.StringIO(newline="")
    csv.writer(
        text, delimiter=separator, lineterminator=line_end, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    ).writerows(rows)
    return text.getvalue().encode(encoding)


def two_files() -> dict[str, bytes]:
    """Return the sample's liked and disliked songs, without labels, by the form's field."""
    rows = sample.bundled()
    halves = {"liked": rows[rows[LABEL] == 1], "disliked": rows[rows[LABEL] == 0]}
    return {field: as_csv(half.drop(columns=LABEL)) for field, half in halves.items()}
