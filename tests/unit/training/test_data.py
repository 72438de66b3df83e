import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from song_preference.features import FEATURES
from song_preference.training.data import Songs
from tests.support.training import listener


def test_features_come_in_their_order_whatever_the_columns() -> None:
    table = pd.DataFrame({"label": [1], "acousticness": [0.4], "danceability": [0.3], "energy": [0.2]})
    songs = Songs.of(table.assign(speechiness=0.1))
    assert dict(zip(FEATURES, songs.features[0], strict=True)) == {
        "speechiness": np.float32(0.1),
        "energy": np.float32(0.2),
        "danceability": np.float32(0.3),
        "acousticness": np.float32(0.4),
    }


@given(st.integers(2, 60), st.integers(1, 59), st.integers(0, 5))
def test_a_sample_keeps_the_limit_both_classes_and_the_order(limit: int, likes: int, seed: int) -> None:
    labels = np.array([1] * likes + [0] * (60 - likes), dtype=np.int64)
    songs = Songs(np.arange(240, dtype=np.float32).reshape(60, 4), labels)
    taken = songs.at_most(limit, seed)
    assert len(taken.labels) == limit
    assert set(taken.labels) == {0, 1}
    assert np.all(np.diff(taken.features[:, 0]) > 0)
    assert abs(taken.labels.mean() - labels.mean()) <= 1 / limit
    np.testing.assert_array_equal(taken.features, songs.at_most(limit, seed).features)


def test_another_seed_takes_other_songs() -> None:
    songs = listener(100, 0)
    assert not np.array_equal(songs.at_most(50, 1).features, songs.at_most(50, 2).features)


def test_songs_known_from_elsewhere_are_left_out() -> None:
    songs = listener(50, 0)
    known = Songs(np.vstack([songs.features[[3, 7]], np.ones((1, 4), dtype=np.float32)]), np.array([1, 0, 1]))
    np.testing.assert_array_equal(songs.without(known).features, np.delete(songs.features, [3, 7], axis=0))
    zero = Songs(np.zeros((1, 4), dtype=np.float32), np.array([1]))
    assert len(zero.without(Songs(-zero.features, zero.labels)).labels) == 0


def test_a_song_with_the_same_key_is_known_although_its_features_were_rounded() -> None:
    songs = listener(50, 0)
    keyed = songs._replace(keys=np.array([f"id {number}" for number in range(50)], dtype=object))
    rounded = keyed.take(np.array([3, 7]))
    rounded = rounded._replace(features=rounded.features.round(2))
    np.testing.assert_array_equal(keyed.without(rounded).features, np.delete(songs.features, [3, 7], axis=0))
    assert len(songs.without(rounded).labels) == 50
