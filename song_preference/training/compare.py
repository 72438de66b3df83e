"""The comparison of two models on songs that neither was trained on, and how many songs two datasets share."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from song_preference.dataset.store import DatasetStore
from song_preference.training.data import Labels, Predict, Probabilities, Songs, are_enough, test_songs
from song_preference.training.evaluate import roc_auc

TOLERANCE = 0.02
"""Loss of ROC AUC that is accepted: chance alone moves it by more on a test table of a few hundred songs."""

MAX_SHARE_WORSE = 0.25
TABLE_TOLERANCE = 0.05
"""Loss of ROC AUC on the songs of one test table beyond which no other table makes up for it."""

RESAMPLES = 1000
SEED = 0

Counts = NDArray[np.int64]
"""How often each song (n,) is drawn in a resample."""


class Overlap(NamedTuple):
    """The number of songs of the smaller of two datasets, and how many of them the other one holds too."""

    shared: int
    songs: int


class Comparison(NamedTuple):
    """ROC AUC of two models on the same songs, and the share of resamples in which the first is clearly worse."""

    songs: int
    roc_auc: float
    other_roc_auc: float
    share_worse: float
    table_difference: float
    """Lowest ROC AUC minus the other's on the songs of one test table; infinite if no table has enough songs."""

    @property
    def is_not_inferior(self) -> bool:
        """Return whether the first model may replace the other."""
        return self.share_worse <= MAX_SHARE_WORSE and self.table_difference >= -TABLE_TOLERANCE


def overlap(store: DatasetStore, dataset: str, other: str) -> Overlap:
    """Count the songs that two dataset versions share, by features or key; raise `DatasetNotFound`."""
    songs, others = (_table(store, name, "train").plus(_table(store, name, "test")) for name in (dataset, other))
    smaller = min(len(songs.labels), len(others.labels))
    return Overlap(min(len(songs.labels) - len(songs.without(others).labels), smaller), smaller)


def unseen_songs(store: DatasetStore, dataset: str, other: str) -> list[Songs]:
    """Return the test songs of each dataset version that are in neither training table; raise `DatasetNotFound`."""
    versions = list(dict.fromkeys((dataset, other)))
    tables = [test_songs(store, version) for version in versions]
    for version in versions:
        trained = _table(store, version, "train")
        tables = [table.without(trained) for table in tables]
    return tables


def pooled(tables: list[Songs]) -> Songs:
    """Return the songs of all tables, each song once, as in the first table that holds it."""
    first, *others = tables
    for table in others:
        first = first.plus(table.without(first))
    return first


def compare(tables: list[Songs], predict: Predict, predict_other: Predict) -> Comparison:
    """Compare two models on the songs of all tables, which are enough together."""
    songs = pooled(tables)
    own, others = predict(songs.features), predict_other(songs.features)
    return Comparison(
        len(songs.labels),
        roc_auc(songs.labels, own),
        roc_auc(songs.labels, others),
        paired_bootstrap(songs.labels, own, others, TOLERANCE),
        min((_difference(table, predict, predict_other) for table in tables if are_enough(table)), default=math.inf),
    )


def _difference(songs: Songs, predict: Predict, predict_other: Predict) -> float:
    own, other = (roc_auc(songs.labels, model(songs.features)) for model in (predict, predict_other))
    # 0.95 - 1 is a little less than -0.05, and a loss of exactly the tolerance is accepted.
    return round(own - other, 12)


def paired_bootstrap(labels: Labels, own: Probabilities, others: Probabilities, tolerance: float) -> float:
    """Return the share of resamples in which `own` is clearly worse than `others`, probabilities (n,) of two models.

    Songs are drawn with replacement within their class, the same ones for both. `own` is clearly worse where its ROC
    AUC is more than `tolerance` below that of `others`.
    """
    areas = [_ResampledArea(labels, probability) for probability in (others, own)]
    sizes, random, worse = (int(labels.sum()), int((1 - labels).sum())), np.random.default_rng(SEED), 0
    for _ in range(RESAMPLES):
        # Counts instead of songs, so that no resample has to be sorted.
        likes, dislikes = (np.bincount(random.integers(0, size, size), minlength=size) for size in sizes)
        best, area = (of.area(likes, dislikes) for of in areas)
        worse += best - area > tolerance
    return worse / RESAMPLES


class _ResampledArea:
    """The ROC AUC of one model on resampled songs."""

    def __init__(self, labels: Labels, probability: Probabilities) -> None:
        liked, disliked = probability[labels == 1], probability[labels == 0]
        self._liked, self._disliked = np.argsort(liked), np.argsort(disliked)
        ordered = disliked[self._disliked]
        self._below, self._not_above = (np.searchsorted(ordered, liked[self._liked], end) for end in ("left", "right"))

    def area(self, likes: Counts, dislikes: Counts) -> float:
        """Return the area of a resample in which the songs occur this often; a tie counts half."""
        drawn = np.append(0, np.cumsum(dislikes[self._disliked]))
        pairs = likes[self._liked] @ (drawn[self._below] + drawn[self._not_above])
        return float(pairs / (2 * len(likes) * len(dislikes)))


def _table(store: DatasetStore, version: str, name: Literal["train", "test"]) -> Songs:
    return Songs.of(store.table(version, name))
