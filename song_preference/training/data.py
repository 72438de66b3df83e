"""The songs of a dataset's part, as training and judging take them."""

import logging
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.dataset.split import song_digests
from song_preference.dataset.store import DatasetStore
from song_preference.features import FEATURES, LABEL

log = logging.getLogger(__name__)

MAX_TRAINING_SONGS = 10_000
"""Of a longer playlist a sample of this many is used, to bound time and memory: k-NN keeps each in its graph."""

MAX_JUDGED_SONGS = 20_000
"""At this number a ROC AUC is known to within 0.005; more would only slow the bootstrap down."""

Features = NDArray[np.float32]
Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]


class Songs(NamedTuple):
    """Features (n, 4) in the order of `FEATURES`, and labels (n,), 1 for like."""

    features: Features
    labels: Labels

    @classmethod
    def of(cls, part: pd.DataFrame) -> "Songs":
        """The songs of a table of the dataset store."""
        return cls(part[list(FEATURES)].to_numpy(np.float32), part[LABEL].to_numpy(np.int64))

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Songs":
        """The songs that an index or a mask names."""
        return Songs(self.features[chosen], self.labels[chosen])

    def at_most(self, limit: int, seed: int) -> "Songs":
        """`limit` of the songs, drawn without replacement in proportion to the classes, in their order; else all."""
        if len(self.labels) <= limit:
            return self
        random = np.random.default_rng(seed)
        liked = np.flatnonzero(self.labels == 1)
        disliked = np.flatnonzero(self.labels == 0)
        likes = min(max(round(limit * len(liked) / len(self.labels)), 1), limit - 1)
        drawn = [
            random.choice(liked, likes, replace=False),
            random.choice(disliked, limit - likes, replace=False),
        ]
        return self.take(np.sort(np.concatenate(drawn)))

    def without(self, known: Features) -> "Songs":
        """The songs whose four features occur nowhere in `known` (m, 4)."""
        return self.take(~pd.Series(song_digests(self.features)).isin(song_digests(known)).to_numpy())


def training_songs(store: DatasetStore, dataset_version: str, seed: int) -> Songs:
    """The training part, of a very long playlist a sample; raises `DatasetNotFound`."""
    return _at_most(Songs.of(store.part(dataset_version, "train")), MAX_TRAINING_SONGS, seed, "learns from")


def judged_songs(store: DatasetStore, dataset_version: str) -> Songs:
    """The test part, of a very long playlist a sample that is the same for every seed; raises `DatasetNotFound`."""
    return _at_most(Songs.of(store.part(dataset_version, "test")), MAX_JUDGED_SONGS, 0, "is judged by")


def _at_most(songs: Songs, limit: int, seed: int, purpose: str) -> Songs:
    taken = songs.at_most(limit, seed)
    if len(taken.labels) < len(songs.labels):
        log.warning(
            "The model %s a sample of %d of %d songs, to bound time and memory.", purpose, limit, len(songs.labels)
        )
    return taken
