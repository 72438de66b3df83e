"""Exact Shapley values of a song's features."""

from collections.abc import Callable
from itertools import product
from math import factorial

import numpy as np
from numpy.typing import NDArray

from song_preference.features import FEATURES

COALITIONS = np.array(list(product((False, True), repeat=len(FEATURES))))
"""Features that each coalition takes from the song, shape (16, 4); the background has the others."""


def _weights() -> NDArray[np.float64]:
    """Return the weight of each coalition's value in each feature's contribution, shape (4, 16)."""
    count = len(FEATURES)
    weights = np.zeros((count, len(COALITIONS)))
    for column, coalition in enumerate(COALITIONS):
        size = int(coalition.sum())
        for feature, belongs in enumerate(coalition):
            others = size - int(belongs)
            weight = factorial(others) * factorial(count - others - 1) / factorial(count)
            weights[feature, column] = weight if belongs else -weight
    return weights


WEIGHTS = _weights()


def shapley_values(
    probability_of: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    background: NDArray[np.float32],
    song: NDArray[np.float32],
) -> tuple[float, NDArray[np.float64]]:
    """Return the base, the mean probability of the background (m, 4), and the contributions (4,) of the song (4,).

    Exact Shapley values, from one batch of 16 * m songs. The value of a coalition is the mean probability of the
    background's songs with the coalition's features taken from the song: Shapley, "A Value for n-Person Games" (1953);
    interventional, as in Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions" (2017).
    Contributions and base add up to the song's probability.
    """
    mixed = np.where(COALITIONS[:, np.newaxis, :], song, background)
    probabilities = probability_of(mixed.reshape(-1, len(FEATURES)).astype(np.float32))
    values = probabilities.reshape(len(COALITIONS), len(background)).mean(axis=1, dtype=np.float64)
    return float(values[0]), WEIGHTS @ values
