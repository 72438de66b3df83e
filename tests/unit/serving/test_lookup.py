"""Songs of a file that are looked up in the catalogue: which are found, and what the completed file says."""

import csv
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter

import pytest

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.serving import lookup
from song_preference.serving.lookup import NamedSong, Sources, completed, match
from song_preference.serving.song_index import connect
from song_preference.song_table.files import rejected
from tests.support.named_songs import (
    ENTRIES,
    ORIGIN,
    Entry,
    features,
    indexes,
    spotify_id,
    spotify_zip,
    tune_my_music,
    write_index,
    your_library,
)

LIMIT = 10**7
WITHOUT = rejected("no_audio_features")
FULL_ID, ISRC = spotify_id(1), "ESA012345678"
SONGS = [
    Entry("Déjà Vu", "Beyoncé, Jay-Z", FULL_ID),
    Entry("Hoppípolla", "Sigur Rós", isrc=ISRC),
    Entry("Hoppípolla", "Sigur Rós", spotify_id(3)),
    Entry("Hoppípolla - Remix", "Sigur Rós"),
    Entry("'; drop table songs; --", 'O"Brien'),
    Entry("三叶", "歌手"),
]


@pytest.mark.parametrize(
    ("song", "number"),
    [
        (NamedSong(None, None, "déja vu!", "BEYONCE"), 1),
        (NamedSong(None, None, "Deja Vu", "Beyoncé feat. Jay-Z"), 1),
        (NamedSong(None, None, "Deja Vu", "Beyoncé Featuring Jay-Z"), 1),
        (NamedSong(None, None, "Deja Vu", "Beyoncé;Jay-Z"), 1),
        (NamedSong(None, None, "Deja Vu", "Jay-Z"), None),
        (NamedSong(None, None, "Deja Vu", " "), None),
        (NamedSong(None, None, None, "Beyoncé"), None),
        (NamedSong(None, None, "Deja", "Beyoncé"), None),
        (NamedSong(None, None, "Déjà Vu (Remix)", "Beyoncé"), None),
        (NamedSong(None, None, "hoppipolla", "sigur ros"), 2),
        (NamedSong(None, None, "Hoppipolla (remix)", "Sigur Ros"), 4),
        (NamedSong(FULL_ID, ISRC, "Hoppípolla", "Sigur Rós"), 1),
        (NamedSong(spotify_id(9), ISRC, "Deja Vu", "Beyoncé"), 2),
        (NamedSong("1", None, None, None), None),
        (NamedSong("0" * 5_000, "x" * 5_000, "x" * 5_000, "\0\ud800"), None),
        (NamedSong(None, None, "'; drop table songs; --", 'O"Brien'), 5),
        (NamedSong(None, None, "三叶", "歌手"), 6),
        (NamedSong(None, None, None, None), None),
    ],
)
def test_a_song_is_found_by_id_then_isrc_then_name(tmp_path: Path, song: NamedSong, number: int | None) -> None:
    index = write_index(tmp_path / "index", SONGS)
    with closing(connect(index.path)) as connection:
        found = match(connection, [NamedSong(None, None, "Nothing", "Nobody"), song])
    expected = {} if number is None else {1: pytest.approx(features(number))}
    assert found == expected


def test_a_thousand_songs_take_milliseconds(tmp_path: Path) -> None:
    same = [Entry("Intro", "Various")] * 5_000
    index = write_index(tmp_path / "index", [*ENTRIES, *same])
    asked = [NamedSong(spotify_id(999), None, "Intro", "Various")] * 1_000
    with closing(connect(index.path)) as connection:
        began = perf_counter()
        found = match(connection, asked)
        assert perf_counter() - began < 0.5
    assert found[999] == pytest.approx(features(len(ENTRIES) + 1))


Rows = list[dict[str, str]]
Complete = Callable[[bytes], Rows]


@pytest.fixture
def complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """Complete a file, in this process, and return the rows of the copy."""
    monkeypatch.setattr(lookup, "isolated", lambda function, *args: function(*args))
    store = indexes(tmp_path, [*ENTRIES, Entry("Another", "Name", isrc=ISRC)])

    def completed_rows(content: bytes) -> Rows:
        directory = tmp_path / "upload"
        directory.mkdir()
        path = directory / "playlist"
        path.write_bytes(content)
        copy = completed(WITHOUT, path, LIMIT, Sources(store))
        assert path.read_bytes() == content
        with copy.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    return completed_rows


def check(row: dict[str, str], number: int | None) -> None:
    """Check that a row has the features of a song, or none."""
    if number is None:
        assert {row[name] for name in (*FEATURES, "features_from")} == {""}
        return
    assert [float(row[name]) for name in FEATURES] == pytest.approx(features(number))
    assert row["features_from"] == ORIGIN


@pytest.mark.parametrize("with_ids", [True, False])
def test_a_file_of_tune_my_music_is_completed_in_its_order(complete: Complete, *, with_ids: bool) -> None:
    rows = complete(tune_my_music([*ENTRIES[:3], Entry("Unknown", "Nobody"), ENTRIES[0]], with_ids=with_ids))
    for row, number in zip(rows, (1, 2, 3, None, 1), strict=True):
        check(row, number)
    assert (rows[3]["Track name"], rows[3]["Playlist name"]) == ("Unknown", "Mine")


def test_an_isrc_counts_however_it_is_written(complete: Complete) -> None:
    check(complete(tune_my_music([ENTRIES[0]._replace(isrc="es-a01 23-45678", title="?")]))[0], 101)


def test_an_exportify_file_without_features_is_completed(complete: Complete) -> None:
    header = "\ufeffTrack URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity\n"
    rows = complete(f'{header}spotify:track:{spotify_id(7)},"A ""quoted""\ntitle",B,C;D,2001,1000,5\n'.encode())
    check(rows[0], 7)
    assert rows[0]["Track Name"] == 'A "quoted"\ntitle'


@pytest.mark.parametrize("cell", ["", "undefined"])
def test_columns_of_features_without_any_are_replaced(complete: Complete, cell: str) -> None:
    header = ["Track Name", "Artist Name(s)", "Danceability", "Energy", "Speechiness", "Acousticness", "Features from"]
    rows = complete(f"{','.join(header)}\nSong 4,Artist 4{f',{cell}' * 4},elsewhere\n".encode())
    check(rows[0], 4)
    assert (rows[0]["Energy_before"], rows[0]["Features from_before"]) == (cell, "elsewhere")


def test_a_row_may_end_before_columns_without_a_name(complete: Complete) -> None:
    check(complete(b"Title,Artist,,\nSong 4,Artist 4\n")[0], 4)


def test_titles_blank_and_uneven_rows_stay_where_they_are(complete: Complete, tmp_path: Path) -> None:
    content = b"My songs\n\nTitle;Artist\nSong 1;Artist 1\n\nSong 2\nSong 3;Artist 3;;;;;;\nSong 4;Artist 4;0;0;0;0;x\n"
    complete(content)
    (copy,) = (tmp_path / "upload").glob("*/completed")
    with copy.open(newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    names = [*FEATURES, "features_from"]
    assert rows[:3] == [["My songs"], [], ["Title", "Artist", *names]]
    assert (rows[4], rows[5], len(rows[3])) == ([], ["Song 2"], 7)
    assert (rows[6][6], len(rows[7])) == (ORIGIN, 12)


@pytest.mark.parametrize("form", [your_library, spotify_zip])
def test_the_library_that_spotify_sends_has_labels(
    complete: Complete, form: Callable[[list[Entry], list[Entry]], bytes]
) -> None:
    rows = complete(form(ENTRIES[:2], [ENTRIES[4], Entry("Unknown", "Nobody")]))
    assert [row["label"] for row in rows] == ["1", "1", "0", "0"]
    for row, number in zip(rows, (1, 2, 5, None), strict=True):
        check(row, number)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (tune_my_music([Entry("Unknown", "Nobody")] * 12), "no_song_found"),
        (your_library([], []), "no_songs"),
        (b'{"tracks": {"a": 1}, "bannedTracks": "x"}', "no_songs"),
        (b'{"tracks": [1, null, []], "bannedTracks": [[[[]]]]}', "no_songs"),
        (b"Track name,Artist name\n", "no_songs"),
        (tune_my_music(ENTRIES * 2), "too_many_to_look_up"),
    ],
)
def test_a_file_of_which_nothing_can_be_used_is_rejected(
    complete: Complete, monkeypatch: pytest.MonkeyPatch, content: bytes, code: str
) -> None:
    monkeypatch.setattr(lookup, "MOST_ROWS", 150)
    with pytest.raises(InvalidDataset) as raised:
        complete(content)
    assert [finding.rule.code for finding in raised.value.findings] == [code]


def test_what_was_not_found_is_named(complete: Complete) -> None:
    with pytest.raises(InvalidDataset, match=r"none of its 12 songs.*Unknown - Nobody, .*\.\.\."):
        complete(tune_my_music([Entry("Unknown", "Nobody")] * 12))


def test_other_errors_stay_and_without_a_catalogue_one_is_asked_for(tmp_path: Path) -> None:
    other = rejected("empty_file")
    with pytest.raises(InvalidDataset) as raised:
        completed(other, tmp_path / "file", LIMIT, Sources())
    assert raised.value is other
    empty = indexes(tmp_path)
    empty.current = None
    for store in (None, empty):
        with pytest.raises(InvalidDataset) as raised:
            completed(WITHOUT, tmp_path / "file", LIMIT, Sources(store))
        assert raised.value is WITHOUT


def test_an_index_that_went_meanwhile_is_asked_for_again(tmp_path: Path) -> None:
    store = indexes(tmp_path)
    assert store.current
    store.current.path.unlink()
    (tmp_path / "file").write_bytes(tune_my_music(ENTRIES))
    with pytest.raises(InvalidDataset) as raised:
        completed(WITHOUT, tmp_path / "file", LIMIT, Sources(store))
    assert raised.value is WITHOUT
