"""Catalogues: which songs of which files, in which order, and what is said of those that are left out."""

import csv
import gzip
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.song_table import catalogue
from song_preference.song_table.catalogue import LONGEST_TEXT, Read
from tests.support.catalogues import songs, zipped
from tests.support.playlists import as_csv
from tests.support.song_tables import CANNOT, LIMIT, as_json, parquet

TYPES = {
    **dict.fromkeys(("id", "isrc", "title", "artist", "album", "genre"), pa.string()),
    "year": pa.int16(),
    **dict.fromkeys(("popularity", *FEATURES), pa.float32()),
}


@dataclass(frozen=True)
class Found:
    """The songs of an imported file, and how it was read."""

    songs: pd.DataFrame
    parts: list[bytes]
    sizes: list[int]
    read: Read

    @property
    def titles(self) -> list[str]:
        return list(self.songs["title"])

    @property
    def notes(self) -> list[str]:
        return [str(note) for note in self.read.all_notes()]


Import = Callable[..., Found]


def imported(directory: Path, content: bytes, max_bytes: int = LIMIT) -> Found:
    path = directory / "raw"
    path.write_bytes(content)
    with catalogue.opened(path, directory, max_bytes) as opened:
        written = [(part.read_bytes(), songs) for part, songs in opened.parts(directory)]
        assert opened.songs == sum(songs for _, songs in written)
    assert not list(directory.glob("part*"))
    tables = [pq.read_table(io.BytesIO(part)) for part, _ in written]
    assert all(dict(zip(table.schema.names, table.schema.types, strict=True)) == TYPES for table in tables)
    assert [table.num_rows for table in tables] == [songs for _, songs in written]
    return Found(
        pa.concat_tables(tables).to_pandas(),
        [part for part, _ in written],
        [songs for _, songs in written],
        opened.read,
    )


@pytest.fixture
def read(tmp_path: Path) -> Import:
    """Import a file, each in a directory of its own."""
    numbers = count()

    def read(content: bytes, max_bytes: int = LIMIT) -> Found:
        directory = tmp_path / str(next(numbers))
        directory.mkdir()
        return imported(directory, content, max_bytes)

    return read


def rejected(read: Import, content: bytes, max_bytes: int = LIMIT) -> str:
    """Return why a file is rejected."""
    with pytest.raises(InvalidDataset) as raised:
        read(content, max_bytes)
    return str(raised.value).removeprefix(CANNOT)


ONE = songs(["Uno", "Dos", "Tres"])


@pytest.mark.parametrize("write", [as_csv, parquet, as_json], ids=["CSV", "Parquet", "JSON"])
def test_the_songs_of_a_file_are_those_of_its_rows(read: Import, write: Callable[[pd.DataFrame], bytes]) -> None:
    found = read(write(ONE))
    assert found.titles == ["Uno", "Dos", "Tres"]
    assert (found.songs["artist"] == "Anna").all()
    np.testing.assert_array_equal(found.songs[list(FEATURES)], ONE[list(FEATURES)].astype(np.float32))
    assert found.songs[["id", "isrc", "album", "genre", "year", "popularity"]].isna().all(axis=None)
    assert (found.read.rows, found.read.left_out) == (3, 0)


def test_each_file_of_a_zip_has_columns_of_its_own(read: Import) -> None:
    first = songs(["A"], seed=1, **{"Album Name": "X", "Release Date": "1999-12-31", "track_genre": "pop"})
    second = songs(["B"], seed=2, year=2001, popularity=12.5, ISRC="ES1").rename(columns={"title": "track_name"})
    third = songs(["C"], seed=3, uri="spotify:track:4uLU6", target=1)
    fourth = songs(["D"], seed=4)
    fourth[list(FEATURES)] *= 100
    found = read(
        zipped(
            {
                "one.csv": as_csv(first),
                "two.json": as_json(second),
                "sub/three.parquet": parquet(third),
                "four.csv.gz": gzip.compress(as_csv(fourth)),
            }
        )
    )
    rows = found.songs.set_index("title").astype(object)
    rows = rows.where(rows.notna(), None)
    named = ["id", "isrc", "album", "genre", "year", "popularity"]
    assert list(rows.loc["A", named]) == [None, None, "X", "pop", 1999, None]
    assert list(rows.loc["B", named]) == [None, "ES1", None, None, 2001, 12.5]
    assert list(rows.loc["C", named]) == ["4uLU6", None, None, None, None, None]
    np.testing.assert_allclose(rows.loc["D", list(FEATURES)].astype(float), fourth.loc[0, list(FEATURES)] / 100)
    assert "four.csv.gz: the four features were in percent and are divided by 100" in found.notes
    assert any(note.startswith("two.json: understood by their names: track_name = title") for note in found.notes)


@pytest.mark.parametrize(
    ("written", "artist"),
    [
        ("Anna", "Anna"),
        ("['Anna']", "Anna"),
        ("['Anna', 'Bo']", "Anna, Bo"),
        ("[\"Destiny's Child\", 'Bo']", "Destiny's Child, Bo"),
        ('["Anna","Bo"]', "Anna, Bo"),
        ("Anna;Bo", "Anna, Bo"),
        ("Anna ; Bo", "Anna, Bo"),
        ("[:SITD:]", "[:SITD:]"),
        ("Guns N' Roses", "Guns N' Roses"),
    ],
)
def test_artists_and_genres_are_read_however_they_are_listed(read: Import, written: str, artist: str) -> None:
    found = read(as_csv(songs(["A"], artist=written, genres=written))).songs
    assert (found["artist"].tolist(), found["genre"].tolist()) == ([artist], [artist])


@pytest.mark.parametrize("write", [parquet, as_json], ids=["Parquet", "JSON"])
def test_a_list_of_artists_is_read(read: Import, write: Callable[[pd.DataFrame], bytes]) -> None:
    rows = songs(["A", "B"], artist=[["Anna", "Bo"], ["Cy"]])
    assert read(write(rows)).songs["artist"].tolist() == ["Anna, Bo", "Cy"]


def test_empty_cells_are_absent_also_in_a_file_that_is_read_row_by_row(read: Import) -> None:
    rows = songs(["A", "B"], id="", isrc="", album=" ", genre="", year="", popularity="")
    for content in (as_csv(rows), as_csv(rows, quoting=csv.QUOTE_ALL).replace(b"\n", b"\n\n")):
        found = read(content)
        assert found.titles == ["A", "B"]
        assert found.songs[["id", "isrc", "album", "genre", "year", "popularity"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("name", "written", "year"),
    [
        ("year", "1999", 1999),
        ("year", "1999.0", 1999),
        ("released_year", " 2023", 2023),
        ("Release Date", "2001-05", 2001),
        ("Album Date", "2001-05-06", 2001),
        ("release_date", "soon", None),
        ("year", "0", None),
    ],
)
def test_a_year_is_that_of_a_date(read: Import, name: str, written: str, year: int | None) -> None:
    found = read(as_csv(songs(["A"]).assign(**{name: written}))).songs["year"]
    assert found.isna().all() if year is None else found.tolist() == [year]


@pytest.mark.parametrize("link", ["4uLU6", "spotify:track:4uLU6", "https://open.spotify.com/track/4uLU6?si=1"])
def test_songs_with_one_id_are_one_in_all_files(read: Import, link: str) -> None:
    files = {"a.csv": as_csv(songs(["A", "B"], id=["4uLU6", "x"])), "b.csv": as_csv(songs(["Again"], seed=2, uri=link))}
    found = read(zipped(files))
    assert found.titles == ["A", "B"]
    assert (found.read.rows, found.read.left_out) == (3, 0)


@pytest.mark.parametrize(
    ("title", "artist"),
    [
        ("Mañana (live)", "Beyoncé"),
        ("MAÑANA - LIVE", "beyonce"),
        ("  man\N{COMBINING TILDE}ana live!", "BEYONC\N{LATIN CAPITAL LETTER E WITH ACUTE}"),
    ],
)
def test_songs_are_one_whose_names_differ_only_in_spelling(read: Import, title: str, artist: str) -> None:
    first = songs(["Mañana (live)"], artist="Beyoncé")
    again = songs([title], artist=artist)
    assert read(as_csv(pd.concat([first, again]))).titles == ["Mañana (live)"]
    other = again.assign(energy=again["energy"] / 2)
    assert read(as_csv(pd.concat([first, other]))).titles == ["Mañana (live)", title.strip()]


@pytest.mark.parametrize(
    ("title", "artist"),
    [("B", "Anna"), ("A", "Bo"), ("A A", "nna"), ("Æ", "Anna"), ("А", "Anna")],  # noqa: RUF001
)
def test_songs_of_other_names_are_others_with_the_same_features(read: Import, title: str, artist: str) -> None:
    assert len(read(as_csv(pd.concat([songs(["A"]), songs([title], artist=artist)]))).songs) == 2


def test_songs_named_in_signs_only_are_told_apart(read: Import) -> None:
    same = pd.concat([songs(["???"], artist="!!!"), songs(["..."], artist="!!!"), songs(["???"], artist="$$$")])
    assert read(as_csv(pd.concat([same, same]))).titles == ["???", "...", "???"]


def test_of_repeated_songs_the_most_popular_is_kept(read: Import) -> None:
    first = songs(["A", "B", "C", "D"], id=["a", None, "c", None], popularity=["5", "", "7", "3"])
    second = songs(["Again"], seed=2, id="a", popularity="6")
    third = songs(["a", "b", "c", "d"], id=[None, "b", "c", "d"], popularity=["1", "9", "7", "4"])
    found = read(zipped({f"{number}.csv": as_csv(rows) for number, rows in enumerate((first, second, third))}))
    assert found.titles == ["b", "C", "Again", "d", "a"]
    assert found.songs["popularity"].tolist() == [9, 7, 6, 4, 1]


def test_an_id_unites_songs_and_so_do_names(read: Import) -> None:
    rows = pd.concat([songs(["A"], id="x"), songs(["B"], seed=2, id="x"), songs(["a"], id="y"), songs(["b"], seed=2)])
    # The second is the first by its id, the third by its name; so the last is no repetition of a song that is kept.
    assert read(as_csv(rows)).titles == ["A", "b"]


@pytest.mark.parametrize("ids", [["1", "2"], ["2.0", "2.0"], ["00", "00"]])
def test_rows_of_one_number_are_different_songs(read: Import, ids: list[str]) -> None:
    first, second = songs(["A", "B"], id=ids), songs(["C", "D"], seed=2, id=ids)
    found = read(zipped({"a.csv": as_csv(first), "b.csv": as_csv(second)}))
    assert found.titles == ["A", "B", "C", "D"]
    assert found.songs["id"].isna().all()


def test_an_isrc_is_one_however_it_is_written(read: Import) -> None:
    found = read(as_csv(songs(["A", "B", "C"], isrc=["es-a01-23-45678", "ESA01 23 45678", "-"])))
    assert found.songs["isrc"].fillna("none").tolist() == ["ESA012345678", "ESA012345678", "none"]


def test_the_most_popular_come_first_and_then_the_files_order(read: Import) -> None:
    first = songs(["A", "B", "C", "D"], popularity=["10", "", "70", "nan"])
    second = songs(["E", "F", "G"], seed=2, track_popularity=["70", "7.5", "inf"])
    third = songs(["H"], seed=3)
    found = read(zipped({"2.csv": as_csv(first), "1.csv": as_csv(second), "3.csv": as_csv(third)}))
    assert found.titles == ["C", "E", "A", "F", "B", "D", "G", "H"]
    assert found.songs["popularity"].dropna().tolist() == [70, 70, 10, 7.5]


@pytest.mark.parametrize("number", [1, 9, 10, 11, 25])
def test_parts_hold_every_song_once_and_in_order(read: Import, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(catalogue, "PART_SONGS", 10)
    titles = [f"Song {each}" for each in range(number)]
    found = read(as_csv(songs(titles, popularity=range(number, 0, -1))))
    assert found.titles == titles
    assert found.sizes == [min(10, number - first) for first in range(0, number, 10)]


def test_the_same_file_gives_the_same_parts_byte_for_byte(read: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "PART_SONGS", 700)
    popular = np.random.default_rng(5).integers(0, 5, 2_000)
    content = zipped({"a.csv": as_csv(songs(range(2_000), popularity=popular)), "b.csv": as_csv(songs(range(900)))})
    first, second = read(content), read(content)
    assert first.parts == second.parts
    assert first.sizes == [700, 700, 600]


def test_rows_without_name_or_features_are_left_out_and_counted(read: Import) -> None:
    rows = songs(["A", "", "C", "D", " ", "F", "G"]).astype({"energy": object, "artist": object})
    rows.loc[2, "artist"] = "['']"
    rows.loc[[3, 4], "energy"] = "loud"
    rows.loc[5, "energy"] = ""
    rows.loc[6, "artist"] = "[]"
    found = read(zipped({"a.csv": as_csv(rows), "b.csv": as_csv(ONE)}))
    assert found.titles == ["A", *ONE["title"]]
    assert (found.read.rows, found.read.left_out) == (10, 6)
    (note,) = [note for note in found.notes if "left out" in note]
    assert note.startswith("a.csv: rows left out: 6 (")
    assert "column 'energy' must be a number (2 rows: 5, 6)" in note
    assert "has rows without title or artist (3 rows: 3, 4, 8)" in note


def test_of_many_files_the_first_notes_are_kept_and_the_others_counted(
    read: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "MAX_NOTES", 10)
    files = {f"{number}.csv": as_csv(songs([number], seed=number), sep=";") for number in range(12)}
    found = read(zipped(files))
    assert len(found.songs) == 12
    assert len(found.notes) == 11
    assert {note.partition(": ")[0] for note in found.notes[:-1]} == {f"{number}.csv" for number in range(10)}
    assert found.notes[-1] == "further notes, not shown: 2"
    del files["10.csv"], files["11.csv"]
    assert read(zipped(files)).notes == found.notes[:-1]


def test_the_notes_on_a_file_of_many_columns_are_bounded_in_number_and_length(read: Import) -> None:
    header = ["title", "artist", *FEATURES, *["more"] * 400, *(f"Energy {' ' * number}" for number in range(300))]
    row = ["A", "Anna", *["0.5"] * (len(header) - 2)]
    notes = read(f"{','.join(header)}\n{','.join(row)}\n".encode()).notes
    assert len(notes) == 101
    assert set(notes[:-1]) == {"of the columns 'more' the first is kept"}
    assert notes[-1] == "further notes, not shown: 300"


MISSING = {
    "title": (ONE.drop(columns="title"), "column 'title'", "is missing."),
    "artist": (ONE.drop(columns="artist"), "column 'artist'", "is missing."),
    "features": (ONE[["title", "artist"]], "the file", "names songs and not their audio features: export it with them"),
    "a feature": (ONE.drop(columns="energy"), "column 'energy'", "is missing."),
    "songs": (ONE.head(0), "the file", "holds a header and no songs."),
    "usable songs": (ONE.assign(energy="loud"), "column 'energy'", "must be a number (3 rows: 2, 3, 4)."),
    "named songs": (ONE.assign(title=""), "the file", "has rows without title or artist (3 rows: 2, 3, 4)."),
}
missing = pytest.mark.parametrize(("rows", "about", "rule"), MISSING.values(), ids=MISSING)


@missing
def test_a_file_without_what_is_needed_is_rejected(read: Import, rows: pd.DataFrame, about: str, rule: str) -> None:
    assert rejected(read, as_csv(rows)).startswith(f"{about} {rule}")


@missing
def test_one_bad_file_among_good_ones_is_named(read: Import, rows: pd.DataFrame, about: str, rule: str) -> None:
    said = rejected(read, zipped({"good.csv": as_csv(ONE), "sub/bad.csv": as_csv(rows), "last.csv": as_csv(ONE)}))
    assert said.startswith(f"bad.csv: {about} {rule}")


def test_every_column_that_is_missing_is_named(read: Import) -> None:
    said = rejected(read, as_csv(ONE[list(FEATURES)]))
    assert said == "column 'title' is missing; column 'artist' is missing."


def test_a_zip_without_tables_is_rejected(read: Import) -> None:
    said = rejected(read, zipped({"read.me": b"x", "__MACOSX/._a.csv": b"x", "more.csv/x": b""}))
    assert said == "the file is a zip without a table: put tables of songs into it (csv, tsv, txt, json or parquet)."


def test_a_workbook_is_rejected_as_one(read: Import) -> None:
    said = rejected(read, zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}))
    assert said.startswith("the file is a workbook or another document")


BOMB = b"title,artist\n" + b" " * 3_000_000
LARGE = as_csv(songs(["x" * 300] * 4_000))
TOO_LARGE = "has more than 2 MB once unpacked: split it."


@pytest.mark.parametrize(
    "content",
    [
        zipped({"a.csv": BOMB}),
        zipped({f"{number}.csv": BOMB[:1_100_000] + b"\n" for number in range(2)}),
        zipped({"a.csv": as_csv(ONE), "a.csv.gz": gzip.compress(BOMB)}),
        zipped({f"{number}.csv.gz": gzip.compress(LARGE) for number in range(2)}),
        zipped({f"{number}.zip": zipped({"a.csv": LARGE}) for number in range(2)}),
        zipped({"a.csv": LARGE, "b.csv.gz": gzip.compress(LARGE)}),
        zipped({f"{number}.parquet": parquet(songs(["x" * 300] * 4_000)) for number in range(2)}),
        gzip.compress(BOMB),
        zipped({"a.parquet": parquet(songs(["x" * 300] * 10_000))}),
    ],
    ids=[
        *("one file", "two files", "a gz in a zip", "two gz in a zip", "two zips in a zip", "a file and a gz in a zip"),
        *("two Parquet files in a zip", "a gz", "Parquet"),
    ],
)
def test_a_bomb_is_rejected_with_the_limit(read: Import, content: bytes) -> None:
    assert len(content) < 400_000
    assert rejected(read, content, max_bytes=2_000_000).endswith(TOO_LARGE)


@pytest.mark.parametrize("write", [as_csv, as_json], ids=["CSV", "JSON"])
def test_packed_files_that_have_the_limit_together_are_read(
    read: Import, write: Callable[[pd.DataFrame], bytes]
) -> None:
    table = write(songs(range(1_000)))
    content, size = zipped({f"{number}.gz": gzip.compress(table) for number in range(3)}), 3 * len(table)
    assert read(content, max_bytes=size).read.unpacked_bytes == size
    assert "once unpacked: split it" in rejected(read, content, max_bytes=size - 1)


@pytest.mark.parametrize("cut", [20, 120, -40])
def test_a_broken_zip_is_rejected(read: Import, cut: int) -> None:
    content = zipped({"a.csv": as_csv(ONE), "b.csv": as_csv(ONE)})
    assert "is a gz or zip file that cannot be unpacked" in rejected(read, content[:cut])


def test_a_zip_whose_content_was_damaged_is_rejected(read: Import) -> None:
    content = bytearray(zipped({"a.csv": as_csv(songs(range(500)))}))
    content[1_000] ^= 255
    assert "is a gz or zip file that cannot be unpacked" in rejected(read, bytes(content))


def test_two_files_of_a_zip_may_have_one_name(read: Import) -> None:
    files = {f"{folder}/songs.csv": as_csv(songs([folder], seed=ord(folder))) for folder in "ab"}
    files |= {"c/songs.parquet": parquet(songs(["c"], seed=9)), "d/source.csv": as_csv(songs(["d"], seed=10))}
    assert read(zipped(files)).titles == ["a", "b", "c", "d"]


@pytest.fixture
def real_songs(pytestconfig: pytest.Config) -> Path:
    """Return a directory of six published tables, one for each decade."""
    directory = pytestconfig.rootpath.parent / "shared" / "data" / "catalogue"
    if not directory.is_dir():
        pytest.skip("The published tables of songs are not here.")
    return directory


def test_published_tables_of_six_decades_are_one_catalogue(read: Import, real_songs: Path) -> None:
    found = read(zipped({path.name: path.read_bytes() for path in sorted(real_songs.glob("*.csv"))}))
    assert (found.read.rows, found.read.left_out, len(found.songs)) == (41_106, 0, 40_303)
    assert found.songs["id"].is_unique
    assert found.songs["id"].str.fullmatch("[0-9A-Za-z]{22}").all()


HOSTILE = [
    "'; drop table songs; --",
    '"quoted", twice ""',
    "two\nlines",
    "a return\r\nand a tab\t",
    "%s {0} {title} \\' \\",
    "🎵👩\N{ZERO WIDTH JOINER}🎤 ¡Olé!",
    "عنوان 标题 \N{RIGHT-TO-LEFT OVERRIDE}x",
    "../../etc/passwd",
    "=1+1",
    "null",
    "nan",
]


@pytest.mark.parametrize("write", [as_csv, parquet, as_json], ids=["CSV", "Parquet", "JSON"])
def test_hostile_titles_survive(read: Import, write: Callable[[pd.DataFrame], bytes]) -> None:
    rows = songs(HOSTILE).assign(artist=HOSTILE, album=HOSTILE, genre=HOSTILE)
    found = read(write(rows))
    assert (
        found.songs[["title", "artist", "album", "genre"]]
        .map(str.strip)
        .equals(
            rows[["title", "artist", "album", "genre"]]
            .map(str.strip)
            .replace({name: {HOSTILE[0]: "', drop table songs, --"} for name in ("artist", "genre")})
        )
    )


@pytest.mark.parametrize("write", [as_csv, parquet, as_json], ids=["CSV", "Parquet", "JSON"])
@pytest.mark.parametrize("letter", ["x", "é", "🎵"])
def test_long_names_are_cut(read: Import, write: Callable[[pd.DataFrame], bytes], letter: str) -> None:
    rows = songs(
        [letter * 100_000, "B"],
        artist=letter * (LONGEST_TEXT + 1),
        album=letter * LONGEST_TEXT,
        id=["9" * 400, "x"],
        isrc="7" * 400,
    )
    found = read(write(rows))
    assert found.titles == [letter * LONGEST_TEXT, "B"]
    assert set(found.songs["artist"]) == set(found.songs["album"]) == {letter * LONGEST_TEXT}
    assert found.songs["id"].str.len().tolist() == [LONGEST_TEXT, 1]
    assert found.songs["isrc"].str.len().tolist() == [LONGEST_TEXT] * 2


@pytest.mark.parametrize("write", [parquet, as_json], ids=["Parquet", "JSON"])
def test_a_zero_byte_harms_no_other_song(read: Import, write: Callable[[pd.DataFrame], bytes]) -> None:
    found = read(write(songs(["A\0Z", "B", "\0"])))
    assert found.titles[:2] == ["A\0Z", "B"]


def test_a_zero_byte_in_a_csv_is_shown_as_one_that_cannot_be_read(read: Import) -> None:
    found = read(zipped({"a.csv": as_csv(songs(["A\0Z", "B"]))}))
    assert found.titles[:2] == ["A\N{REPLACEMENT CHARACTER}Z", "B"]


BLANKS = "".join(sign for sign in map(chr, range(0x4000)) if unicodedata.category(sign) == "Zs")
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\t"), max_size=20)
ARTISTS = NAMES.filter(lambda name: not set("[];'\"") & set(name))
NUMBERS = [st.integers(0, 1024).map(lambda number: number / 1024)] * len(FEATURES)
ROWS = st.lists(
    st.tuples(NAMES, ARTISTS, NAMES, st.integers(0, 5), *NUMBERS), max_size=12, unique_by=lambda row: row[4:]
)


@given(rows=ROWS, write=st.sampled_from([as_csv, parquet, as_json]))
@settings(deadline=None, max_examples=80)
def test_any_rows_survive(rows: list[tuple[Any, ...]], write: Callable[[pd.DataFrame], bytes]) -> None:
    names = ["title", "artist", "album", "popularity", *FEATURES]
    rows = [*rows, ("Last", "Anna", "", 0, 1, 1, 1, 1)]
    with TemporaryDirectory() as directory:
        found = imported(Path(directory), write(pd.DataFrame(rows, columns=names)))
    trimmed = [(*(name.strip(BLANKS) for name in row[:3]), *row[3:]) for row in rows]
    kept = sorted((row for row in trimmed if row[0] and row[1]), key=lambda row: -row[3])
    assert found.songs.fillna({"album": ""})[names].to_numpy().tolist() == [list(row) for row in kept]
    assert found.read.left_out == len(rows) - len(kept)
