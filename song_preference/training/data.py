"""The songs of a dataset's training and test tables, as arrays."""

import logging
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.dataset.split import MIN_TEST_SONGS, song_digests
from song_preference.dataset.store import DatasetStore
from song_preference.features import FEATURES, LABEL, SONG_KEY

log = logging.getLogger(__name__)

MAX_TRAINING_SONGS = 10_000
"""Most songs of a training, to bound time and memory: k-NN keeps each in its graph. More are sampled."""

MAX_TEST_SONGS = 20_000
"""Most songs of an evaluation: they give a ROC AUC to within 0.005, and more would slow the bootstrap down."""

Features = NDArray[np.float32]
Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]
Predict = Callable[[Features], Probabilities]
"""The model's probabilities (n,) for (n, 4) features."""


class Songs(NamedTuple):
    """Features (n, 4) in the order of `FEATURES`, labels (n,), 1 for like, and song keys (n,)."""

    features: Features
    labels: Labels
    keys: NDArray[np.object_] | None = None
    """None for the songs of a dataset of version 0.1, which had no keys."""

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Songs":
        """Return the songs of a table of the dataset store."""
        keys = table[SONG_KEY].to_numpy(object) if SONG_KEY in table else None
        return cls(table[list(FEATURES)].to_numpy(np.float32), table[LABEL].to_numpy(np.int64), keys)

    def plus(self, others: "Songs") -> "Songs":
        """Return these songs and the other ones."""
        keys = None if self.keys is None or others.keys is None else np.concatenate([self.keys, others.keys])
        return Songs(np.vstack([self.features, others.features]), np.concatenate([self.labels, others.labels]), keys)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Songs":
        """Return the songs that an index or a mask names."""
        return Songs(self.features[chosen], self.labels[chosen], None if self.keys is None else self.keys[chosen])

    def at_most(self, limit: int, seed: int) -> "Songs":
        """Return `limit` of the songs, drawn without replacement in proportion to the classes, in order; else all."""
        if len(self.labels) <= limit:
            return self
        random = np.random.default_rng(seed)
        liked, disliked = (np.flatnonzero(self.labels == label) for label in (1, 0))
        likes = min(max(round(limit * len(liked) / len(self.labels)), 1), limit - 1)
        of_classes = ((liked, likes), (disliked, limit - likes))
        drawn = [random.choice(songs, count, replace=False) for songs, count in of_classes]
        return self.take(np.sort(np.concatenate(drawn)))

    def without(self, known: "Songs") -> "Songs":
        """Return the songs of which `known` has neither the four features nor the key."""
        is_known = np.isin(song_digests(self.features), song_digests(known.features))
        if self.keys is not None and known.keys is not None:
            # Two exports of one listener may round the features of a song differently.
            is_known |= pd.Series(self.keys).isin(known.keys).to_numpy()
        return self.take(~is_known)


def are_enough(songs: Songs) -> bool:
    """Return whether there are enough songs of both classes for an evaluation or a comparison."""
    return int(min(songs.labels.sum(), (1 - songs.labels).sum())) >= MIN_TEST_SONGS


def training_songs(store: DatasetStore, dataset_version: str, seed: int) -> Songs:
    """Return the training table, of a very long playlist a sample; raise `DatasetNotFound`."""
    return _at_most(Songs.of(store.table(dataset_version, "train")), MAX_TRAINING_SONGS, seed, "is trained on")


def test_songs(store: DatasetStore, dataset_version: str) -> Songs:
    """Return the test table, of a very long playlist the same sample for every seed; raise `DatasetNotFound`."""
    return _at_most(Songs.of(store.table(dataset_version, "test")), MAX_TEST_SONGS, 0, "is evaluated on")


def _at_most(songs: Songs, limit: int, seed: int, purpose: str) -> Songs:
    taken = songs.at_most(limit, seed)
    if limit < (known := len(songs.labels)):
        log.warning("The model %s a sample of %d of %d songs, to bound time and memory.", purpose, limit, known)
    return taken
