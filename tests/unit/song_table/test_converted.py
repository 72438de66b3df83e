"""Songs in JSON and Parquet that become a CSV, and what does not."""

import json

import pandas as pd
import pytest

from song_preference.errors import InvalidDataset
from song_preference.song_table import database
from tests.support.playlists import songs
from tests.support.song_tables import PLAIN, Table, as_json, check_is_plain, check_is_rejected, features_of, parquet

ROWS = json.loads(as_json(PLAIN))
ANSWERS = [json.dumps({"audio_features": rows}).encode() for rows in (ROWS[:20], ROWS[20:])]
LINES = [json.dumps(row).encode() for row in ROWS]
WAYS: dict[str, tuple[bytes, list[str]]] = {
    "JSON": (as_json(PLAIN), ["converted"]),
    "JSON lines": (PLAIN.to_json(orient="records", lines=True).encode(), ["converted"]),
    "JSON of spotipy": (b'{"audio_features": ' + as_json(songs()) + b', "next": null}', ["converted"]),
    "answers of spotipy in a list": (b"[" + b",".join(ANSWERS) + b"]", ["converted"]),
    "answers of spotipy in lines": (b"\n".join(ANSWERS), ["converted"]),
    "spotipy's tracks and features": (
        json.dumps({"tracks": [{"name": "x"}] * len(PLAIN), "audio_features": ROWS}).encode(),
        ["converted", "columns_understood"],
    ),
    "lists in a list": (json.dumps([ROWS[:20], ROWS[20:]]).encode(), ["converted"]),
    "features in an object of each song": (
        json.dumps([{"label": row["label"], "audio_features": row} for row in ROWS]).encode(),
        ["converted"],
    ),
    "features in a list of one in each song": (
        json.dumps([{"label": row["label"], "audio_features": [row]} for row in ROWS]).encode(),
        ["converted"],
    ),
    "such songs in a list of the one object": (
        json.dumps({"songs": [{"label": row["label"], "audio_features": [row]} for row in ROWS]}).encode(),
        ["converted"],
    ),
    "JSON with an empty energy in capitals": (
        json.dumps([{"Energy": "", **row} for row in ROWS]).encode(),
        ["converted", "one_of_columns_kept"],
    ),
    "features in an object of another name": (
        json.dumps([{"label": row["label"], "features": row} for row in ROWS]).encode(),
        ["converted"],
    ),
    "JSON with a list of features beside them": (
        json.dumps([{"audio_features": [0.1, 0.2], **row} for row in ROWS]).encode(),
        ["converted"],
    ),
    "Parquet": (parquet(PLAIN), ["converted"]),
    "Parquet with an empty energy in capitals": (
        parquet(PLAIN.assign(lists=pd.Series([["a", "b"]] * len(PLAIN)), Energy=None)[["lists", "Energy", *PLAIN]]),
        ["converted", "one_of_columns_kept"],
    ),
}


@pytest.mark.parametrize(("raw", "noted"), WAYS.values(), ids=WAYS)
def test_the_same_songs_in_another_form_are_the_same(raw: bytes, noted: list[str], table: Table) -> None:
    check_is_plain(table(raw), noted)


FAULTS: dict[str, tuple[bytes, int]] = {
    "a song that spotipy did not know": (b'{"audio_features": [null, ' + as_json(songs())[1:] + b"}", 2),
    "a place without a song": (json.dumps([*ROWS[:7], None, *ROWS[7:]]).encode(), 9),
    "a number in place of a song": (json.dumps([*ROWS, 3]).encode(), 62),
    "a broken line": (b"\n".join([*LINES[:7], b'{"energy": ', *LINES[7:]]), 9),
    "lines that break off": (b"\n".join(LINES)[:-9], 61),
}


@pytest.mark.parametrize(("raw", "row"), FAULTS.values(), ids=FAULTS)
def test_what_is_no_song_in_json_costs_its_row_only(raw: bytes, row: int, table: Table) -> None:
    faults = ["the file has rows without any audio feature", "column 'label' must not be empty"]
    read = table(raw)
    assert [str(fault) for fault in read.faults] == [f"{fault} (1 row: {row})" for fault in faults]
    assert (read.unusable, len(features_of(read))) == (1, read.rows - 1)


BAD: dict[str, tuple[bytes, str]] = {
    "a bomb of equal cells": (
        parquet(pd.DataFrame({"energy": [0.5]}).iloc[[0] * 3_000_000].assign(title="x" * 50)),
        "the file has more than 100 MB once unpacked: split it",
    ),
    "a bomb of absent cells": (
        b"[" + b",".join([b'{"k%d":1}' % number for number in range(999)] + [b'{"a":1}'] * 110_000) + b"]",
        "the file has more than 100 MB once unpacked: split it",
    ),
    "Parquet that is cut off": (parquet(PLAIN)[:-9], "the file cannot be read as Parquet: export it again"),
    "JSON that is cut off": (as_json(PLAIN)[:-9], "the file cannot be read as JSON: export it again"),
    "JSON without its end": (as_json(PLAIN)[:-1] + b",", "the file cannot be read as JSON: export it again"),
    "broken JSON over lines": (
        json.dumps({"audio_features": ROWS}, indent=1).encode()[:-9],
        "the file cannot be read as JSON: export it again",
    ),
    "JSON by columns": (
        PLAIN.to_json().encode(),
        "the file is JSON without a list of songs: send a list of objects, one for each song",
    ),
    "JSON of two lists": (
        json.dumps({"liked": ROWS[:30], "disliked": ROWS[30:]}).encode(),
        "the file is JSON without a list of songs: send a list of objects, one for each song",
    ),
    "JSON of numbers": (
        b"[1, 2, 3]",
        "the file is JSON without a list of songs: send a list of objects, one for each song",
    ),
}


@pytest.mark.parametrize(("raw", "words"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_table_of_songs_is_rejected_in_these_words(raw: bytes, words: str, table: Table) -> None:
    check_is_rejected(table, raw, words)


def test_a_long_list_of_json_is_read_in_the_memory_that_the_reader_has(table: Table) -> None:
    more = pd.DataFrame({f"c{number}": [number * 1.5] * 5_000 for number in range(290)})
    rows = pd.concat([PLAIN] * (5_000 // len(PLAIN) + 1), ignore_index=True)[:5_000]
    read = table(as_json(rows.join(more)))
    assert (read.rows, read.unusable) == (5_000, 0)


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_rows_too_large_for_the_memory_of_the_reader_are_named(
    table: Table, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MEMORY", "8MB")
    rows = PLAIN.assign(title="x" * 200_000)
    with pytest.raises(InvalidDataset, match="has rows that take too much memory: remove columns, or export it as CSV"):
        table(as_json(rows) if form == "json" else rows.to_parquet())


def test_a_key_may_be_empty(table: Table) -> None:
    assert table(json.dumps([{"": at, **row} for at, row in enumerate(ROWS)]).encode()).unusable == 0
