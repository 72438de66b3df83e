"""The predictions of a CSV of songs: made in blocks, ranked, and written back beside the songs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.features import DISLIKE, LIKE
from song_preference.messages import Message
from song_preference.prediction import Batch
from song_preference.song_table import Faults
from song_preference.song_table.output import added_columns, harmless, with_added, written

BLOCK_SONGS = 5_000
"""Number of songs in one call of the model, so that progress is seen."""

DECIMALS = 6
SHOWN_CHARACTERS = 200
"""Greatest length of a cell in the table; the file has all of it."""

NAMES_SHOWN = 2
"""Columns that stand before the probability: title and artist, if the file has them."""

Answering = Callable[[NDArray[np.float32]], Batch]


@dataclass(frozen=True, eq=False)
class SongFile:
    """n rows with their cells as they were written."""

    header: list[str]
    separator: str
    has_decimal_commas: bool
    notes: list[Message]
    """What was understood as something else than it is written."""
    cells: pd.DataFrame
    """(n, columns) strings; columns are numbered, since a header may name several alike."""
    surplus: dict[int, list[str]]
    """The cells of a row beyond the header's width, by the row's position."""
    rows: NDArray[np.int64]
    """(n,) numbers of the rows as a spreadsheet counts them."""
    features: NDArray[np.float32]
    """(n, 4); of no meaning where not `good`."""
    good: NDArray[np.bool_]
    """(n,) whether each row can be scored."""
    faults: dict[int, Faults]
    """By the position of a row that is not good."""
    kept_columns: list[int]
    """The positions of the columns that are not features, those first that say which song a row is."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """The m songs that could be scored, the likeliest first; equally likely ones stay in the file's order."""

    file: SongFile
    positions: NDArray[np.int64]
    """(m,) positions of the songs in the file, counted from 0."""
    batch: Batch
    """Predictions of the songs, in the order of `positions`."""

    @classmethod
    def of(cls, file: SongFile, answering: Answering, progress: Callable[[int], None]) -> "Ranking":
        """Predict every good row; call `progress` after each block with the number of rows done."""
        positions = np.flatnonzero(file.good)
        batches = []
        for start in range(0, len(positions), BLOCK_SONGS):
            block = positions[start : start + BLOCK_SONGS]
            batches.append(answering(file.features[block]))
            progress(start + len(block))
        liked = np.concatenate([batch.liked for batch in batches])
        probability = np.concatenate([batch.probability for batch in batches])
        order = np.argsort(-probability, kind="stable")
        last = batches[-1]
        batch = Batch(liked[order], probability[order], last.threshold, last.model, last.stale)
        return cls(file, positions[order], batch)

    def best(self, at_most: int, *, only_liked: bool) -> pd.DataFrame:
        """Return the first songs: rank, names, probability in percent, prediction, row, and the file's other columns.

        Ours have the names "rank", "probability", "liked" and "row", the file's those of `column_name`.
        """
        chosen = np.flatnonzero(self.batch.liked)[:at_most] if only_liked else np.arange(len(self.positions))[:at_most]
        places = self.positions[chosen]
        names, others = self.file.kept_columns[:NAMES_SHOWN], self.file.kept_columns[NAMES_SHOWN:]
        cells = self.file.cells.iloc[places].apply(lambda column: column.str.slice(0, SHOWN_CHARACTERS))
        cells = cells.rename(columns=column_name).reset_index(drop=True)
        answers = pd.DataFrame(
            {
                "rank": chosen + 1,
                "probability": self.batch.probability[chosen].astype(float) * 100,
                "liked": self.batch.liked[chosen],
                "row": self.file.rows[places],
            }
        )
        order = ["rank", *map(column_name, names), "probability", "liked", "row", *map(column_name, others)]
        best: pd.DataFrame = pd.concat([answers, cells], axis="columns")[order]
        return best

    def csv(self, describe: Callable[[Faults], str]) -> bytes:
        """Return the file with three more columns: the ranked songs first, then the rows with faults in their order.

        Rows with faults keep their cells and get the text of `describe`. Separator and decimal mark are the
        file's own, and a mark at its beginning tells spreadsheets that it is UTF-8. Every cell is `harmless`.
        """
        header = [*self.file.header, *added_columns(self.file.header)]
        rows = chain([header], self._scored(), self._at_fault(describe))
        text = written((list(map(harmless, row)) for row in rows), self.file.separator, "\r\n")
        return text.encode("utf-8-sig")

    def _scored(self) -> Iterator[list[str]]:
        rows = _rows(self.file, self.positions)
        mark = "," if self.file.has_decimal_commas else "."
        for cells, (label, _, probability) in zip(rows, self.batch.answers(), strict=True):
            yield [*cells, label, str(round(probability, DECIMALS)).replace(".", mark), ""]

    def _at_fault(self, describe: Callable[[Faults], str]) -> Iterator[list[str]]:
        positions = np.array(list(self.file.faults), dtype=np.int64)
        for position, cells in zip(positions.tolist(), _rows(self.file, positions), strict=True):
            added = ["", "", describe(self.file.faults[position])]
            yield with_added([*cells, *self.file.surplus.get(position, [])], len(cells), added)


def column_name(column: int) -> str:
    """Return the name of a file's column in `Ranking.best`: a header may repeat a name."""
    return f"column {column}"


def _rows(file: SongFile, positions: NDArray[np.int64]) -> Iterator[tuple[str, ...]]:
    chosen = file.cells.iloc[positions]
    return zip(*(chosen[column].tolist() for column in chosen), strict=True)


def histogram(ranking: Ranking, bins: int) -> pd.DataFrame:
    """Return how many songs of each label have a probability between `from` and `to`."""
    edges = np.linspace(0, 1, bins + 1)
    counted = []
    for label, chosen in ((LIKE, ranking.batch.liked), (DISLIKE, ~ranking.batch.liked)):
        songs, _ = np.histogram(ranking.batch.probability[chosen], edges)
        counted.append(pd.DataFrame({"from": edges[:-1], "to": edges[1:], "songs": songs, "label": label}))
    return pd.concat(counted, ignore_index=True)
