"""From a file of songs to checked rows: which column means what, what each row says, which rows cannot be used."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES, LABEL, SONG_KEY
from song_preference.messages import Message
from song_preference.song_table import database
from song_preference.song_table.columns import DESCRIBING, SCALED, plain, positions
from song_preference.song_table.database import quoted
from song_preference.song_table.faults import OTHER_SCALE, faults_of_rows
from song_preference.song_table.files import rejected
from song_preference.song_table.labels import label_from, usable_labels
from song_preference.song_table.layout import Layout, find_layout
from song_preference.song_table.load import Columns, load
from song_preference.song_table.origin import FEATURES_FROM, look_up_of
from song_preference.song_table.text import as_csv

DURATION_UNITS = ((30, 60_000, "duration_in_minutes"), (10_000, 1_000, "duration_in_seconds"))
"""Units of which most songs have fewer than so many, their milliseconds, and notes on them; the first one holds."""

LEAST_PERCENTAGE = 10
"""Some song has a greater feature in a file of percentages; grades from 0 to 10 are none."""

RESERVED = {"row", "is_usable", SONG_KEY}
"""Names of columns of ours; those of a file get an underscore."""

Needs = Literal["names", "features", "labels"]
"""What each song must have: a name, in a file that may lack features; the four features; or a label too."""

INDEX_NAMES = {"", "index", "unnamed0"}

AT_ONCE = 100
"""Aggregates of a query: of a file with a thousand columns, all at once took ten times as long."""


@dataclass(frozen=True)
class SongTable:
    """The rows of a file, as the view `songs` of a DuckDB database.

    It has `row`, the number that a spreadsheet shows; the four features; `label` if it was asked for; those of
    `SCALED` and `DESCRIBING` that the file has; `is_usable`; and the `others`.
    """

    connection: duckdb.DuckDBPyConnection
    text: Path
    """The file as a CSV in UTF-8."""
    is_plain: bool
    """Whether each of its rows has as many cells as the header."""
    layout: Layout
    known: list[str]
    """Meanings of the columns that the file has."""
    others: dict[str, bool]
    """Names of the other columns, and whether each was read as numbers."""
    notes: list[Message]
    """What was understood as something else than it is written."""
    faults: list[Finding]
    """Why rows cannot be used."""
    rows: int
    unusable: int
    not_found: int
    """Rows among the unusable ones whose song a look-up did not find."""

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query on `songs`."""
        return self.connection.execute(sql).fetchall()

    def aggregates(self, asked: Sequence[str], source: str) -> list[Any]:
        """Return the values of aggregates over a source; DuckDB compares each of a query with all others."""
        groups = (asked[first : first + AT_ONCE] for first in range(0, len(asked), AT_ONCE))
        return [value for group in groups for value in self.query(f"select {', '.join(group)} from {source}")[0]]


@contextmanager
def opened(
    path: Path, directory: Path, *, max_bytes: int, needs: Needs = "features", threads: int = 1
) -> Iterator[SongTable]:
    """Yield the songs of a file, read into a database in `directory`; raise `InvalidDataset` where that cannot be."""
    with database.crashes_rejected():
        # What a file is turned into lies beside it, so it is read as if it lay in the directory.
        source = directory / "source"
        source.unlink(missing_ok=True)
        source.symlink_to(path.resolve())
        with database.opened(directory, threads) as connection:
            text, notes = as_csv(source, connection, max_bytes, needs_features=needs != "names")
            yield _Reader(connection, find_layout(text), notes, needs).table(text)


def check_columns(required: Iterable[str], known: Collection[str]) -> None:
    """Raise `InvalidDataset` if columns that are required are not known."""
    if missing := [name for name in required if name not in known]:
        codes = {LABEL: "label_missing"}
        raise InvalidDataset(*(Finding(name, Message(codes.get(name, "column_missing")), 1) for name in missing))


class _Reader:
    """Reads one file: first the cells of every column that may be meant, then which of them are."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, layout: Layout, notes: list[Message], needs: Needs
    ) -> None:
        self._connection, self._layout, self._notes = connection, layout, [*notes, *layout.notes]
        self._positions = positions(layout.header)
        if needs != "labels":
            self._positions.pop(LABEL, None)
        self._needs_features = needs != "names"
        self._features: tuple[str, ...] = FEATURES
        if not set(FEATURES) & set(self._positions):
            self._name_songs_only()
        check_columns([*self._features, *([LABEL] if needs == "labels" else [])], self._positions)
        meant = {position for found in self._positions.values() for position in found}
        unknown = {position: name for position, name in enumerate(layout.header) if position not in meant}
        indexes = [position for position, name in unknown.items() if plain(name) in INDEX_NAMES]
        # Columns without a name at the right are a spreadsheet's empty ones.
        counting = [position for position in indexes if unknown[position].strip() or position == 0]
        self._silent = {*self._positions.get(LABEL, []), *counting}
        self._others: dict[str, int] = {}
        for position in (position for position in unknown if position not in indexes):
            name = unknown[position].strip().lower().replace(" ", "_")
            name = f"{name}_" if name in RESERVED else name
            if name in self._positions or name in self._others:
                self._notes.append(Message("first_of_columns_kept", {"name": name}))
            else:
                self._others[name] = position
        if counting:
            self._notes.append(Message("index_column_left_out"))

    def _name_songs_only(self) -> None:
        """Do without features in a file that names songs, or raise `InvalidDataset` if they are needed."""
        if not set(DESCRIBING) & set(self._positions):
            return
        if self._needs_features:
            raise rejected("no_audio_features")
        for feature in FEATURES:
            self._positions.pop(feature, None)
        self._features = ()

    def table(self, text: Path) -> SongTable:
        """Load the rows and create the view `songs`."""
        is_plain, numbers, faults = load(self._connection, text, self._layout, self._columns())
        self._check_cells()
        chosen = {meaning: self._chosen(meaning, found) for meaning, found in self._positions.items()}
        expressions = {meaning: f"m{position}" for meaning, position in chosen.items()}
        if "duration" in chosen:
            expressions["duration"] = self._duration(expressions["duration"])
        expressions |= self._shares(chosen) if self._features else {}
        rules = [f"coalesce({expressions[feature]} between 0 and 1, false)" for feature in self._features]
        if LABEL in chosen:
            expressions[LABEL], notes = label_from(self._connection, f"m{chosen[LABEL]}")
            self._notes += notes
            rules.append(f"({expressions[LABEL]}) is not null")
        usable = " and ".join(rules) or "true"
        selected = [f"{expression} as {name}" for name, expression in expressions.items()]
        selected += [f"m{position} as {quoted(name)}" for name, position in self._others.items()]
        self._connection.execute(
            f"create view songs as select row, {', '.join(selected)}, {usable} as is_usable from loaded"
        )
        self._note_names(chosen)
        rows, usable_rows = self._numbers("select count(*), count(*) filter (is_usable) from songs")
        left_out = sum(finding.count for finding in faults)
        if not rows + left_out:
            raise rejected("no_songs")
        not_found = 0
        if FEATURES_FROM in self._others and self._features:
            not_found, notes = look_up_of(self._connection, self._positions)
            self._notes += notes
        if rows > usable_rows:
            label = f"m{chosen[LABEL]}" if LABEL in chosen else None
            faults = [*faults, *faults_of_rows(self._connection, self._features, label)]
        return SongTable(
            self._connection,
            text,
            is_plain,
            self._layout,
            list(chosen),
            {name: position in numbers for name, position in self._others.items()},
            self._notes,
            faults,
            rows + left_out,
            rows - usable_rows + left_out,
            not_found,
        )

    def _check_cells(self) -> None:
        """Take columns of features without any cell for none: exports have them where Spotify gives no features."""
        cells = [f"m{at}" for feature in self._features for at in self._positions[feature]]
        if cells:
            rows, is_any = self._numbers(
                f"select count(*), bool_or(coalesce({', '.join(cells)}) is not null) from loaded"
            )
            if rows and not is_any:
                self._name_songs_only()

    def _columns(self) -> Columns:
        # In a list to score, each row with a cell gets an answer.
        silent = self._silent if LABEL in self._positions else ()
        return Columns(self._cells(), self._may_be_numbers(), self._ends(), frozenset(silent))

    def _ends(self) -> frozenset[int]:
        """Return with how many cells a row may end: behind the features, or the label that a list to score may have."""
        features = [at for name in self._features for at in self._positions[name]]
        whole = [*features, *positions(self._layout.header).get(LABEL, [])]
        needed = [whole] if LABEL in self._positions else [features, whole]
        return frozenset(max(cells) + 1 for cells in needed if features)

    def _may_be_numbers(self) -> frozenset[int]:
        """Return the positions of the columns that are numbers if each of their cells is one."""
        meant = {at for name in (*FEATURES, *SCALED) for at in self._positions.get(name, [])}
        # Where the label comes from elsewhere, another file may have text in a column, and this one stays text too.
        return frozenset(meant | set(self._others.values() if LABEL in self._positions else ()))

    def _cells(self) -> dict[int, str]:
        """Return an expression for each column that is loaded, by its position."""
        by_meaning = {
            "duration": "milliseconds(c{0})",
            "id": "song_id(c{0})",
            "isrc": "isrc_code(c{0})",
            LABEL: "trim(c{0})",
        }
        by_meaning |= dict.fromkeys([*FEATURES, "tempo", "loudness"], "number(c{0})")
        wanted = {at: by_meaning.get(meaning, "c{0}") for meaning, found in self._positions.items() for at in found}
        wanted |= dict.fromkeys(self._others.values(), "c{0}")
        return {at: expression.format(at) for at, expression in wanted.items()}

    def _numbers(self, sql: str) -> list[Any]:
        return [value or 0 for value in self._connection.execute(sql).fetchall()[0]]

    def _chosen(self, meaning: str, found: Sequence[int]) -> int:
        """Return the position of the column that is used for a meaning: of several the one with most usable cells."""
        if len(found) == 1:
            return found[0]
        if meaning == LABEL:
            counts = [usable_labels(self._connection, f"m{position}") for position in found]
        else:
            usable = "isfinite(m{0})" if meaning in (*FEATURES, *SCALED) else "m{0} is not null"
            counted = (f"count(*) filter ({usable.format(position)})" for position in found)
            counts = self._numbers(f"select {', '.join(counted)} from loaded")
        chosen = found[counts.index(max(counts))]
        unused = [self._layout.header[position] for position in found if position != chosen]
        values = {"name": meaning, "kept": self._layout.header[chosen], "unused": unused}
        self._notes.append(Message("one_of_columns_kept", values))
        return chosen

    def _duration(self, column: str) -> str:
        """Return the duration in milliseconds; a column that was scaled to [0, 1] before stays as it is."""
        below = ", ".join(f"count(*) filter ({column} < {most})" for most, *_ in DURATION_UNITS)
        greatest, songs, *counts = self._numbers(
            f"select max({column}), count(*), {below} from loaded where isfinite({column})"
        )
        for count, (_, milliseconds, code) in zip(counts, DURATION_UNITS, strict=True):
            if greatest > 1 and count > songs / 2:
                self._notes.append(Message(code))
                return f"{column} * {milliseconds}"
        return column

    def _shares(self, chosen: dict[str, int]) -> dict[str, str]:
        """Return the features as shares if those of the whole file are percentages, else nothing."""
        features = [f"m{chosen[feature]}" for feature in FEATURES]
        greatest = f"greatest({', '.join(features)})"
        above, numbers, most = self._numbers(
            f"select count(*) filter ({greatest} between 1 and 100 and {greatest} <> 1), "
            f"count(*) filter (isfinite({greatest})), max({greatest}) filter ({greatest} <= 100) from loaded"
        )
        if above <= numbers / 2 or most <= LEAST_PERCENTAGE:
            return {}
        # A column of whole numbers up to 1 may be percentages too, of hardly any speech for one.
        are_shares = [
            f"max({cell}) filter (isfinite({cell})) <= 1 and bool_or({cell} <> floor({cell})) filter (isfinite({cell}))"
            for cell in features
        ]
        shares = self._numbers(f"select {', '.join(are_shares)} from loaded")
        if mixed := [feature for feature, is_share in zip(FEATURES, shares, strict=True) if is_share]:
            raise InvalidDataset(*(Finding(feature, Message("mixed_scales"), 1) for feature in mixed))
        self._notes.append(Message("features_in_percent"))
        # A song without 1 percent of anything was written as shares by mistake, unless all of it is 0 and 1.
        is_share = f"{greatest} <= 1 and ({' or '.join(f'{cell} <> floor({cell})' for cell in features)})"
        return {
            feature: f"if({is_share}, {OTHER_SCALE}, {cell} / 100)"
            for feature, cell in zip(FEATURES, features, strict=True)
        }

    def _note_names(self, chosen: dict[str, int]) -> None:
        header = self._layout.header
        renamed = [
            f"{header[at].strip()} = {name}" for name, at in chosen.items() if header[at].strip().lower() != name
        ]
        if renamed:
            self._notes.append(Message("columns_understood", {"columns": renamed}))
