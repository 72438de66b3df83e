"""Logistic regression on the logit of a probability, and the losses of probabilities."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from song_preference.evaluation import Numbers
from song_preference.training.data import Labels, Probabilities

CLIP = 1e-6
"""Distance to 0 and 1 within which a logarithm takes a probability for that far from it."""

SLOPE_DEVIATION = 2.0
"""Standard deviation of the normal prior around slope 1: weak, and enough for a finite slope of separated songs."""


def losses(labels: Labels, probability: Probabilities) -> Numbers:
    """Return the squared error and the log loss (2, n) of each song: Brier (1950), Good (1952)."""
    clipped = np.clip(probability, CLIP, 1 - CLIP)
    return np.array([(probability - labels) ** 2, -np.log(np.where(labels == 1, clipped, 1 - clipped))])


def logits(probability: Probabilities) -> Numbers:
    """Return the logits (n,) of probabilities, those nearer than `CLIP` to 0 or 1 taken for that far."""
    found: Numbers = logit(np.clip(probability, CLIP, 1 - CLIP))
    return found


def logistic_line(labels: Labels, values: Numbers) -> tuple[float, float]:
    """Return slope and intercept of a logistic regression on logits (n,), with the prior of `SLOPE_DEVIATION`."""
    middle = values.mean()
    centred = values - middle

    def gradient(slope: float) -> float:
        chances = expit(slope * centred + intercept_at(labels, slope * centred))
        return float(centred @ (labels - chances)) - (slope - 1) / SLOPE_DEVIATION**2

    # Residuals lie in (-1, 1), so that beyond this distance the prior outweighs them.
    reach = SLOPE_DEVIATION**2 * np.abs(centred).sum() + 1
    slope = float(brentq(gradient, 1 - reach, 1 + reach))
    return slope, float(intercept_at(labels, slope * centred) - slope * middle)


def intercept_at(labels: Labels, values: Numbers, score: float = 0.0) -> float:
    """Return the shift of logits (n,) at which the residuals' sum has this many standard deviations."""

    def excess(shift: float) -> float:
        shifted = values + shift
        return float(np.sum(labels - expit(shifted)) - score * np.sqrt(variances(shifted).sum()))

    reach = np.abs(values).max() + 60
    # Slopes far from the answer make steps of the sum, which are found by halving.
    return float(brentq(excess, -reach, reach, maxiter=1000))


def variances(values: Numbers) -> Numbers:
    """Return p (1 - p) of the probabilities with these logits (n,)."""
    # Not by p itself, which is 0 or 1 for large logits.
    variance: Numbers = expit(values) * expit(-values)
    return variance
