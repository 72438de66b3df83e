"""What a file of songs may look like, and the exact words for what it may not."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
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
from song_preference.song_table.read import SongTable, opened
from tests.support.playlists import as_csv, chosen, songs, with_cells

LIMIT = 10**8
CANNOT = "This playlist cannot be used: "
Table = Callable[[bytes], SongTable]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Callable[..., SongTable]]:
    """Read bytes as a table; closed after the test."""
    opened_tables: list[AbstractContextManager[SongTable]] = []

    def read(raw: bytes, *, needs_label: bool = True) -> SongTable:
        path = tmp_path / f"file-{len(opened_tables)}"
        directory = tmp_path / f"database-{len(opened_tables)}"
        directory.mkdir()
        path.write_bytes(raw)
        manager = opened(path, directory, max_bytes=LIMIT, needs_label=needs_label)
        opened_tables.append(manager)
        return manager.__enter__()

    yield read
    for manager in opened_tables:
        manager.__exit__(None, None, None)


def features_of(table: SongTable) -> pd.DataFrame:
    names = [*FEATURES, *([LABEL] if LABEL in table.known else [])]
    found: pd.DataFrame = table.connection.execute("select * from songs where is_usable order by row").df()
    return found[names].astype(float)


def codes(table: SongTable) -> list[str | None]:
    return [note.code for note in table.notes]


PLAIN = songs().drop(columns="title")
HEADER, FIRST = as_csv(PLAIN).split(b"\n")[:2]


def numbers_with_comma(rows: pd.DataFrame) -> bytes:
    return as_csv(rows, sep=";", decimal=",")


def excel_in_percent(rows: pd.DataFrame) -> bytes:
    percent = rows.copy()
    percent[list(FEATURES)] = percent[list(FEATURES)] * 100
    return as_csv(percent)


def packed(raw: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, raw)
    return file.getvalue()


def parquet(rows: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    rows.to_parquet(file)
    return file.getvalue()


def as_json(rows: pd.DataFrame) -> bytes:
    return rows.to_json(orient="records").encode()


LABELLED_RECORD_COMPANY = songs().rename(columns={"label": "Liked"}).assign(Label="Universal Music")

WAYS: dict[str, tuple[bytes, list[str]]] = {
    "as it is": (as_csv(PLAIN), []),
    "a title with quotes, commas and lines": (as_csv(songs()), []),
    "semicolons": (as_csv(PLAIN, sep=";"), ["separator_read"]),
    "semicolons and decimal commas": (numbers_with_comma(songs()), ["separator_read"]),
    "tabs": (as_csv(songs(), sep="\t"), ["separator_read"]),
    "bars": (as_csv(PLAIN, sep="|"), ["separator_read"]),
    "a line that names the separator": (
        b"sep=;\r\n" + as_csv(PLAIN, sep=";", lineterminator="\r\n"),
        ["separator_read", "header_in_row"],
    ),
    "a line that names an unusual separator": (
        b"sep=^\n" + as_csv(PLAIN, sep="^"),
        ["separator_read", "header_in_row"],
    ),
    "a title above the header": (b"My songs of 2024\n\n" + as_csv(PLAIN), ["header_in_row"]),
    "a byte order mark": (b"\xef\xbb\xbf" + as_csv(PLAIN), []),
    "UTF-16 with tabs": (as_csv(songs(), sep="\t").decode().encode("utf-16"), ["transcoded", "separator_read"]),
    "UTF-16 without a mark": (as_csv(PLAIN).decode().encode("utf-16-le"), ["transcoded"]),
    "UTF-32": (as_csv(PLAIN).decode().encode("utf-32"), ["transcoded"]),
    "Windows-1252": (as_csv(songs()).decode().encode("cp1252"), ["transcoded"]),
    "CRLF": (as_csv(songs(), lineterminator="\r\n"), []),
    "CR": (as_csv(PLAIN, lineterminator="\r"), []),
    "blank lines between": (as_csv(PLAIN).replace(b"\n", b"\n\n"), []),
    "blank lines at the end": (as_csv(PLAIN) + b"\n\r\n\n", []),
    "rows of separators at the end": (as_csv(PLAIN) + b",,,\n" * 3 + b"\n", []),
    "empty columns at the right": (as_csv(PLAIN).replace(b"\n", b",,\n"), []),
    "no line end at the end": (as_csv(PLAIN)[:-1], []),
    "everything quoted": (as_csv(PLAIN, quoting=1), []),
    "blanks around cells": (as_csv(PLAIN).replace(b",", b" , "), []),
    "JSON": (as_json(PLAIN), ["converted"]),
    "JSON lines": (PLAIN.to_json(orient="records", lines=True).encode(), ["converted"]),
    "JSON of spotipy, of which it did not know the first": (
        b'{"audio_features": [null, ' + as_json(songs())[1:] + b"}",
        ["converted"],
    ),
    "JSON of spotipy": (b'{"audio_features": ' + as_json(songs()) + b', "next": null}', ["converted"]),
    "Parquet": (parquet(PLAIN), ["converted"]),
    "gz": (gzip.compress(as_csv(PLAIN)), []),
    "zip": (packed(as_csv(PLAIN), "folder/songs.csv"), []),
    "zip of a Mac": (packed(as_csv(PLAIN), "songs.csv", "__MACOSX/._songs.csv", ".DS_Store"), []),
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
    "durations on a clock": (
        as_csv(PLAIN.assign(duration=[f"{ms // 60000}:{ms // 1000 % 60:02}" for ms in PLAIN["duration"]])),
        [],
    ),
    "no duration, tempo and loudness": (
        as_csv(PLAIN.drop(columns=["duration", "tempo", "loudness"])),
        ["columns_not_there"],
    ),
}


@pytest.mark.parametrize(("raw", "noted"), WAYS.values(), ids=WAYS)
def test_the_same_songs_in_another_form_are_the_same(raw: bytes, noted: list[str], table: Table) -> None:
    read = table(raw)
    pd.testing.assert_frame_equal(
        features_of(read), PLAIN[[*FEATURES, LABEL]].astype(float), check_exact=False, rtol=1e-9
    )
    assert codes(read) == noted
    assert read.unusable == 0


@pytest.mark.parametrize("way", ["durations in seconds", "durations on a clock"])
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


QUOTE = "the file has a quote that is not closed, or not doubled inside a quoted cell: close, double or remove it"
ROWS = as_csv(PLAIN).partition(b"\n")[2]
TITLED = as_csv(PLAIN.assign(title="song"))
FAULTS: dict[str, tuple[bytes, list[str]]] = {
    "text in energy": (with_cells("energy", "loud"), ["column 'energy' must be a number (1 row: 2)"]),
    "an empty cell": (with_cells("energy", 0.5, None), ["column 'energy' must not be empty (1 row: 3)"]),
    "undefined": (with_cells("energy", "undefined"), ["column 'energy' must not be empty (1 row: 2)"]),
    "an infinite number": (with_cells("energy", "inf"), ["column 'energy' must be finite (1 row: 2)"]),
    "above 1": (with_cells("energy", 1.01), ["column 'energy' must lie in [0, 1] (1 row: 2)"]),
    "below 0": (with_cells("speechiness", -0.1), ["column 'speechiness' must lie in [0, 1] (1 row: 2)"]),
    "a number as Python writes it": (with_cells("energy", "0_1"), ["column 'energy' must be a number (1 row: 2)"]),
    "an unknown word": (
        with_cells("label", "meh"),
        ["column 'label' must be 1 or 0, or a word such as yes and no, like and dislike (1 row: 2)"],
    ),
    "an empty label": (with_cells("label", None), ["column 'label' must not be empty (1 row: 2)"]),
    "a row too short": (
        HEADER + b"\n0.5,0.5\n" + as_csv(PLAIN).partition(b"\n")[2],
        ["the file has rows with another number of fields than the header (1 row: 2)"],
    ),
    "rows too long": (
        as_csv(PLAIN) + FIRST + b",7\n" + FIRST + b",7\n",
        ["the file has rows with another number of fields than the header (2 rows: 62, 63)"],
    ),
    "a row too long": (
        as_csv(PLAIN.assign(title="x")) + FIRST + b"," + b"x" * 260_000 + b"\n",
        [
            (
                "the file has a row of more than 250,000 characters: keep only the columns that describe the songs "
                "(1 row: 62)"
            )
        ],
    ),
    "blank lines, a title and a faulty row": (
        b"My songs\n\n" + HEADER + b"\n\n" + FIRST.replace(b",", b",x", 1) + b"\n" + as_csv(PLAIN).partition(b"\n")[2],
        ["column 'danceability' must be a number (1 row: 5)"],
    ),
    "an open quote in the first row": (HEADER + b'\n"' + FIRST + b"\n" + ROWS, [f"{QUOTE} (1 row: 2)"]),
    "an open quote in the last row": (as_csv(PLAIN) + b'"' + FIRST, [f"{QUOTE} (1 row: 62)"]),
    "an open quote far above another": (
        TITLED.replace(b"song\n", b'"7 nights\n', 1)[:-6] + b',"9 lives\n',
        [f"{QUOTE} (2 rows: 2, 61)"],
    ),
    "an open quote above more than a cell may hold": (
        TITLED.replace(b"song\n", b'"7 nights\n', 1) + TITLED.partition(b"\n")[2] * 40,
        [f"{QUOTE} (1 row: 2)"],
    ),
    "an open quote above a row too long": (
        TITLED.replace(b"song\n", b'"7 nights\n', 1) + FIRST + b"," * 250_001 + b"x\n" + FIRST + b",song\n",
        [
            (
                "the file has a row of more than 250,000 characters: keep only the columns that describe the songs "
                "(1 row: 62)"
            ),
            f"{QUOTE} (1 row: 2)",
        ],
    ),
    "two rows without features": (
        as_csv(PLAIN) + b"," * HEADER.count(b",") + b"1\n" + b"," * HEADER.count(b",") + b"0\n",
        ["the file has rows without any audio feature (2 rows: 62, 63)"],
    ),
}


@pytest.mark.parametrize(("raw", "faults"), FAULTS.values(), ids=FAULTS)
def test_a_row_that_cannot_be_used_is_left_out_and_named(raw: bytes, faults: list[str], table: Table) -> None:
    read = table(raw)
    assert sorted(str(fault) for fault in read.faults) == sorted(faults)
    assert read.unusable == sum(fault.count for fault in read.faults)
    assert len(features_of(read)) == read.rows - read.unusable


def test_what_the_model_does_not_use_costs_no_song(table: Table) -> None:
    for column, value in (("tempo", 0), ("tempo", "fast"), ("duration", -1), ("loudness", 300), ("loudness", None)):
        assert table(with_cells(column, value)).unusable == 0


def test_the_number_of_a_row_counts_a_cell_of_several_lines_as_one(table: Table) -> None:
    raw = as_csv(songs().assign(energy=songs()["energy"].where(songs().index != 7)))
    assert [fault.rows for fault in table(raw).faults] == [(9,)]


COMPANIES = songs().assign(label=[f"Company {number}" for number in range(60)])
NO_OPINIONS = (
    "column 'label' holds many words and hardly an opinion, as if it named record companies: add a column 'liked' with "
    "1 or 0"
)
MISSING = "; ".join(f"column '{name}' is missing" for name in (*FEATURES, LABEL))
PAGE = "the file is an HTML page: check that the link gives the file itself, shared with anyone who has it"
ZIP_OF_TWO = (
    "the file is a zip with 2 tables: put just one into it (csv, tsv, txt, json or parquet), "
    "or two that are called liked and disliked (likes, me gusta, dislikes, no me gusta and the like are understood)"
)
NAMES_ONLY = (
    "the file names songs and not their audio features: export it with them (Exportify, Chosic and Organize Your Music "
    "can; TuneMyMusic and Spotify's own export cannot)"
)
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "record companies as labels": (
        as_csv(COMPANIES),
        NO_OPINIONS,
    ),
    "a record company whose name is a label": (
        as_csv(COMPANIES.assign(label=["Good", *COMPANIES[LABEL][1:]])),
        NO_OPINIONS,
    ),
    "white space": (b" \n\n\t", "the file is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf\n", "the file is empty"),
    "header only": (HEADER + b"\n", "the file holds a header and no songs"),
    "header without a line end": (HEADER, "the file holds a header and no songs"),
    "html": (b"\n\n <!DOCTYPE html><html><body>Sign in</body></html>", PAGE),
    "binary": (b"\x89\x00\x01" * 50, "the file is binary: export the playlist as CSV"),
    "a zero byte far down": (
        as_csv(PLAIN) + b"\0",
        "the file is binary: export the playlist as CSV",
    ),
    "a workbook": (
        packed(b"<x/>", "[Content_Types].xml", "xl/workbook.xml"),
        "the file is a workbook of a spreadsheet program: save it there as 'CSV UTF-8' and send that",
    ),
    "an old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9,
        "the file is a workbook of a spreadsheet program: save it there as 'CSV UTF-8' and send that",
    ),
    "the zip that Spotify sends": (
        packed(b'{"tracks": []}', "Spotify Account Data/YourLibrary.json", "Spotify Account Data/Playlist1.json"),
        NAMES_ONLY,
    ),
    "two tables in a zip": (
        packed(b"a", "one.csv", "two.csv"),
        ZIP_OF_TWO,
    ),
    "a zip that is cut off": (
        packed(as_csv(PLAIN), "songs.csv")[:-40],
        "the file is a gz or zip file that cannot be unpacked: check it, and that it has no password",
    ),
    "a zip whose list of files lies before it": (
        packed(as_csv(PLAIN), "songs.csv")[:-6] + b"\xff\xff\xff\x7f\0\0",
        "the file is a gz or zip file that cannot be unpacked: check it, and that it has no password",
    ),
    "a gz that is cut off": (
        gzip.compress(as_csv(PLAIN))[:-40],
        "the file is a gz or zip file that cannot be unpacked: check it, and that it has no password",
    ),
    "a bomb": (
        gzip.compress(b" " * (LIMIT + 1)),
        "the file has more than 100 MB once unpacked: split it",
    ),
    "a bomb of equal cells": (
        parquet(pd.DataFrame({"energy": [0.5]}).iloc[[0] * 3_000_000].assign(title="x" * 50)),
        "the file has more than 100 MB once unpacked: split it",
    ),
    "a bomb of absent cells": (
        b"[" + b",".join([b'{"k%d":1}' % number for number in range(999)] + [b'{"a":1}'] * 110_000) + b"]",
        "the file has more than 100 MB once unpacked: split it",
    ),
    "UTF-16 that breaks off": (
        as_csv(PLAIN).decode().encode("utf-16")[:-1],
        "the file begins as UTF-16 and does not go on so: export it again as CSV UTF-8",
    ),
    "Parquet that is cut off": (parquet(PLAIN)[:-9], "the file cannot be read as Parquet: export it again"),
    "JSON that is cut off": (as_json(PLAIN)[:-9], "the file cannot be read as JSON: export it again"),
    "JSON without its end": (as_json(PLAIN)[:-1] + b",", "the file cannot be read as JSON: export it again"),
    "JSON of numbers": (
        b"[1, 2, 3]",
        "the file is JSON without a list of songs: send a list of objects, one for each song",
    ),
    "JSON of another thing": (
        b'{"energy": 0.5, "name": 3}',
        "; ".join(f"column '{name}' is missing" for name in ("speechiness", "danceability", "acousticness", LABEL)),
    ),
    "prose": (b"Dear listener,\nhere are my songs.\n", MISSING),
    "no header": (FIRST + b"\n" + FIRST + b"\n", MISSING),
    "no audio features": (
        b"Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\nSong,Artist,Album,List,Favorite,,\n",
        (
            "the file names songs and not their audio features: export it with them (Exportify, Chosic and Organize "
            "Your Music can; TuneMyMusic and Spotify's own export cannot)"
        ),
    ),
    "without label": (as_csv(PLAIN.drop(columns="label")), "column 'label' is missing"),
    "without energy": (as_csv(PLAIN.drop(columns="energy")), "column 'energy' is missing"),
    "too many columns": (
        b",".join([b"x"] * 1001) + b"\n1\n",
        "the file has 1,001 columns and may have 1,000: keep only those that describe the songs",
    ),
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
    "more open quotes than can be forgiven": (
        HEADER + b"\n" + (b'"' + FIRST + b"\n") * 101 + FIRST + b"\n",
        f"{QUOTE} (1 row: 102)",
    ),
}


@pytest.mark.parametrize(("raw", "words"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_table_of_songs_is_rejected_in_these_words(raw: bytes, words: str, table: Table) -> None:
    with pytest.raises(InvalidDataset) as rejected:
        table(raw)
    assert str(rejected.value) == f"{CANNOT}{words}."


def test_a_long_cell_in_quotes_is_a_cell(table: Table) -> None:
    titles = ["x" * 131_072, "\n" * 131_072, *(["short"] * 58)]
    read = table(as_csv(PLAIN.assign(title=titles)))
    assert (read.unusable, read.query("select max(length(title)) from songs")) == (0, [(131_072,)])


def test_a_file_that_duckdb_fails_on_is_rejected(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MEMORY", "1MB")
    with pytest.raises(InvalidDataset, match="made the reader crash"):
        table(as_csv(pd.concat([PLAIN.assign(title="x" * 100)] * 2000)))


def test_no_finding_shows_a_cell(table: Table) -> None:
    assert "secret" not in str(table(with_cells("energy", "my-secret-diary")).faults[0])


def test_songs_to_score_need_no_label(table: Callable[..., SongTable]) -> None:
    read = table(as_csv(PLAIN.drop(columns="label")), needs_label=False)
    assert len(features_of(read)) == 60


def test_a_label_column_of_songs_to_score_is_another_column(table: Callable[..., SongTable]) -> None:
    read = table(as_csv(PLAIN.assign(label="whatever")), needs_label=False)
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
    path.write_bytes(BAD["html"][0])
    with pytest.raises(InvalidDataset) as rejected:
        check(path, LIMIT)
    assert str(rejected.value) == f"{CANNOT}{PAGE}."


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
