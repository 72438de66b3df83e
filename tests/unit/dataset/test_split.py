from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from song_preference.dataset import split as splitting
from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL


def playlist(likes: int, dislikes: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    features = pd.DataFrame(random.random((likes + dislikes, 4), dtype=np.float32), columns=list(FEATURES))
    return features.assign(**{LABEL: np.repeat(np.array([1, 0], dtype=np.float32), [likes, dislikes])})


class Parts(NamedTuple):
    train: pd.DataFrame
    test: pd.DataFrame


def split(songs: pd.DataFrame, test_size: float, seed: int) -> Parts:
    with TemporaryDirectory() as directory:
        features = Path(directory) / "features.parquet"
        # Several row groups, as a large playlist has them.
        songs.to_parquet(features, index=False, row_group_size=40)
        train, test = Path(directory) / "train", Path(directory) / "test"
        found = splitting.split(features, train, test, test_size=test_size, seed=seed)
        parts = Parts(pd.read_parquet(train), pd.read_parquet(test))
    assert (len(parts.train), len(parts.test)) == (found.train, found.test)
    return parts


def rows(part: pd.DataFrame) -> set[tuple[float, ...]]:
    return set(part.itertuples(index=False, name=None))


def test_parts_hold_every_song_once() -> None:
    songs = playlist(443, 293)
    parts = split(songs, 0.3, 42)
    assert (len(parts.train), len(parts.test)) == (515, 221)
    assert rows(parts.train) | rows(parts.test) == rows(songs)
    assert not rows(parts.train) & rows(parts.test)


@pytest.mark.parametrize(("likes", "dislikes"), [(443, 293), (7, 4), (50, 50), (101, 33)])
def test_classes_are_shared_out_as_scikit_learn_does(likes: int, dislikes: int) -> None:
    songs = playlist(likes, dislikes)
    _, expected = train_test_split(songs, test_size=0.3, stratify=songs[LABEL], random_state=0)
    test = split(songs, 0.3, 42).test
    assert len(test) == len(expected)
    assert abs(test[LABEL].sum() - expected[LABEL].sum()) <= 1


def test_another_order_gives_the_same_parts() -> None:
    songs = playlist(60, 40)
    shuffled = songs.sample(frac=1, random_state=1)
    assert rows(split(songs, 0.3, 42).test) == rows(split(shuffled, 0.3, 42).test)


def test_another_seed_gives_other_parts() -> None:
    songs = playlist(60, 40)
    assert rows(split(songs, 0.3, 1).test) != rows(split(songs, 0.3, 2).test)


def test_ten_more_songs_move_few_of_the_others() -> None:
    songs = playlist(600, 400)
    before = rows(split(songs, 0.3, 42).test)
    more = pd.concat([songs, playlist(6, 4, seed=9)])
    after = rows(split(more, 0.3, 42).test) & rows(songs)
    assert len(before ^ after) <= 10


def test_a_class_too_small_to_be_split_is_rejected() -> None:
    with pytest.raises(InvalidDataset, match="too few songs"):
        split(playlist(100, 1), 0.3, 42)
