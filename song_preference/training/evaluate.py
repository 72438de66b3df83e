"""The model on the test part, beside the two answers that cost nothing."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from song_preference.evaluation import Evaluation, Importance
from song_preference.training.candidates import plain_logistic_regression
from song_preference.training.data import Labels, Probabilities, Songs
from song_preference.training.fit import fit, probability_of

JUDGE_SEED = 0
"""Of the bootstrap; the same for every model, so that intervals differ by the model alone."""

MODEL, MAJORITY, BASELINE = "test", "majority", "logistic_regression"
"""How the metrics of the model, of always the more frequent answer and of a plain model begin."""

BASELINE_THRESHOLD = 0.5
RESAMPLES = 500
CALIBRATION_BINS = 10

Metric = Callable[[Labels, Probabilities], float]


class Estimate(NamedTuple):
    """A metric with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Judged(NamedTuple):
    """The test part's labels with the probabilities of the model and of the logistic regression, and the threshold."""

    labels: Labels
    model: Probabilities
    baseline: Probabilities
    threshold: float


class Verdict(NamedTuple):
    """Estimates by whose they are and by metric, and the answers that they come from."""

    estimates: dict[str, dict[str, Estimate]]
    judged: Judged


def judge_on(test: Songs, train: Songs, model: Probabilities, threshold: float, seed: int) -> Verdict:
    """Judge the model's probabilities (n,) for `test`, and two baselines that know `train` only.

    "Majority" gives every song the share of likes in `train`, a plain logistic regression its own probability.
    """
    always = np.full(len(test.labels), train.labels.mean())
    plain = fit(make_pipeline(StandardScaler(), plain_logistic_regression(seed)), train)
    baseline = probability_of(plain, test.features)
    estimates = {
        MODEL: judge(test.labels, model, threshold, JUDGE_SEED),
        MAJORITY: judge(test.labels, always, BASELINE_THRESHOLD, JUDGE_SEED),
        BASELINE: judge(test.labels, baseline, BASELINE_THRESHOLD, JUDGE_SEED),
    }
    return Verdict(estimates, Judged(test.labels, model, baseline, threshold))


def metrics_of(verdict: Verdict) -> dict[str, float]:
    """As MLflow has them: `test_roc_auc` with `test_roc_auc_low` and `test_roc_auc_high`, and so on."""
    return {
        f"{whose}_{name}{suffix}": value
        for whose, by_metric in verdict.estimates.items()
        for name, estimate in by_metric.items()
        for suffix, value in zip(("", "_low", "_high"), estimate, strict=True)
    }


def evaluation_of(judged: Judged, importances: Sequence[Importance]) -> Evaluation:
    """As the run keeps it for those who draw it."""
    return Evaluation(
        labels=tuple(judged.labels.tolist()),
        model=tuple(judged.model.tolist()),
        baseline=tuple(judged.baseline.tolist()),
        threshold=judged.threshold,
        importances=tuple(importances),
    )


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
