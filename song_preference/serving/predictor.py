"""The one prediction rule; every protocol converts to and from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from song_preference.errors import BatchTooLarge
from song_preference.features import DISLIKE, FEATURES, LIKE, Song
from song_preference.serving.cache import ModelCache
from song_preference.serving.explanation import shapley_values
from song_preference.serving.model import ModelRef
from song_preference.serving.registry import MlflowRegistry
from song_preference.serving.store import ModelStore, Served
from song_preference.settings import ServingSettings

DEFAULT_BATCH_SIZE = 10_000


class Prediction(NamedTuple):
    """Whether the listener will like one song."""

    label: str
    liked: bool
    probability: float
    threshold: float
    model: ModelRef
    stale: bool = False
    """Whether the model may not be the champion any more, because the registry cannot be asked."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The answers for n songs, in their order, all of one model."""

    liked: NDArray[np.bool_]
    """(n,)"""
    probability: NDArray[np.float32]
    """(n,) of "like"."""
    threshold: float
    model: ModelRef
    stale: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A prediction and what each feature adds to `base`, the mean probability of songs like the listener's."""

    prediction: Prediction
    base: float
    contributions: dict[str, float]
    """By feature; with `base` they add up to the probability."""


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

    @classmethod
    def following(cls, settings: ServingSettings) -> Self:
        """A predictor that follows the champion in MLflow; call `store.start()` to begin."""
        cache = ModelCache(settings.cache_dir, settings.name, settings.alias)
        store = ModelStore(MlflowRegistry(settings), settings.refresh_seconds, settings.name, cache)
        return cls(store, settings.max_batch_size)

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
