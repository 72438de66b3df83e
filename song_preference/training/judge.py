"""How good a model is on songs it never saw, and how sure of that one can be."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from song_preference.training.data import Labels, Probabilities

RESAMPLES = 500
CALIBRATION_BINS = 10

Metric = Callable[[Labels, Probabilities], float]


class Estimate(NamedTuple):
    """A metric with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def judge(labels: Labels, probability: Probabilities, threshold: float, seed: int) -> dict[str, Estimate]:
    """Metrics of `probability` (n,) of "like" against `labels` (n,), each with a percentile bootstrap interval.

    What scikit-learn computes in a millisecond and numpy in a line is written as that line: it is done five hundred
    times.
    """
    drawings = list(resamples(labels, RESAMPLES, seed))
    estimates = {}
    for name, metric in _metrics(threshold).items():
        spread = [metric(labels[drawn], probability[drawn]) for drawn in drawings]
        low, high = np.quantile(spread, [0.025, 0.975])
        estimates[name] = Estimate(metric(labels, probability), float(low), float(high))
    return estimates


def resamples(labels: Labels, count: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """`count` times as many songs (n,) as there are, drawn with replacement within their class: each holds both."""
    random = np.random.default_rng(seed)
    classes = [np.flatnonzero(labels == label) for label in (0, 1)]
    for _ in range(count):
        yield np.concatenate([random.choice(members, len(members)) for members in classes])


def _metrics(threshold: float) -> dict[str, Metric]:
    return {
        "accuracy": lambda labels, probability: float(np.mean((probability >= threshold) == labels)),
        "f1": lambda labels, probability: _f1(labels, probability >= threshold),
        "roc_auc": roc_auc,
        "pr_auc": lambda labels, probability: float(average_precision_score(labels, probability)),
        "brier": lambda labels, probability: float(np.mean((probability - labels) ** 2)),
        "calibration_error": expected_calibration_error,
    }


def _f1(labels: Labels, liked: NDArray[np.bool_]) -> float:
    return float(2 * np.sum(liked & (labels == 1)) / (np.sum(liked) + np.sum(labels)))


def roc_auc(labels: Labels, probability: Probabilities) -> float:
    """Share of the pairs of a like and a dislike in which the like has the higher probability; a tie counts half.

    Mann and Whitney's U (1947), the area under the ROC curve.
    """
    liked, disliked = probability[labels == 1], np.sort(probability[labels == 0])
    twice_below = np.searchsorted(disliked, liked, "left") + np.searchsorted(disliked, liked, "right")
    return float(twice_below.mean() / (2 * len(disliked)))


def expected_calibration_error(labels: Labels, probability: Probabilities) -> float:
    """Mean distance of confidence and frequency over equal bins of the probability, weighted by their size.

    Guo et al., "On Calibration of Modern Neural Networks" (2017), for the probability of one class.
    """
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    sums = np.bincount(bins, weights=probability - labels, minlength=CALIBRATION_BINS)
    return float(np.abs(sums).sum() / len(labels))
