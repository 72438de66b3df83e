"""Predictions and model versions as plain values, without onnxruntime and MLflow."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from song_preference.features import DISLIKE, LIKE, Song

TRAINED_ON = "The dataset version that it was trained on; null if its training did not record it."


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A version in the registry and the alias that it was found under."""

    name: str
    version: str
    alias: str
    run_id: str = field(default="", repr=False)
    """The MLflow run that made it: a registry that was recreated counts its versions from 1 again."""
    dataset_version: str | None = None
    """The dataset version that it was trained on; None if its training did not record it."""


class RegisteredVersion(BaseModel, frozen=True):
    """A version in the registry; what its training did not note is null."""

    version: str = Field(description="Its number.")
    created_at: datetime = Field(description="When it was registered, in UTC.")
    aliases: list[str] = Field(description="'champion' is served, 'challenger' was compared with it last.")
    dataset_version: str | None = Field(description=TRAINED_ON)
    source_kind: str | None = Field(description="Where that came from; 'sample' reflects nobody's taste.")
    roc_auc: float | None = Field(
        description="ROC AUC on songs of that dataset that the evaluated model did not know, in [0, 1]."
    )


class Prediction(NamedTuple):
    """Whether the listener will like one song."""

    label: str
    liked: bool
    probability: float
    """Probability of "like", in [0, 1]."""
    threshold: float
    """Lowest probability that the model calls a like, in [0, 1]."""
    model: ModelRef
    stale: bool = False
    """Whether another model may be the champion by now: the registry cannot be reached, or its champion is unusable."""


class PredictionClient(Protocol):
    """A client of one protocol."""

    def predict(self, song: Song) -> Prediction:
        """Return the service's prediction; raise `ServiceUnavailable` and `InvalidSong`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The predictions for n songs, in their order, all of one model."""

    liked: NDArray[np.bool_]
    """Shape (n,)."""
    probability: NDArray[np.float32]
    """Probabilities of "like", shape (n,)."""
    threshold: float
    model: ModelRef
    stale: bool

    def answers(self) -> Iterator[tuple[str, bool, float]]:
        """Yield label, answer and probability of each song."""
        for liked, probability in zip(self.liked.tolist(), self.probability.tolist(), strict=True):
            yield LIKE if liked else DISLIKE, liked, probability


@dataclass(frozen=True, slots=True)
class Explanation:
    """A prediction and what each feature adds to `base`."""

    prediction: Prediction
    base: float
    """Mean probability of the model's background sample."""
    contributions: dict[str, float]
    """Shapley values by feature; with `base` they add up to the probability."""
