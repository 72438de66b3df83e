"""Which rows are the same song."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL
from song_preference.training.data import Songs
from tests.support.catalogues import zipped
from tests.support.playlists import as_csv, chosen

Prepare = Callable[[bytes], Any]


def test_exact_duplicates_are_dropped(playlist: pd.DataFrame, prepared: Prepare) -> None:
    twice = pd.concat([playlist, playlist.head(14)])
    found = prepared(as_csv(twice))
    assert (found.report.rows_raw, found.report.rows_kept) == (len(playlist) + 14, len(playlist))
    pd.testing.assert_frame_equal(found.scaled[list(FEATURES)], playlist[list(FEATURES)].astype("float32"))


def test_a_song_under_other_dates_and_genres_is_one_song(playlist: pd.DataFrame, prepared: Prepare) -> None:
    songs = playlist.head(60)
    dated = pd.concat([songs.assign(added_at=f"2024-01-0{day}", genre=f"genre {day}") for day in (1, 2, 3)])
    found = prepared(as_csv(dated))
    assert found.report.rows_kept == 60
    assert set(found.scaled["genre"]) == {"genre 1"}
    assert "rows that repeat a song and are left out: 120" in found.report.readings


def test_a_song_with_one_id_and_rounded_features_is_one_song(playlist: pd.DataFrame, prepared: Prepare) -> None:
    songs = playlist.head(60).assign(track_uri=[f"spotify:track:{number:022}" for number in range(60)])
    rounded = songs.assign(energy=songs["energy"].round(2), track_uri=[f"{number:022}" for number in range(60)])
    isrc = rounded.assign(isrc=[f"ESA012{number:06}" for number in range(60)])
    by_isrc = isrc.assign(track_uri="", energy=0.5)
    found = prepared(as_csv(pd.concat([songs, isrc, by_isrc])))
    assert found.report.rows_kept == 60
    assert found.features["song_key"].tolist() == [f"{number:022}" for number in range(60)]
    assert found.features["energy"].tolist() == pytest.approx(songs["energy"].tolist())


def test_a_number_identifies_no_song(playlist: pd.DataFrame, prepared: Prepare) -> None:
    rows = playlist.assign(id=range(1, len(playlist) + 1))
    first, second = (Songs.of(prepared(as_csv(part)).features) for part in (rows, rows.assign(energy=0.5)))
    assert len(second.without(first).labels) == len(second.labels) > 0


def test_the_two_files_of_a_zip_may_number_their_songs_alike(prepared: Prepare) -> None:
    halves = [rows.assign(id=range(len(rows))).drop(columns=LABEL) for rows in (chosen(30, 0), chosen(0, 30))]
    found = prepared(zipped(dict(zip(("liked.csv", "disliked.csv"), map(as_csv, halves), strict=True))))
    assert (found.report.likes, found.report.dislikes) == (30, 30)
    assert found.scaled["id"].tolist() == [str(number) for number in range(30)] * 2


def test_songs_of_one_isrc_are_one_however_it_is_written(playlist: pd.DataFrame, prepared: Prepare) -> None:
    rows = playlist.head(60).assign(isrc=[f"ES-A01-23-{number:05}" for number in range(60)])
    again = rows.assign(energy=0.5, isrc=rows["isrc"].str.replace("-", "").str.lower())
    found = prepared(as_csv(pd.concat([rows, again])))
    assert found.features["song_key"].tolist() == [f"ESA0123{number:05}" for number in range(60)]


def test_songs_that_are_the_same_to_a_model_are_one_song(playlist: pd.DataFrame, prepared: Prepare) -> None:
    # These differ by less than float32 resolves, on either side of half a millionth.
    below, above = (playlist.head(60).assign(energy=energy) for energy in (0.1234564999, 0.1234565001))
    assert prepared(as_csv(pd.concat([below, above]))).report.rows_kept == 60


def test_a_column_that_is_the_same_for_all_songs_does_not_identify_them(
    playlist: pd.DataFrame, prepared: Prepare
) -> None:
    assert prepared(as_csv(playlist.head(60).assign(id="my playlist"))).report.rows_kept == 60


@pytest.mark.parametrize(
    ("column", "word"),
    [
        *((column, word) for column in ("track_uri", "isrc") for word in ("undefined", "None", "nan", "#N/A", "-")),
        ("track_uri", "spotify:local:Artist:Album:Title:200"),
    ],
)
def test_songs_without_id_or_isrc_are_not_one_song(
    column: str, word: str, playlist: pd.DataFrame, prepared: Prepare
) -> None:
    keys = [*[word] * 5, *(f"ES{number:010}" for number in range(55))]
    assert prepared(as_csv(playlist.head(60).assign(**{column: keys}))).report.rows_kept == 60


def test_a_song_that_is_liked_and_disliked_is_left_out_by_name(playlist: pd.DataFrame, prepared: Prepare) -> None:
    songs = playlist.head(60).assign(title=[f"Song {number}" for number in range(60)], artist="Somebody")
    found = prepared(as_csv(pd.concat([songs, songs.head(2).assign(label=1 - songs[LABEL].head(2))])))
    assert found.report.rows_kept == 58
    assert (
        "songs that are liked and disliked at once and left out: 2 (Song 0 - Somebody, Song 1 - Somebody)"
        in found.report.readings
    )
    published = found.report.published()
    assert "songs that are liked and disliked at once and left out: 2" in published.readings
    assert "Somebody" not in published.model_dump_json()


def test_songs_that_contradict_each_other_are_named_where_they_make_a_class_too_small(prepared: Prepare) -> None:
    songs = chosen(12, 0).assign(title=[f"Song {number}" for number in range(12)])
    with pytest.raises(InvalidDataset) as rejected:
        prepared(as_csv(pd.concat([songs, songs.assign(label=0)])))
    assert "needs at least 10 different likes, there are 0" in str(rejected.value)
    assert "the file has songs that are liked and disliked at once and left out: 12 (Song 0, Song 1, " in str(
        rejected.value
    )


def test_a_song_that_comes_ten_times_is_one_song(prepared: Prepare) -> None:
    with pytest.raises(InvalidDataset, match="needs at least 10 different likes, there are 2"):
        prepared(as_csv(pd.concat([*[chosen(2, 0)] * 10, chosen(0, 30)])))
