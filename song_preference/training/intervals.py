"""Metrics of probabilities (n,) against labels (n,), 1 for like, each with its 95 % interval.

Both labels must occur. Every value is finite for any probability in [0, 1], and its interval allows for test songs
of which neither the likes nor the dislikes were counted beforehand.
"""

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri, stdtrit
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score

from song_preference.evaluation import Interval, Numbers
from song_preference.training.data import Labels, Probabilities
from song_preference.training.logistic import SLOPE_DEVIATION, intercept_at, logistic_line, logits, variances

TAIL = 0.025
"""Probability outside of an interval, on either side."""

Z = float(-ndtri(TAIL))
RESAMPLES = 1000
BOOTSTRAP_SEED = 0
"""Seed of the resamples, the same for every model, so that intervals differ by the model alone."""


def placements(labels: Labels, probability: Probabilities) -> tuple[Numbers, Numbers]:
    """Return for each like the share of dislikes below it, and for each dislike the share of likes above it.

    A tie counts half. The mean of either is the area under the ROC curve: Mann and Whitney's U (1947).
    """
    liked, disliked = probability[labels == 1], probability[labels == 0]
    return _share_below(liked, disliked), 1 - _share_below(disliked, liked)


def _share_below(values: Numbers, others: Numbers) -> Numbers:
    ordered = np.sort(others)
    twice = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(twice / (2 * len(ordered)))


def roc_auc(labels: Labels, probability: Probabilities, more_variance: float = 0.0) -> Interval:
    """Return the area under the ROC curve with an interval on the scale of its logit (Pepe 2003).

    Its variance is that of DeLong et al. (1988), or Hanley and McNeil's (1982) where that is larger: among few songs
    DeLong's may be 0; `more_variance` comes on top. Nearer to 0 or 1 than half a song of the smaller class the logit's
    scale would tear the interval open, so it is that of an area so far from them. A constant probability has area 0.5
    whatever the songs are.
    """
    above, below = placements(labels, probability)
    area = float(above.mean())
    if np.ptp(probability) == 0:
        return Interval(area, area, area)
    least = 0.5 / min(len(above), len(below))
    within = min(max(area, least), 1 - least)
    variance = max(_delong_variance(above, below), _hanley_mcneil_variance(within, len(above), len(below)))
    deviation = np.sqrt(variance + more_variance)
    low, high = expit(logit(within) + np.array([-Z, Z]) * deviation / (within * (1 - within)))
    return Interval(area, float(low) if area >= least else 0.0, float(high) if area <= 1 - least else 1.0)


def _delong_variance(above: Numbers, below: Numbers) -> float:
    return sum(float(each.var(ddof=1)) / len(each) for each in (above, below) if len(each) > 1)


def _hanley_mcneil_variance(area: float, likes: int, dislikes: int) -> float:
    two_likes, two_dislikes = area / (2 - area), 2 * area**2 / (1 + area)
    pairs = (likes - 1) * (two_likes - area**2) + (dislikes - 1) * (two_dislikes - area**2)
    return (area * (1 - area) + pairs) / (likes * dislikes)


def roc_auc_difference(labels: Labels, probability: Probabilities, other: Probabilities) -> Interval:
    """Return by how much the area exceeds that of `other` (n,) on the same songs: DeLong et al. (1988), paired."""
    above, below = (
        own - others for own, others in zip(placements(labels, probability), placements(labels, other), strict=True)
    )
    return _wald(float(above.mean()), _delong_variance(above, below))


def pr_auc(labels: Labels, probability: Probabilities) -> Interval:
    """Return the average precision with the logit interval of Boyd, Eng and Page (2013).

    They hold the number of likes fixed; the interval covers without that as well, where a bootstrap covers too seldom.
    """
    average, likes = float(average_precision_score(labels, probability)), labels.sum()
    within = min(average, 1 - 0.5 / likes)
    low, high = expit(logit(within) + np.array([-Z, Z]) / np.sqrt(likes * within * (1 - within)))
    return Interval(average, float(low), max(float(high), average))


def accuracy(labels: Labels, probability: Probabilities, threshold: float) -> Interval:
    """Return the share of songs labelled correctly, with the interval of Wilson (1927)."""
    return _wilson(int(np.sum((probability >= threshold) == labels)), len(labels))


def f1(labels: Labels, probability: Probabilities, threshold: float) -> Interval:
    """Return F1 of "like" with the indirect Wilson interval of Lam, Gopal and Qian (2023).

    F1 is 2 q / (1 + q) of the proportion q: of the songs that are liked or labelled so, those that are both.
    """
    liked, recommended = labels == 1, probability >= threshold
    shares = _wilson(int(np.sum(liked & recommended)), int(np.sum(liked | recommended)))
    return Interval(*(2 * share / (1 + share) for share in shares))


def _wilson(successes: int, count: int) -> Interval:
    ends = binomtest(successes, count).proportion_ci(1 - 2 * TAIL, method="wilson")
    return Interval(successes / count, float(ends.low), float(ends.high))


def bootstrap_means(values: Numbers) -> list[Interval]:
    """Return the mean of each row of (k, n) over n songs, with the expanded percentile interval of Hesterberg (2015).

    Songs are drawn with replacement, whatever their label, and the same ones for all rows and for every call. It
    covers less where rare songs cost much: 87 % for the log loss of a far too sure model on 30 songs.
    """
    count = values.shape[1]
    random = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = [values[:, random.integers(0, count, count)].mean(axis=1) for _ in range(RESAMPLES)]
    tail = ndtr(np.sqrt(count / (count - 1)) * stdtrit(count - 1, TAIL))
    lows, highs = np.quantile(drawn, [tail, 1 - tail], axis=0)
    rows = zip(values.mean(axis=1), lows, highs, strict=True)
    return [Interval(*(float(number) for number in row)) for row in rows]


def calibration_slope(labels: Labels, probability: Probabilities) -> Interval:
    """Return the slope of a logistic regression of the label on the probability's logit (Cox 1958), by Wald.

    1 is ideal; below 1 the probabilities are too extreme. The prior of `SLOPE_DEVIATION` keeps it finite, and is all
    that a constant probability leaves: slope 1, from -2.9 to 4.9. A bootstrap would resample few songs into separated
    ones.
    """
    values = logits(probability)
    slope, intercept = logistic_line(labels, values)
    weights = variances(slope * values + intercept)
    spread = values - weights @ values / weights.sum()
    return _wald(slope, 1 / (float(weights @ spread**2) + SLOPE_DEVIATION**-2))


def calibration_intercept(labels: Labels, probability: Probabilities) -> Interval:
    """Return what to add to the probability's logit for it to sum up to the likes (Cox 1958), with a score interval.

    0 is ideal; above 0 more songs are liked than announced. The interval holds what a score test does not reject
    (Rao 1948), as Wilson's does for a proportion; Wald's is huge where all probabilities are near 0 or 1. Its variance
    is enlarged where the residuals vary more than the probabilities say.
    """
    values = logits(probability)
    value = intercept_at(labels, values)
    residuals = labels - expit(values + value)
    dispersion = max(1.0, float(residuals @ residuals / variances(values + value).sum()))
    low, high = (intercept_at(labels, values, sign * Z * np.sqrt(dispersion)) for sign in (1, -1))
    return Interval(value, low, high)


def _wald(value: float, variance: float) -> Interval:
    half = Z * float(np.sqrt(variance))
    return Interval(value, value - half, value + half)
