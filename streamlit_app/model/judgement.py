"""What the answers on the test songs tell of a model: curves, bins, and what a threshold does.

Labels (n,) are 1 for like; probabilities (n,) are those of "like". Both classes must occur.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

BINS = 10
"""Of the calibration."""

POINTS = 400
"""Of a curve are drawn at most: more cannot be told apart."""


class Curve(NamedTuple):
    """Points from left to right, and the area below them."""

    x: Probabilities
    y: Probabilities
    area: float


class Bin(NamedTuple):
    """Songs whose probabilities lie in one tenth of [0, 1]."""

    songs: int
    probability: float
    """Mean of what the model said."""
    liked: float
    """Share of the songs that the listener likes."""


class Confusion(NamedTuple):
    """Songs by what the model says and what the listener says."""

    found: int
    """Recommended, and liked."""
    mistaken: int
    """Recommended, but disliked."""
    missed: int
    """Liked, but not recommended."""
    spared: int
    """Neither."""

    @property
    def recommended(self) -> int:
        """Songs that the model says "like" of."""
        return self.found + self.mistaken

    @property
    def liked(self) -> int:
        """Songs that the listener likes."""
        return self.found + self.missed

    @property
    def songs(self) -> int:
        """All of them."""
        return sum(self)

    @property
    def precision(self) -> float | None:
        """Share of the recommended that are liked; None where nothing is recommended."""
        return self.found / self.recommended if self.recommended else None

    @property
    def recall(self) -> float:
        """Share of the liked that are recommended."""
        return self.found / self.liked

    @property
    def accuracy(self) -> float:
        """Share of the songs that the model is right about."""
        return (self.found + self.spared) / self.songs

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing is recommended."""
        return 2 * self.found / (self.recommended + self.liked)


def confusion(labels: Labels, probability: Probabilities, threshold: float) -> Confusion:
    """Where the model says "like" from `threshold` on."""
    recommended, liked = probability >= threshold, labels == 1
    return Confusion(
        found=int(np.sum(recommended & liked)),
        mistaken=int(np.sum(recommended & ~liked)),
        missed=int(np.sum(~recommended & liked)),
        spared=int(np.sum(~recommended & ~liked)),
    )


def roc(labels: Labels, probability: Probabilities) -> Curve:
    """Share of the likes found (y) against share of the dislikes mistaken for likes (x), from (0, 0) to (1, 1)."""
    found, mistaken = _counts(labels, probability)
    x = np.concatenate([[0.0], mistaken / mistaken[-1]])
    y = np.concatenate([[0.0], found / found[-1]])
    return _thinned(x, y, float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)))


def precision_recall(labels: Labels, probability: Probabilities) -> Curve:
    """Share of the recommended that are liked (y) against share of the likes found (x); the area is a sum of steps."""
    found, mistaken = _counts(labels, probability)
    precision, recall = found / (found + mistaken), found / found[-1]
    return _thinned(recall, precision, float(np.sum(np.diff(recall, prepend=0) * precision)))


def calibration(labels: Labels, probability: Probabilities) -> list[Bin]:
    """The tenths of [0, 1] that hold a song, from the lowest."""
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    filled = [bins == index for index in range(BINS) if np.any(bins == index)]
    return [
        Bin(int(members.sum()), float(probability[members].mean()), float(labels[members].mean())) for members in filled
    ]


def _counts(labels: Labels, probability: Probabilities) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Likes and dislikes with at least each of the distinct probabilities, from the highest."""
    order = np.argsort(-probability, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(probability[order])), len(labels) - 1)
    found = np.cumsum(labels[order])[ends]
    return found, ends + 1 - found


def _thinned(x: Probabilities, y: Probabilities, area: float) -> Curve:
    kept = np.unique(np.linspace(0, len(x) - 1, POINTS).round().astype(int)) if len(x) > POINTS else slice(None)
    return Curve(x[kept], y[kept], area)
