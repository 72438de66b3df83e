"""What a listener may hand in, and the exact words for what they may not."""

from collections.abc import Callable

import pandas as pd
import pytest

from song_preference.dataset import sample
from song_preference.dataset.prepare import prepare, read_playlist
from song_preference.errors import InvalidDataset
from song_preference.features import LABEL

CSV = sample.csv()
CANNOT = "This playlist cannot be used: "
MISSING_ALL = "; ".join(
    f"column '{name}' is missing"
    for name in (
        "speechiness", "energy", "danceability", "acousticness", "duration", "tempo", "loudness", "label",
    )
)  # fmt: skip


def songs() -> pd.DataFrame:
    return sample.bundled().head(60)


def as_csv(rows: pd.DataFrame) -> bytes:
    return rows.to_csv(index=False).encode()


def with_cells(column: str, *values: object) -> bytes:
    """The first rows of a column replaced; row 2 is the first song."""
    rows = songs().astype({column: object})
    rows.loc[: len(values) - 1, column] = pd.Series(values, dtype=object)
    return as_csv(rows)


def without(*columns: str) -> bytes:
    return as_csv(songs().drop(columns=list(columns)))


def only(label: int, and_others: int = 0) -> bytes:
    rows = sample.bundled()
    kept = pd.concat([rows[rows[LABEL] == label].head(30), rows[rows[LABEL] != label].head(and_others)])
    return as_csv(kept)


HEADER = CSV.partition(b"\n")[0]
FIRST = CSV.split(b"\n")[1]

BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "white space": (b" \n\n\t", "the file is empty"),
    "header only": (HEADER + b"\n", "the file holds a header and no songs"),
    "header without a line end": (HEADER, "the file holds a header and no songs"),
    "html": (
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        "the file is an HTML page: check that the link gives the file itself, shared with anyone who has it",
    ),
    "html after white space": (
        b"\n\n  <html></html>",
        "the file is an HTML page: check that the link gives the file itself, shared with anyone who has it",
    ),
    "zip": (b"PK\x03\x04\x00\x00", "the file is binary: export the playlist as CSV"),
    "utf-16": (CSV.decode().encode("utf-16"), "the file is binary: export the playlist as CSV"),
    "latin-1": (
        HEADER + b",title\n" + FIRST + b",Canci\xf3n\n",
        "the file is not UTF-8: export it again with this encoding (1 row: 2)",
    ),
    "prose": (b"Dear listener,\nhere are my songs.\n", MISSING_ALL),
    "json": (b'[{"energy": 0.5}]', MISSING_ALL),
    "no header": (FIRST + b"\n" + FIRST + b"\n", MISSING_ALL),
    "semicolons": (CSV.replace(b",", b";"), MISSING_ALL),
    "too many fields": (
        CSV + FIRST + b",0.5,0.5\n",
        "the file is not a CSV: a row has another number of fields than the header, or a quote is not closed",
    ),
    "an open quote": (
        HEADER + b'\n"' + FIRST + b"\n",
        "the file is not a CSV: a row has another number of fields than the header, or a quote is not closed",
    ),
    "without energy": (without("energy"), "column 'energy' is missing"),
    "without label": (without("label"), "column 'label' is missing"),
    "without two": (without("tempo", "loudness"), "column 'tempo' is missing; column 'loudness' is missing"),
    "energy twice": (
        as_csv(pd.concat([songs(), songs()[["energy"]]], axis=1)),
        "column 'energy' appears more than once, also under another spelling: keep one",
    ),
    "label and target": (
        as_csv(songs().assign(target=1)),
        "column 'label' appears more than once, also under another spelling: keep one",
    ),
    "text in energy": (with_cells("energy", "loud"), "column 'energy' must be a number (1 row: 2)"),
    "decimal comma": (with_cells("energy", 0.1, "0,5"), "column 'energy' must be a number (1 row: 3)"),
    "text in tempo": (with_cells("tempo", "fast", "slow"), "column 'tempo' must be a number (2 rows: 2, 3)"),
    "empty cell": (with_cells("energy", None), "column 'energy' must not be empty (1 row: 2)"),
    "NaN": (with_cells("tempo", 120, "NaN"), "column 'tempo' must not be empty (1 row: 3)"),
    "empty label": (with_cells("label", None), "column 'label' must not be empty (1 row: 2)"),
    "infinite tempo": (with_cells("tempo", "inf"), "column 'tempo' must be finite (1 row: 2)"),
    "infinite loudness": (
        with_cells("loudness", "-inf"),
        "column 'loudness' must be finite (1 row: 2)",
    ),
    "energy above 1": (with_cells("energy", 1.01), "column 'energy' must lie in [0, 1] (1 row: 2)"),
    "energy in percent": (
        with_cells("energy", *[50] * 12),
        "column 'energy' must lie in [0, 1] (12 rows: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...)",
    ),
    "negative speechiness": (
        with_cells("speechiness", -0.1),
        "column 'speechiness' must lie in [0, 1] (1 row: 2)",
    ),
    "danceability above 1": (with_cells("danceability", 0.5, 2), "column 'danceability' must lie in [0, 1] (1 row: 3)"),
    "acousticness above 1": (with_cells("acousticness", 9), "column 'acousticness' must lie in [0, 1] (1 row: 2)"),
    "tempo 0": (with_cells("tempo", 0), "column 'tempo' must be greater than 0 (1 row: 2)"),
    "negative duration": (with_cells("duration", -1), "column 'duration' must be greater than 0 (1 row: 2)"),
    "loudness as a percentage of 1000": (
        with_cells("loudness", 300),
        "column 'loudness' must lie in [-100, 20] dB (1 row: 2)",
    ),
    "label 2": (with_cells("label", 2), "column 'label' must be 1 (likes) or 0 (dislikes) (1 row: 2)"),
    "label 0.5": (with_cells("label", 0.5), "column 'label' must be 1 (likes) or 0 (dislikes) (1 row: 2)"),
    "an unknown word as label": (with_cells("label", "meh"), "column 'label' must be a number (1 row: 2)"),
    "only likes": (only(1), "column 'label' needs at least 10 dislikes, there are 0"),
    "only dislikes": (only(0), "column 'label' needs at least 10 likes, there are 0"),
    "nine likes": (only(0, and_others=9), "column 'label' needs at least 10 likes, there are 9"),
    "several at once": (
        as_csv(
            songs().assign(
                energy=lambda rows: rows["energy"].where(rows.index != 0, 7),
                tempo=lambda rows: rows["tempo"].where(rows.index != 1),
            )
        ),
        "column 'energy' must lie in [0, 1] (1 row: 2); column 'tempo' must not be empty (1 row: 3)",
    ),
}


@pytest.mark.parametrize(("raw", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_in_these_words(raw: bytes, words: str) -> None:
    with pytest.raises(InvalidDataset) as refused:
        read_playlist(raw)
    assert str(refused.value) == f"{CANNOT}{words}."


GOOD: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], list[str]]] = {
    "as it is": (lambda rows: rows, []),
    "duration_ms": (
        lambda rows: rows.rename(columns={"duration": "duration_ms"}),
        ["column 'duration_ms' is read as 'duration'"],
    ),
    "target": (lambda rows: rows.rename(columns={"label": "target"}), ["column 'target' is read as 'label'"]),
    "liked, in capitals": (
        lambda rows: rows.rename(columns={"label": "Liked", "energy": " Energy"}),
        ["column ' Energy' is read as 'energy'", "column 'Liked' is read as 'label'"],
    ),
    "an index": (
        lambda rows: rows.reset_index().rename(columns={"index": ""}),
        ["a column that only counts the rows is left out"],
    ),
    "words": (
        lambda rows: rows.assign(label=rows["label"].map({1: "Like", 0: "dislike"})),
        ["the label's words are read as 1 and 0"],
    ),
    "true and false": (
        lambda rows: rows.assign(label=rows["label"] == 1),
        ["the label's true and false are read as 1 and 0"],
    ),
    "a label with decimals": (lambda rows: rows.astype({"label": float}), []),
    "another order": (lambda rows: rows[rows.columns[::-1]], []),
}


@pytest.mark.parametrize(("change", "readings"), GOOD.values(), ids=GOOD.keys())
def test_another_spelling_gives_the_same_songs_and_is_recorded(
    change: Callable[[pd.DataFrame], pd.DataFrame], readings: list[str]
) -> None:
    expected = prepare(read_playlist(as_csv(songs())))
    prepared = prepare(read_playlist(as_csv(change(songs()))))
    pd.testing.assert_frame_equal(prepared.features, expected.features)
    pd.testing.assert_frame_equal(prepared.scaled[expected.scaled.columns], expected.scaled)
    assert prepared.report.readings == readings


def test_of_another_column_that_comes_twice_the_first_is_kept() -> None:
    twice = songs()[["valence"]].assign(valence=0.0)
    prepared = prepare(read_playlist(as_csv(pd.concat([songs(), twice], axis=1))))
    assert prepared.scaled["valence"].tolist() == songs()["valence"].tolist()


def test_more_columns_and_a_byte_order_mark_are_kept_out_of_the_way() -> None:
    raw = b"\xef\xbb\xbf" + as_csv(songs().assign(title="Canción, número 1"))
    prepared = prepare(read_playlist(raw))
    assert set(prepared.scaled["title"]) == {"Canción, número 1"}
    assert "title" not in prepared.features


def test_no_finding_shows_a_cell() -> None:
    with pytest.raises(InvalidDataset) as refused:
        read_playlist(with_cells("energy", "my-secret-diary"))
    assert "secret" not in str(refused.value)
