"""What a listener may hand in, and the exact words for what they may not."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from song_preference.dataset import sample, table
from song_preference.dataset.prepare import RowBuffer
from song_preference.dataset.reading import Reading, read_playlist
from song_preference.dataset.schema import SCHEMA
from song_preference.errors import InvalidDataset
from song_preference.features import LABEL

Prepare = Callable[[bytes], Any]
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


def read(raw: bytes, directory: Path) -> Reading:
    path = directory / "raw.csv"
    path.write_bytes(raw)
    return read_playlist(path, RowBuffer(directory / "kept.arrow").opened)


HEADER = CSV.partition(b"\n")[0]
FIRST = CSV.split(b"\n")[1]

QUOTE = "the file has a quote that is not closed, or not doubled inside a quoted cell"
RAGGED = "the file has rows with another number of fields than the header"
WORD = "column 'label' must be 1 or 0, or a word such as yes and no, like and dislike"

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
    "semicolons": (
        CSV.replace(b",", b";"),
        "the file separates its columns by semicolons: export it with commas, and with points in its numbers",
    ),
    "tabs": (
        CSV.replace(b",", b"\t"),
        "the file separates its columns by tabs: export it with commas, and with points in its numbers",
    ),
    "too many fields": (
        CSV + FIRST + b",0.5,0.5\n",
        f"{RAGGED} (1 row: 752)",
    ),
    "too few fields": (
        HEADER + b"\n" + FIRST + b"\n0.5,0.5\n" + FIRST + b"\n0.5\n",
        f"{RAGGED} (2 rows: 3, 5)",
    ),
    "most rows too long": (
        HEADER + b"\n" + (FIRST + b",\n") * 2000,
        "the file is not a CSV: too many rows have another number of fields than the header",
    ),
    "an open quote in the first cell": (HEADER + b'\n"' + FIRST + b"\n", f"{QUOTE} (1 row: 2)"),
    "an open quote far above another": (
        as_csv(songs().assign(title="song")).replace(b"song\n", b'"7 nights\n', 1)[:-6] + b',"9 lives\n',
        f"{QUOTE} (1 row: 2)",
    ),
    "an open quote in the last column": (
        as_csv(songs().assign(title="a song")).replace(b"a song", b'"a song', 1),
        f"{QUOTE} (1 row: 2)",
    ),
    "a short row and what lies below it": (
        HEADER + b"\n" + FIRST + b"\n0.5\n" + FIRST.rpartition(b",")[0] + b",7\n",
        f"{RAGGED} (1 row: 3); column 'label' must be 1 (likes) or 0 (dislikes) (1 row: 4)",
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
    "an unknown word as label": (with_cells("label", "meh"), f"{WORD} (1 row: 2)"),
    "unknown words as labels, the first one first": (
        with_cells("label", "meh", "like", "no", 1, "", "¿sí?", "x" * 10_000, None),
        f"{WORD} (3 rows: 2, 7, 8); column 'label' must not be empty (2 rows: 6, 9)",
    ),
    "nothing but unknown words as labels": (
        with_cells("label", *["so so", "meh"] * 30),
        f"{WORD} (60 rows: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...)",
    ),
    "only likes": (only(1), "column 'label' needs at least 10 different dislikes, there are 0"),
    "only dislikes": (only(0), "column 'label' needs at least 10 different likes, there are 0"),
    "nine likes": (only(0, and_others=9), "column 'label' needs at least 10 different likes, there are 9"),
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
def test_a_bad_file_is_refused_in_these_words(raw: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset) as refused:
        read(raw, tmp_path)
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
        ["the label's words are read as 1 and 0"],
    ),
    "a label with decimals": (lambda rows: rows.astype({"label": float}), []),
    "another order": (lambda rows: rows[rows.columns[::-1]], []),
}


@pytest.mark.parametrize(("change", "readings"), GOOD.values(), ids=GOOD.keys())
def test_another_spelling_gives_the_same_songs_and_is_recorded(
    change: Callable[[pd.DataFrame], pd.DataFrame], readings: list[str], prepared: Prepare
) -> None:
    expected = prepared(as_csv(songs()))
    found = prepared(as_csv(change(songs())))
    pd.testing.assert_frame_equal(found.features, expected.features)
    pd.testing.assert_frame_equal(found.scaled[expected.scaled.columns], expected.scaled)
    assert found.report.readings == [message.english for message in found.report.normalisations] == readings


def test_of_another_column_that_comes_twice_the_first_is_kept(prepared: Prepare) -> None:
    twice = songs()[["valence"]].assign(valence=0.0)
    found = prepared(as_csv(pd.concat([songs(), twice], axis=1)))
    assert found.scaled["valence"].tolist() == songs()["valence"].tolist()
    assert found.report.readings == ["of the columns 'valence' the first is kept"]


def test_a_song_that_comes_ten_times_is_one_song(prepared: Prepare) -> None:
    rows = sample.bundled()
    likes = rows[rows[LABEL] == 1].head(2)
    with pytest.raises(InvalidDataset, match="needs at least 10 different likes, there are 2"):
        prepared(as_csv(pd.concat([*[likes] * 10, rows[rows[LABEL] == 0]])))


def test_more_columns_and_a_byte_order_mark_are_kept_out_of_the_way(prepared: Prepare) -> None:
    title = 'Canción, número 1,\nde "dos" líneas'
    found = prepared(b"\xef\xbb\xbf" + as_csv(songs().assign(title=title)))
    assert set(found.scaled["title"]) == {title}
    assert "title" not in found.features


def test_an_inch_mark_in_a_title_is_no_open_quote(prepared: Prepare) -> None:
    raw = as_csv(songs().assign(title="a song")).replace(b"a song", b'The 12" mix', 1)
    assert prepared(raw).scaled["title"][0] == 'The 12" mix'


def test_a_column_that_turns_from_numbers_to_text_is_kept_as_text(
    prepared: Prepare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "BLOCK_BYTES", 2048)
    titles = [str(number) for number in range(59)] + ["Seven Nation Army"]
    found = prepared(as_csv(songs().assign(title=titles)))
    assert found.scaled["title"].tolist() == titles


def test_numbers_may_be_written_in_any_usual_way(prepared: Prepare) -> None:
    expected = prepared(as_csv(songs()))
    lines = as_csv(songs()).decode().splitlines()
    spaced = [line.replace(",", " , ") for line in lines]
    quoted = [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines]
    for written in ("\r\n".join(spaced), "\r".join(quoted), "\n\n" + "\n\n".join(lines)):
        pd.testing.assert_frame_equal(prepared(written.encode()).features, expected.features)


def test_findings_of_every_piece_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "BLOCK_BYTES", 2048)
    monkeypatch.setattr(table, "BATCH_ROWS", 10)
    wrong = songs().assign(energy=lambda rows: rows["energy"].where(rows.index % 20 != 5, 7))
    wrong = wrong.astype({"tempo": object})
    wrong.loc[59, "tempo"] = "fast"
    with pytest.raises(InvalidDataset) as refused:
        read(as_csv(wrong), tmp_path)
    assert [str(finding) for finding in refused.value.findings] == [
        "column 'energy' must lie in [0, 1] (3 rows: 7, 27, 47)",
        "column 'tempo' must be a number (1 row: 61)",
    ]


def test_no_finding_shows_a_cell(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset) as refused:
        read(with_cells("energy", "my-secret-diary"), tmp_path)
    assert "secret" not in str(refused.value)


cells = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.text(max_size=5), st.integers(), st.none())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(column=st.sampled_from(table.REQUIRED), values=st.lists(cells, min_size=1, max_size=20))
def test_what_passes_keeps_the_rules_and_what_does_not_is_refused_by_name(
    column: str, values: list[object], tmp_path: Path
) -> None:
    raw = with_cells(column, *values)
    try:
        read(raw, tmp_path)
    except InvalidDataset as refused:
        blamed = {finding.column for finding in refused.findings}
    else:
        blamed = set()
    assert blamed <= {column, None}
    if blamed:
        return
    with pa.ipc.open_file(tmp_path / "kept.arrow") as file:
        kept = file.read_all().select(table.REQUIRED).to_pandas()
    SCHEMA.validate(kept.astype("float64"))
    assert np.isfinite(kept).all(axis=None)
    assert len(kept) == 60


@pytest.mark.parametrize("raw", [as_csv(songs()), with_cells("energy", "loud")])
def test_no_file_stays_open(raw: bytes, tmp_path: Path) -> None:
    with without_collections(), suppress(InvalidDataset):
        read(raw, tmp_path)
    assert not [file.path for file in psutil.Process().open_files() if str(tmp_path) in file.path]


@contextmanager
def without_collections() -> Iterator[None]:
    """No cycle is collected: those of a busy service live for minutes."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
