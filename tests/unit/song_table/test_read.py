"""What a file of songs may look like, and the exact words for a file that is none."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from song_preference.dataset.manage import check
from song_preference.dataset.prepare import prepare
from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL
from song_preference.song_table import database
from song_preference.song_table.read import SongTable
from tests.support.playlists import as_csv, chosen, songs, with_cells
from tests.support.song_tables import (
    CANNOT,
    FIRST,
    HEADER,
    LIMIT,
    NAMES_ONLY,
    PLAIN,
    Table,
    check_is_plain,
    check_is_rejected,
    codes,
    features_of,
)


def excel_in_percent(rows: pd.DataFrame) -> bytes:
    percent = rows.copy()
    percent[list(FEATURES)] = percent[list(FEATURES)] * 100
    return as_csv(percent)


def with_percent_signs(rows: pd.DataFrame, sign: str, **options: Any) -> bytes:
    """Return the rows with their features as spreadsheets show percentages."""
    written = (rows[list(FEATURES)] * 100).astype(str) + sign
    if "decimal" in options:
        written = written.apply(lambda cells: cells.str.replace(".", options["decimal"]))
    return as_csv(rows.assign(**written), **options)


LABELLED_RECORD_COMPANY = songs().rename(columns={"label": "Liked"}).assign(Label="Universal Music")

WAYS: dict[str, tuple[bytes, list[str]]] = {
    "as it is": (as_csv(PLAIN), []),
    "percent": (excel_in_percent(PLAIN), ["features_in_percent"]),
    "other names": (
        as_csv(PLAIN.rename(columns={"energy": "Energía", "speechiness": "SPEECHINESS", "label": "is-liked"})),
        ["columns_understood"],
    ),
    "Exportify in German": (
        as_csv(
            PLAIN.rename(
                columns={
                    "energy": "Energie",
                    "speechiness": "Sprachanteil",
                    "danceability": "Tanzbarkeit",
                    "acousticness": "Akustik",
                    "duration": "Track-Dauer (ms)",
                    "loudness": "Lautstärke",
                    "label": "liked",
                }
            )
        ),
        ["columns_understood"],
    ),
    "an index": (PLAIN.to_csv(index=True).encode(), ["index_column_left_out"]),
    "words": (as_csv(PLAIN.assign(label=PLAIN[LABEL].map({1: "Me gusta", 0: "no me gusta"}))), ["label_words"]),
    "true and false": (as_csv(PLAIN.assign(label=PLAIN[LABEL] == 1)), ["label_words"]),
    "sí and no": (as_csv(PLAIN.assign(label=PLAIN[LABEL].map({1: "SÍ", 0: "No"}))), ["label_words"]),
    "percent signs": (with_percent_signs(PLAIN, "%"), []),
    "percent signs and decimal commas": (
        with_percent_signs(PLAIN, " %", sep=";", decimal=","),
        ["separator_read"],
    ),
    "percent signs in a column": (as_csv(PLAIN.assign(energy=(PLAIN["energy"] * 100).astype(str) + "%")), []),
    "labels with decimal commas": (
        as_csv(PLAIN.astype({LABEL: float}), sep=";", decimal=","),
        ["separator_read", "label_words"],
    ),
    "labels with decimals": (as_csv(PLAIN.astype({LABEL: float})), ["label_words"]),
    "a record company's label": (as_csv(LABELLED_RECORD_COMPANY), ["one_of_columns_kept", "columns_understood"]),
    "a second, empty energy": (as_csv(PLAIN.assign(Energy="")), ["one_of_columns_kept"]),
    "two columns of ids": (
        as_csv(PLAIN.assign(track_id=[f"{at:022}" for at in range(len(PLAIN))], Spotify_ID="")),
        ["one_of_columns_kept", "columns_understood"],
    ),
    "durations between 0 and 1": (as_csv(PLAIN.assign(duration=PLAIN["duration"] / 400_000)), []),
    "durations in seconds": (
        as_csv(PLAIN.assign(duration=PLAIN["duration"] / 1000)),
        ["duration_in_seconds"],
    ),
    "durations in seconds by their name": (
        as_csv(PLAIN.assign(duration=PLAIN["duration"] / 1000).rename(columns={"duration": "Duration (seconds)"})),
        ["duration_in_seconds", "columns_understood"],
    ),
    "durations in minutes": (
        as_csv(PLAIN.assign(duration=PLAIN["duration"] / 60_000).rename(columns={"duration": "duration_min"})),
        ["duration_in_minutes", "columns_understood"],
    ),
    "durations on a clock": (
        as_csv(PLAIN.assign(duration=[f"{ms // 60000}:{ms // 1000 % 60:02}" for ms in PLAIN["duration"]])),
        [],
    ),
    "no duration, tempo and loudness": (
        as_csv(PLAIN.drop(columns=["duration", "tempo", "loudness"])),
        [],
    ),
}


@pytest.mark.parametrize(("raw", "noted"), WAYS.values(), ids=WAYS)
def test_the_same_songs_in_another_form_are_the_same(raw: bytes, noted: list[str], table: Table) -> None:
    check_is_plain(table(raw), noted)


def test_of_two_columns_for_one_meaning_both_are_named(table: Table) -> None:
    (note,) = table(as_csv(PLAIN.assign(Energy=""))).notes
    assert str(note) == "'energy' is used as energy, and not: Energy"


@pytest.mark.parametrize("way", [way for way in WAYS if way.startswith("durations") and "between" not in way])
def test_durations_end_in_milliseconds(way: str, table: Table) -> None:
    durations = [duration for (duration,) in table(WAYS[way][0]).query("select duration from songs order by row")]
    assert durations == pytest.approx(PLAIN["duration"].tolist(), abs=1000)


def test_chosics_export_is_understood(table: Table) -> None:
    header = (
        "#,Song,Artist,BPM,Camelot,Energy,Added At,Duration,Popularity,Genres,Album,Album Date,Dance,Acoustic,"
        "Instrumental,Valence,Speech,Live,Loud (Db),Key,Time Signature,Spotify Track Id,ISRC,Explicit,Liked"
    )
    row = (
        "{0},Song {0},Artist,120,8A,5{1},2024-01-01,03:2{1},50,rock,Album,2020,4{1},3{1},0,50,0,10,-6,C,4,{0:022},,No,"
        "{2}"
    )
    rows = [row.format(number, number % 10, number % 2) for number in range(24)]
    read = table("\n".join([header, *rows]).encode())
    assert features_of(read)["energy"].tolist()[:3] == [0.5, 0.51, 0.52]
    assert set(read.known) >= {"title", "artist", "album", "id", "isrc", "tempo", "loudness", "duration"}
    assert "features_in_percent" in codes(read)


def test_organize_your_music_s_export_is_understood(table: Table) -> None:
    header = "title,artist,top genre,year,added,bpm,nrgy,dnce,dB,live,val,dur,acous,spch,pop,liked"
    row = "Song {0},Artist,pop,2019,2024-01-01,120,5{1},4{1},-6,10,50,20{1},3{1},{2},80,{2}"
    rows = [row.format(number, number % 10, number % 2) for number in range(24)]
    read = table("\n".join([header, *rows]).encode())
    assert features_of(read)["energy"].tolist()[:3] == [0.5, 0.51, 0.52]
    assert read.query("select duration from songs limit 1") == [(200_000,)]
    assert codes(read) == ["duration_in_seconds", "features_in_percent", "columns_understood"]


def test_a_silent_song_is_on_the_scale_of_percentages(table: Table) -> None:
    percentages = (PLAIN[[*FEATURES]] * 100).round()
    percentages.iloc[0] = [0, 0, 0, 1]
    assert table(as_csv(PLAIN.assign(**percentages))).unusable == 0


def test_a_scale_that_most_songs_exceed_is_no_percentage(table: Table) -> None:
    # As Excel takes 0.765 where points stand between thousands.
    read = table(as_csv(PLAIN.assign(**(PLAIN[[*FEATURES]] * 1000).round())))
    assert "features_in_percent" not in codes(read)
    assert read.unusable == len(PLAIN)


def test_grades_up_to_10_are_no_percentages(table: Table) -> None:
    read = table(as_csv(PLAIN.assign(**{name: PLAIN[name] * 10 for name in FEATURES})))
    assert "features_in_percent" not in codes(read)
    assert not read.query("from songs where is_usable and energy > 1")


def test_what_the_model_does_not_use_costs_no_song(table: Table) -> None:
    for column, value in (("tempo", 0), ("tempo", "fast"), ("duration", -1), ("loudness", 300), ("loudness", None)):
        assert table(with_cells(column, value)).unusable == 0


COMPANIES = songs().assign(label=[f"Company {number}" for number in range(60)])
NO_OPINIONS = (
    "column 'label' holds many words and hardly an opinion, as if it named record companies: add a column 'liked' with "
    "1 or 0"
)
NO_LABEL = (
    "column 'label' is missing: add a column 'liked' with 1 for the songs that you like and 0 for the others, or give "
    "two files, of liked and of disliked songs"
)
MISSING = "; ".join([*(f"column '{name}' is missing" for name in FEATURES), NO_LABEL])
BAD: dict[str, tuple[bytes, str]] = {
    "record companies as labels": (
        as_csv(COMPANIES),
        NO_OPINIONS,
    ),
    "few record companies": (
        as_csv(COMPANIES.assign(label=[f"Company {number % 12}" for number in range(60)])),
        NO_OPINIONS,
    ),
    "a record company whose name is a label": (
        as_csv(COMPANIES.assign(label=["Good", *COMPANIES[LABEL][1:]])),
        NO_OPINIONS,
    ),
    "header only": (HEADER + b"\n", "the file holds a header and no songs"),
    "header without a line end": (HEADER, "the file holds a header and no songs"),
    "JSON of another thing": (
        b'{"energy": 0.5, "name": 3}',
        MISSING.replace("column 'energy' is missing; ", ""),
    ),
    "prose": (b"Dear listener,\nhere are my songs.\n", MISSING),
    "no header": (FIRST + b"\n" + FIRST + b"\n", MISSING),
    "no audio features": (
        b"Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\nSong,Artist,Album,List,Favorite,,\n",
        NAMES_ONLY,
    ),
    "no audio feature but NaN": (as_csv(songs().assign(**dict.fromkeys(FEATURES, "NaN"))), NAMES_ONLY),
    "without label": (as_csv(PLAIN.drop(columns="label")), NO_LABEL),
    "without energy": (as_csv(PLAIN.drop(columns="energy")), "column 'energy' is missing"),
    "one feature in percent": (
        as_csv(PLAIN.assign(energy=PLAIN["energy"] * 100)),
        "; ".join(
            f"column '{name}' lies between 0 and 1 while other features go from 0 to 100: give all four the same scale"
            for name in ("speechiness", "danceability", "acousticness")
        ),
    ),
    "ratings": (
        as_csv(PLAIN.assign(label=[1 + number % 5 for number in range(60)])),
        (
            "column 'label' grades songs (1, 2, 3, 4, 5) and does not say which grades are likes: write 1 in place of "
            "those and 0 in place of the others (remove doubtful songs), or add such a column named 'liked'"
        ),
    ),
    "two grades": (
        as_csv(PLAIN.assign(label=PLAIN[LABEL] + 1)),
        (
            "column 'label' grades songs (1, 2) and does not say which grades are likes: write 1 in place of those and "
            "0 in place of the others (remove doubtful songs), or add such a column named 'liked'"
        ),
    ),
    "a neutral grade": (
        with_cells("label", -1),
        (
            "column 'label' grades songs (-1, 0, 1) and does not say which grades are likes: write 1 in place of "
            "those and 0 in place of the others (remove doubtful songs), or add such a column named 'liked'"
        ),
    ),
    "grades that few songs have": (
        with_cells("label", 2, 3, 4),
        (
            "column 'label' grades songs (0, 1, 2, 3, 4) and does not say which grades are likes: write 1 in place of "
            "those and 0 in place of the others (remove doubtful songs), or add such a column named 'liked'"
        ),
    ),
}


@pytest.mark.parametrize(("raw", "words"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_table_of_songs_is_rejected_in_these_words(raw: bytes, words: str, table: Table) -> None:
    check_is_rejected(table, raw, words)


def test_a_file_that_duckdb_fails_on_is_rejected(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MEMORY", "1MB")
    with pytest.raises(InvalidDataset, match="made the reader crash"):
        table(as_csv(pd.concat([PLAIN.assign(title="x" * 100)] * 2000)))


def test_songs_to_score_need_no_label(table: Callable[..., SongTable]) -> None:
    read = table(as_csv(PLAIN.drop(columns="label")), needs="features")
    assert len(features_of(read)) == 60


def test_a_label_column_of_songs_to_score_is_another_column(table: Callable[..., SongTable]) -> None:
    read = table(as_csv(PLAIN.assign(label="whatever")), needs="features")
    assert (read.unusable, LABEL in read.known) == (0, False)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.binary(max_size=200), start=st.sampled_from([b"", HEADER + b"\n", b"[", b"PAR1", b"PK\x03\x04", b"\x1f\x8b"])
)
def test_any_bytes_are_read_or_rejected(raw: bytes, start: bytes, table: Table) -> None:
    with suppress(InvalidDataset):
        table(start + raw)


def test_a_check_in_its_own_process_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "songs"
    path.write_bytes(as_csv(songs()))
    found = check(path, LIMIT).model_dump(exclude={"first_songs"})
    assert found == prepare(path, tmp_path, max_bytes=LIMIT).report.model_dump()
    path.write_bytes(BAD["without label"][0])
    with pytest.raises(InvalidDataset) as rejected:
        check(path, LIMIT)
    assert str(rejected.value) == f"{CANNOT}{BAD['without label'][1]}."


def test_files_of_every_kind_end_as_the_cases_say(cases: dict[str, Any], case_directory: Path, tmp_path: Path) -> None:
    seen: dict[str, dict[str, Any]] = {}
    before = {file.name for file in case_directory.iterdir()}
    for name, expected in cases.items():
        directory = tmp_path / name
        directory.mkdir()
        try:
            report = prepare(case_directory / name, directory, max_bytes=LIMIT).report
        except InvalidDataset as rejected:
            seen[name] = {"validate": "reject", "why": str(rejected)}
        else:
            rows = [row for note in report.normalisations for row in rows_in(note.params)]
            songs = {"songs": report.rows_kept, "likes": report.likes, "dislikes": report.dislikes}
            seen[name] = {"validate": "take", **songs, "left_out_rows": rows}
        for key in expected.keys() & {"validate", "songs", "likes", "dislikes", "left_out_rows"}:
            assert seen[name][key] == expected[key], name
    assert "needs at least 10 different likes, there are 1." in seen["09-one-liked-song-eleven-times.csv"]["why"]
    assert {file.name for file in case_directory.iterdir()} == before


def rows_in(params: dict[str, Any]) -> list[int]:
    """Return the numbers of rows that a message names, however deep."""
    found = list(params.get("rows", []))
    for value in params.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                found += rows_in(item.get("params", {}))
    return found


@pytest.fixture
def cases(case_directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((case_directory / "expected.json").read_text())
    return found


def test_columns_may_have_names_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "songs"
    path.write_bytes(as_csv(chosen(20, 20).assign(row="a", is_usable="b", song_key="c")))
    found = prepare(path, tmp_path, max_bytes=LIMIT)
    assert found.report.rows_kept == 40
    assert {"row_", "is_usable_", "song_key_", "song_key"} <= set(found.report.columns)
