import numpy as np
import pytest

from song_preference.errors import DatasetNotFound
from song_preference.training import compare
from song_preference.training.compare import paired_bootstrap, unseen_songs
from song_preference.training.data import Songs
from tests.unit.training.conftest import MemoryDatasets, listener


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "RESAMPLES", 200)


def test_a_model_is_never_worse_than_itself(test: Songs) -> None:
    probability = test.features[:, 2].astype(np.float64)
    found = paired_bootstrap(test.labels, probability, probability, tolerance=0.0)
    assert (found.songs, found.share_worse) == (100, 0.0)
    assert found.contender == found.champion


def test_one_that_guesses_is_worse_than_one_that_knows(test: Songs) -> None:
    knows, guesses = test.features[:, 2].astype(np.float64), test.features[:, 0].astype(np.float64)
    assert paired_bootstrap(test.labels, guesses, knows, tolerance=0.02).share_worse > 0.99
    assert paired_bootstrap(test.labels, knows, guesses, tolerance=0.02).share_worse == 0.0
    assert paired_bootstrap(test.labels, guesses, knows, tolerance=1.0).share_worse == 0.0


def test_only_songs_that_neither_learned_from_are_compared_by(train: Songs, test: Songs) -> None:
    known = listener(50, 9)
    both = Songs(np.vstack([test.features, known.features]), np.concatenate([test.labels, known.labels]))
    datasets = MemoryDatasets(new=(train, both), old=(known, train))
    np.testing.assert_array_equal(unseen_songs(datasets, "new", "old").features, test.features)
    assert len(unseen_songs(datasets, "new", "new").labels) == 150
    with pytest.raises(DatasetNotFound):
        unseen_songs(datasets, "new", "gone")
