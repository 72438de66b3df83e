"""Repeated cross-validation of an estimator, and what may be learned from probabilities that it gave out of fold."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.model_selection import RepeatedStratifiedKFold

from song_preference.training.data import Labels, Probabilities, Songs
from song_preference.training.fit import DECIMALS, DECIMALS_OF_PROBABILITY, fit, probability_of
from song_preference.training.logistic import logistic_line, logits, losses

FOLDS, REPEATS = 5, 3
Indices = NDArray[np.int64]


def folds(songs: Songs, seed: int) -> Iterator[tuple[Indices, Indices]]:
    """Yield for each fold of each repeat the indices of the songs to train on and of those left out."""
    splitter = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=seed)
    yield from splitter.split(songs.features, songs.labels)


def predicted(estimator: Any, songs: Songs, trained_on: Indices, left_out: Indices) -> Probabilities:
    """Fit the estimator on some songs and return its probabilities of the others."""
    return probability_of(fit(estimator, songs.take(trained_on)), songs.features[left_out])


def out_of_fold(estimator: Any, songs: Songs, seed: int) -> Probabilities:
    """Return probabilities (repeats, n) of each song by an estimator that was fitted without the song's fold."""
    probability = np.empty((REPEATS, len(songs.labels)))
    for at, (trained_on, left_out) in enumerate(folds(songs, seed)):
        probability[at // FOLDS, left_out] = predicted(estimator, songs, trained_on, left_out)
    return probability


def corrected_error(values: Any) -> float:
    """Return the standard error of the mean of values (k,) by fold, whose training songs overlap.

    Nadeau and Bengio, "Inference for the generalization error" (2003).
    """
    return float(np.sqrt((1 / len(values) + 1 / (FOLDS - 1)) * np.var(values, ddof=1)))


class Calibration(NamedTuple):
    """A line through the logits of a model's probabilities: Platt (1999)."""

    slope: float
    intercept: float

    def of(self, probability: Probabilities) -> Probabilities:
        """Return calibrated probabilities (n,)."""
        calibrated: Probabilities = expit(self.slope * logits(probability) + self.intercept)
        return np.round(calibrated, DECIMALS_OF_PROBABILITY)


def calibrate(songs: Songs, probability: Probabilities, seed: int) -> tuple[Calibration | None, Probabilities]:
    """Return the calibration of probabilities (repeats, n) out of fold, and these calibrated without their own fold.

    Where calibration does not lower the log loss by more than one standard error, which is a matter of chance, there
    is none, and the probabilities stay as they are.
    """
    calibrated = recalibrated(songs, probability, seed)
    before, after = (np.array([losses(songs.labels, repeat)[1] for repeat in of]) for of in (probability, calibrated))
    gained = before - after
    gains = [gained[at // FOLDS, left_out].mean() for at, (_, left_out) in enumerate(folds(songs, seed))]
    if np.mean(gains) <= corrected_error(gains):
        return None, probability
    return _fitted(np.tile(songs.labels, len(probability)), probability.ravel()), calibrated


def recalibrated(songs: Songs, probability: Probabilities, seed: int) -> Probabilities:
    """Return probabilities (repeats, n) out of fold, those of each fold calibrated by a line fitted without it."""
    calibrated = np.empty_like(probability)
    for at, (others, left_out) in enumerate(folds(songs, seed)):
        given = probability[at // FOLDS]
        calibrated[at // FOLDS, left_out] = _fitted(songs.labels[others], given[others]).of(given[left_out])
    return calibrated


def _fitted(labels: Labels, probability: Probabilities) -> Calibration:
    slope, intercept = logistic_line(labels, logits(probability))
    return Calibration(round(slope, DECIMALS), round(intercept, DECIMALS))
