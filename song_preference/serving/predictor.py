"""The one prediction rule; every protocol converts to and from it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from song_preference.errors import BatchTooLarge
from song_preference.features import DISLIKE, FEATURES, LIKE, Song
from song_preference.prediction import Batch, Explanation, ModelRef, Prediction
from song_preference.serving.explanation import shapley_values
from song_preference.serving.model_store import ModelStore, Served

DEFAULT_BATCH_SIZE = 10_000


class Observer(Protocol):
    """Is told of every song that was answered."""

    def predicted(self, features: NDArray[np.float32], liked: list[bool], model: ModelRef, *, is_batch: bool) -> None:
        """The answers (n,) for (n, 4) features; `is_batch` where one request asked for all of them."""


class Predictor:
    """Answers with whichever model the store holds at that moment."""

    observer: Observer | None = None

    def __init__(self, store: ModelStore, max_batch_size: int = DEFAULT_BATCH_SIZE) -> None:
        self.store = store
        self.max_batch_size = max_batch_size

    def predict(self, song: Song) -> Prediction:
        """The answer for one song; raises `ModelNotReady`."""
        return self.predict_each([song])[0]

    def predict_each(self, songs: Sequence[Song]) -> list[Prediction]:
        """The answers for songs that were asked about one by one, in one run; raises `ModelNotReady`."""
        return self._each(self.store.current(), _matrix(songs))

    def predict_batch(self, songs: Sequence[Song]) -> Batch:
        """The answers for at most `max_batch_size` songs; raises `BatchTooLarge` and `ModelNotReady`."""
        self.check_batch_size(len(songs))
        return self.predict_rows(_matrix(songs))

    def check_batch_size(self, count: int) -> None:
        """Raises `BatchTooLarge` for more songs than one request may hold."""
        if count > self.max_batch_size:
            raise BatchTooLarge(count, self.max_batch_size)

    def predict_rows(self, features: NDArray[np.float32]) -> Batch:
        """The answers for (n, 4) features that are known to lie in [0, 1]; raises `ModelNotReady`."""
        return self._batch(self.store.current(), features)

    def pinned(self) -> Callable[[NDArray[np.float32]], Batch]:
        """Answers as `predict_rows` does, for ever with the model of this moment; raises `ModelNotReady`."""
        return partial(self._batch, self.store.current())

    def explain(self, song: Song) -> Explanation:
        """The answer for one song with each feature's exact Shapley value; raises `ModelNotReady`."""
        served, row = self.store.current(), _matrix([song])
        model = served.model
        base, contributions = shapley_values(lambda songs: model.run(songs)[1], model.background, row[0])
        return Explanation(self._each(served, row)[0], base, dict(zip(FEATURES, contributions.tolist(), strict=True)))

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
