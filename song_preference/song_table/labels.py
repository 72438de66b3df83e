"""From the words of a label column to 1 for a like and 0 for a dislike."""

import math
from collections.abc import Mapping

import duckdb

from song_preference.errors import Finding, InvalidDataset
from song_preference.features import LABEL
from song_preference.messages import Message
from song_preference.song_table.columns import label_of, number_of
from song_preference.song_table.database import literal
from song_preference.song_table.load import ROWS_SHOWN

MAX_LABELS = 1_000
"""Most different words that are looked up in a label column: the most frequent."""

MAX_UNKNOWN_LABELS = 10
"""Most different unknown words of a label column; one with more, and hardly an opinion, names record companies."""

HARDLY = 0.2
"""Share of opinions among the words of a column that names something else."""

MAX_STRAY_NUMBERS = 2
"""Most different numbers of a label column beside 1 and 0 that may be slips; of `STRAY_SHARE` of its cells at most."""

STRAY_SHARE = 0.2


def usable_labels(connection: duckdb.DuckDBPyConnection, column: str) -> float:
    """Return how many cells of a column of `loaded` are labels."""
    return sum(count for word, count in _words(connection, column).items() if label_of(word) is not None)


def label_from(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, list[Message]]:
    """Return the label in a column of `loaded` as SQL, and notes on words that were understood as one.

    Raise `InvalidDataset` for grades and for names of companies.
    """
    words = _words(connection, column)
    if grades := _grades(words):
        raise InvalidDataset(Finding(LABEL, Message("ratings", {"values": grades[:ROWS_SHOWN]}), 1))
    labels = {word: label for word in words if (label := label_of(word)) is not None}
    unknown = [count for word, count in words.items() if word not in labels]
    known = sum(words[word] for word in labels)
    if len(unknown) > MAX_UNKNOWN_LABELS and known < HARDLY * (known + sum(unknown)):
        raise InvalidDataset(Finding(LABEL, Message("record_companies"), 1))
    notes = []
    if any(word not in ("0", "1") for word in labels):
        shown = [f"{word} = {label}" for word, label in sorted(labels.items())][:ROWS_SHOWN]
        notes.append(Message("label_words", {"words": shown}))
    cases = " ".join(f"when {literal(word)} then {label}" for word, label in labels.items())
    return f"case {column} {cases} end" if cases else "null::integer", notes


def _grades(words: Mapping[str, int]) -> list[str]:
    """Return the numbers that grade songs, in order: all, if some beside 1 and 0 are no slips."""
    numbers = sorted((word for word in words if math.isfinite(number_of(word))), key=number_of)
    others = [word for word in numbers if number_of(word) not in (0, 1)]
    if not others:
        return []
    share = sum(words[word] for word in others) / sum(words.values())
    is_scale = len(numbers) == len(words) and (len(others) > MAX_STRAY_NUMBERS or number_of(numbers[0]) < 0)
    return numbers if is_scale or share > STRAY_SHARE else []


def _words(connection: duckdb.DuckDBPyConnection, column: str) -> dict[str, int]:
    """Return the most frequent words of a column, each with the number of its cells."""
    words = f"select count(*), {column} as word from loaded where {column} <> '' group by all order by all desc"
    sql = f"from ({words} limit {MAX_LABELS}) where written(word) is not null"
    return {word: count for count, word in connection.execute(sql).fetchall()}
