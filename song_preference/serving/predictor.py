"""Predictions and exact Shapley values for every protocol, which only convert."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from math import comb
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from song_preference.errors import BatchTooLarge
from song_preference.features import DISLIKE, FEATURES, LIKE, Song
from song_preference.prediction import Batch, Explanation, ModelRef, Prediction
from song_preference.serving.model import ServedModel
from song_preference.serving.model_store import ModelStore, Served

DEFAULT_BATCH_SIZE = 10_000


class Observer(Protocol):
    """Receives every prediction, such as the metrics."""

    def predicted(self, features: NDArray[np.float32], liked: list[bool], model: ModelRef, *, is_batch: bool) -> None:
        """Receive the predictions (n,) for features (n, 4); `is_batch` if they are of one request."""


class Predictor:
    """Predicts with the model that the store holds at that moment."""

    observer: Observer | None = None

    def __init__(self, store: ModelStore, max_batch_size: int = DEFAULT_BATCH_SIZE) -> None:
        self.store = store
        self.max_batch_size = max_batch_size

    def predict(self, song: Song) -> Prediction:
        """Return the prediction for one song; raise `ModelNotReady`."""
        return self.predict_each([song])[0]

    def predict_each(self, songs: Sequence[Song]) -> list[Prediction]:
        """Return the predictions for songs of several requests, from one run; raise `ModelNotReady`."""
        return self._each(self.store.current(), _matrix(songs))

    def predict_batch(self, songs: Sequence[Song]) -> Batch:
        """Return the predictions for at most `max_batch_size` songs; raise `BatchTooLarge` and `ModelNotReady`."""
        self.check_batch_size(len(songs))
        return self.predict_rows(_matrix(songs))

    def check_batch_size(self, count: int) -> None:
        """Raise `BatchTooLarge` for more songs than one request may hold."""
        if count > self.max_batch_size:
            raise BatchTooLarge(count, self.max_batch_size)

    def predict_rows(self, features: NDArray[np.float32], version: str | None = None) -> Batch:
        """Return the predictions for validated features (n, 4), by the champion or the loaded model of a version.

        Raise `ModelNotReady` and `UnknownVersion`.
        """
        return self._batch(self.store.current(version), features)

    def pinned(self) -> Callable[[NDArray[np.float32]], Batch]:
        """Return a `predict_rows` that keeps the current model; raise `ModelNotReady`."""
        return partial(self._batch, self.store.current())

    def explain(self, song: Song) -> Explanation:
        """Return the prediction for one song with each feature's exact Shapley value; raise `ModelNotReady`."""
        served, row = self.store.current(), _matrix([song])
        model = served.model
        named = dict(zip(FEATURES, shapley_values(model, row[0]).tolist(), strict=True))
        return Explanation(self._each(served, row)[0], model.base, named)

    def _batch(self, served: Served, features: NDArray[np.float32]) -> Batch:
        labels, probabilities = served.model.run(features)
        liked = labels == 1
        self._observe(features, liked.tolist(), served, is_batch=True)
        return Batch(liked, probabilities, served.model.threshold, served.model.ref, served.stale)

    def _each(self, served: Served, features: NDArray[np.float32]) -> list[Prediction]:
        model = served.model
        labels, probabilities = model.run(features)
        liked = [label == 1 for label in labels.tolist()]
        self._observe(features, liked, served, is_batch=False)
        return [
            Prediction(LIKE if likes else DISLIKE, likes, probability, model.threshold, model.ref, served.stale)
            for likes, probability in zip(liked, probabilities.tolist(), strict=True)
        ]

    def _observe(self, features: NDArray[np.float32], liked: list[bool], served: Served, *, is_batch: bool) -> None:
        if self.observer is not None:
            self.observer.predicted(features, liked, served.model.ref, is_batch=is_batch)


def _matrix(songs: Sequence[Song]) -> NDArray[np.float32]:
    return np.array([song.row() for song in songs], dtype=np.float32).reshape(-1, len(FEATURES))


COALITIONS = np.array(list(product((False, True), repeat=len(FEATURES))))
"""Features that each coalition takes from the song, shape (16, 4); the background has the others."""


BY_OTHERS = np.array([1 / len(FEATURES) / comb(len(FEATURES) - 1, others) for others in range(len(FEATURES))])
"""Weight of a coalition's value in the contribution of a feature, by the number of other features in it."""

OTHERS = COALITIONS.sum(axis=1) - COALITIONS.T
WEIGHTS: NDArray[np.float64] = np.where(COALITIONS.T, BY_OTHERS[OTHERS], -BY_OTHERS[OTHERS])
"""Weight of each coalition's value in each feature's contribution, shape (4, 16)."""


def shapley_values(model: ServedModel, song: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the contributions (4,) of a song (4,), compared with the model's background (m, 4).

    Exact Shapley values, from one batch of 14 * m + 1 songs. The value of a coalition is the mean probability of the
    background's songs with the coalition's features taken from the song: Shapley, "A Value for n-Person Games" (1953);
    interventional, as in Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions" (2017).
    Contributions and the model's base add up to the song's probability.
    """
    # Without the first coalition, which is the background itself, and the last, which is the song.
    mixed = np.where(COALITIONS[1:-1, np.newaxis, :], song, model.background).reshape(-1, len(FEATURES))
    rows = np.vstack([mixed, song]).astype(np.float32)
    # Songs that are alike take the same way through trees: one after another they take a sixth less time.
    order = np.lexsort(rows.T[::-1])
    probabilities = np.empty(len(rows), dtype=np.float32)
    probabilities[order] = model.probabilities(rows[order])
    means = probabilities[:-1].reshape(-1, len(model.background)).mean(axis=1, dtype=np.float64)
    values: NDArray[np.float64] = np.array([model.base, *means, probabilities[-1]])
    return WEIGHTS @ values
