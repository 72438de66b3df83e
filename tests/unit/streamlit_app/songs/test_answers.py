from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from song_preference.features import FEATURES
from song_preference.prediction import Batch, ModelRef
from streamlit_app.songs.answers import Ranking, histogram
from tests.support.dashboard import read_list

HEADER = ",".join(FEATURES)


def danceable(features: NDArray[np.float32]) -> Batch:
    """Predict "like" for the songs that can be danced to."""
    probability = features[:, FEATURES.index("danceability")]
    return Batch(probability >= 0.5, probability, 0.5, ModelRef("spotify_model_prod", "1", "champion"), stale=False)


@pytest.fixture
def rank() -> Callable[[str], Ranking]:
    return lambda content: Ranking.of(read_list(content.encode()), danceable, print)


SONGS = """title;danceability;energy;speechiness;acousticness;label
Low;0,25;0;0;0;x
Bad;1,5;0;0;0;y
High;0,75;0;0;0;z
Short;0
Long;0,5;0;0;0;w;more
Even;0,5;0;0;0;
"""


def test_songs_are_ranked_and_equally_likely_ones_keep_their_order(rank: Callable[[str], Ranking]) -> None:
    best = rank(SONGS).best(2, only_liked=False)
    assert best["rank"].tolist() == [1, 2]
    assert best["probability"].tolist() == [75, 50]
    assert best["column 0"].tolist() == ["High", "Even"]
    assert best["row"].tolist() == [4, 7]
    assert best["liked"].tolist() == [True, True]
    equal = rank(f"{HEADER}\n" + "0,0,0.5,0\n" * 3).best(3, only_liked=True)
    assert equal["row"].tolist() == [2, 3, 4]


def test_only_liked_songs_are_shown_where_wanted(rank: Callable[[str], Ranking]) -> None:
    ranking = rank(SONGS)
    assert ranking.batch.liked.sum() == 2
    assert ranking.best(10, only_liked=True)["row"].tolist() == [4, 7]
    assert ranking.best(10, only_liked=False)["row"].tolist() == [4, 7, 2]


def test_the_download_holds_every_row_with_the_file_s_own_separator(rank: Callable[[str], Ranking]) -> None:
    written = rank(SONGS).csv(lambda faults: "+".join(str(rule.code) for _, rule in faults))
    assert written.decode("utf-8-sig").splitlines() == [
        f"{SONGS.splitlines()[0]};predicted_label;predicted_probability;prediction_error",
        "High;0,75;0;0;0;z;like;0,75;",
        "Even;0,5;0;0;0;;like;0,5;",
        "Low;0,25;0;0;0;x;dislike;0,25;",
        "Bad;1,5;0;0;0;y;;;not_in_unit_interval",
        "Short;0;;;;;;;row_uneven",
        "Long;0,5;0;0;0;w;;;row_uneven;more",
    ]


@pytest.mark.parametrize("title", ["a\rb", "a\nb", "a\r\nb", 'a "b"', "a, b"])
def test_whatever_a_cell_holds_its_row_can_be_read_again(rank: Callable[[str], Ranking], title: str) -> None:
    quoted = title.replace('"', '""')
    again = read_list(rank(f'{HEADER},title\n0,0,1,0,"{quoted}"\n').csv(str))
    assert again.cells.iloc[0].tolist() == ["0", "0", "1", "0", title, "like", "1.0", ""]


def test_the_download_holds_no_formulas_but_negative_numbers(rank: Callable[[str], Ranking]) -> None:
    file = "=title;danceability;energy;speechiness;acousticness;loudness\n=1+1;0,5;0;0;0;-6,9\n@x;-1;0;0;0;+2;-y\n"
    assert rank(file).csv(lambda _: "bad").decode("utf-8-sig").splitlines() == [
        "'=title;danceability;energy;speechiness;acousticness;loudness;label;probability;error",
        "'=1+1;0,5;0;0;0;-6,9;like;0,5;",
        "'@x;-1;0;0;0;+2;;;bad;'-y",
    ]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("tempo,Artista,Título", ["Título", "Artista", "tempo"]),
        ("Track URI,Track Name,Artist Name(s),Album Name", ["Track Name", "Artist Name(s)", "Album Name", "Track URI"]),
        ("key,mode,tempo", ["key", "mode", "tempo"]),
    ],
)
def test_title_artist_and_album_come_first(header: str, names: list[str]) -> None:
    file = read_list(f"{header},{HEADER}\n".encode() + b",".join([b"0"] * (4 + header.count(",") + 1)))
    assert [file.header[column] for column in file.kept_columns] == names


def test_the_model_is_asked_in_blocks_and_progress_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit_app.songs.answers.BLOCK_SONGS", 2)
    done: list[int] = []
    ranking = Ranking.of(read_list(f"{HEADER}\n0,0,1,0\n0,0,0,0\n0,0,0.5,0\n".encode()), danceable, done.append)
    assert done == [2, 3]
    assert ranking.positions.tolist() == [0, 2, 1]


def test_the_histogram_counts_each_label_apart(rank: Callable[[str], Ranking]) -> None:
    counted = histogram(rank(SONGS), 4)
    assert counted[counted["label"] == "like"]["songs"].tolist() == [0, 0, 1, 1]
    assert counted[counted["label"] == "dislike"]["songs"].tolist() == [0, 1, 0, 0]
    assert counted["to"].tolist() == [0.25, 0.5, 0.75, 1] * 2
