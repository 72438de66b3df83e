"""Scores a file of songs row by row, in memory that does not grow with it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastapi_app.uploads import on_disk
from song_preference.errors import InvalidDataset
from song_preference.messages import Message
from song_preference.prediction import Batch
from song_preference.serving.lookup import Sources, completed
from song_preference.song_table.load import ROWS_SHOWN
from song_preference.song_table.output import added_columns, harmless, with_added, written
from song_preference.song_table.records import Cells
from song_preference.song_table.scoring import Block, ScoringFile, blocks_of, head_of, read_songs
from song_preference.temporary import closing_after

BLOCK_ROWS = 2_000
"""Most rows in a block; larger blocks are no faster and delay the first one."""

BLOCK_CHARACTERS = 1_000 * BLOCK_ROWS
"""Most characters in a block, so that one of long rows has fewer rows."""

MAX_NOTES_CHARACTERS = 2_000
"""Most characters of the notes: many proxies take 4 KB of headers."""

NOTHING = Sources()
PredictRows = Callable[[NDArray[np.float32]], Batch]


class Answered(NamedTuple):
    """A file with its answers."""

    notes: str
    """What was normalised, as JSON in ASCII."""
    blocks: Iterator[bytes]


def answered(
    file: IO[bytes],
    max_bytes: int,
    predict: PredictRows,
    sources: Sources = NOTHING,
    *,
    for_spreadsheet: bool,
) -> Answered:
    """Read the file, then return it with three more columns; raise `InvalidDataset` and `DiskFull`.

    A file without features gets those of the sources first.

    Separator, line ends and the mark of the encoding are the file's own. A row that cannot be used gets an error in
    place of a prediction. With `for_spreadsheet`, cells that a spreadsheet would run are made harmless.
    """
    with ExitStack() as stack:
        path = stack.enter_context(on_disk(file))
        try:
            songs = read_songs(path, path.parent, max_bytes)
        except InvalidDataset as error:
            songs = read_songs(completed(error, path, max_bytes, sources), path.parent, max_bytes)
        if for_spreadsheet:
            songs = songs._replace(is_raw=False)
        # The files stay until the last row was sent.
        blocks = closing_after(stack.pop_all(), _Answers(songs, predict, for_spreadsheet=for_spreadsheet).blocks())
        return Answered(_as_json(songs.notes), blocks)


def _as_json(notes: Sequence[Message]) -> str:
    """Return the notes; where they are long with fewer names of songs, or at last only the different codes."""
    for most in range(ROWS_SHOWN, -1, -1):
        text = json.dumps([_with_names(note, most) for note in notes])
        if len(text) <= MAX_NOTES_CHARACTERS:
            return text
    return json.dumps([{"code": code} for code in dict.fromkeys(note.code for note in notes)])


def _with_names(note: Message, most: int) -> dict[str, Any]:
    """Return a note with at most so many names of songs that were not found."""
    names = note.params.get("not_found", [])
    fewer = {"not_found": [*names[:most], "..."]} if len(names) > most else {}
    return {"code": note.code, "params": note.params | fewer}


class _Answers:
    def __init__(self, songs: ScoringFile, predict: PredictRows, *, for_spreadsheet: bool) -> None:
        self._songs, self._predict, self._for_spreadsheet = songs, predict, for_spreadsheet

    def blocks(self) -> Iterator[bytes]:
        """Yield the file with its answers."""
        *above, header = head_of(self._songs)
        head = self._written(above) + self._written([header], [added_columns(self._songs.layout.header)])
        yield (("\ufeff" if self._songs.has_mark else "") + head).encode()
        for block in blocks_of(self._songs, BLOCK_ROWS, BLOCK_CHARACTERS):
            yield self._written(block.rows, self._answers(block)).encode()

    def _answers(self, block: Block) -> list[Cells]:
        """Return the added cells of each row."""
        answers = self._predictions(block.features) if len(block.features) else []
        if not block.faults:
            return answers
        following = iter(answers)
        return [
            ["", "", "; ".join(f"{column or 'row'}: {rule}" for column, rule in faults)]
            if (faults := block.faults.get(position))
            else next(following)
            for position in range(len(block.rows))
        ]

    def _predictions(self, features: NDArray[np.float32]) -> list[Cells]:
        batch = self._predict(np.ascontiguousarray(features))
        mark = "," if self._songs.has_decimal_commas else "."
        return [[label, str(probability).replace(".", mark), ""] for label, _, probability in batch.answers()]

    def _written(self, rows: list[Cells | str], added: list[Cells] | None = None) -> str:
        separator, end, width = self._songs.layout.separator, self._songs.line_end, len(self._songs.layout.header)
        if self._songs.is_raw:
            more = [""] * len(rows) if added is None else [separator + self._raw(cells) for cells in added]
            return "".join(f"{row}{cells}{end}" for row, cells in zip(rows, more, strict=True))
        cells = [list(row) for row in rows]
        if added is not None:
            cells = [with_added(row, width, more) for row, more in zip(cells, added, strict=True)]
        if self._for_spreadsheet:
            cells = [list(map(harmless, row)) for row in cells]
        return written(cells, separator, end)

    def _raw(self, added: Cells) -> str:
        separator = self._songs.layout.separator
        # Only a reason may need quotes.
        return written([added], separator, "") if added[-1] else separator.join(added)
