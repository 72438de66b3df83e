"""The one prediction rule; every protocol converts to and from it."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from song_preference.features import DISLIKE, LIKE, Song
from song_preference.serving.model import ModelRef
from song_preference.serving.registry import MlflowRegistry
from song_preference.serving.store import ModelStore
from song_preference.settings import ServingSettings


@dataclass(frozen=True, slots=True)
class Prediction:
    """Whether the listener will like one song."""

    label: str
    liked: bool
    probability: float
    threshold: float
    model: ModelRef


class Predictor:
    """Answers with whichever model the store holds at that moment."""

    def __init__(self, store: ModelStore) -> None:
        self.store = store

    @classmethod
    def following(cls, settings: ServingSettings) -> Self:
        """A predictor that follows the champion in MLflow; call `store.start()` to begin."""
        return cls(ModelStore(MlflowRegistry(settings), settings.refresh_seconds, settings.name))

    def predict(self, song: Song) -> Prediction:
        """The answer for one song; raises `ModelNotReady`."""
        model = self.store.current()
        labels, probabilities = model.run(np.array([song.row()], dtype=np.float32))
        liked = bool(labels[0])
        return Prediction(
            label=LIKE if liked else DISLIKE,
            liked=liked,
            probability=float(probabilities[0]),
            threshold=model.threshold,
            model=model.ref,
        )
