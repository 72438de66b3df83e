"""Metrics with confidence intervals on songs that a model was not trained on, beside two simple baselines."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from song_preference.evaluation import (
    CALIBRATION_BINS,
    THRESHOLDS,
    Confusion,
    Curve,
    Curves,
    Evaluation,
    Importance,
    Interval,
    calibration,
)
from song_preference.features import FEATURES
from song_preference.messages.en import MODELS
from song_preference.training.candidates import plain_logistic_regression
from song_preference.training.data import Features, Labels, Probabilities, Songs
from song_preference.training.fit import fit, probability_of

Predict = Callable[[Features], Probabilities]
"""The model's probabilities (n,) for (n, 4) features."""

SHUFFLES = 30
SHUFFLE_SEED = 0
EXPLAINED_SONGS = 500
"""Songs that stand for all where each of them is predicted hundreds of times."""


def permutation_importances(songs: Songs, predict: Predict) -> tuple[Importance, ...]:
    """Return by feature the mean and spread of the ROC AUC lost when its values are shuffled among the songs."""
    random = np.random.default_rng(SHUFFLE_SEED)
    explained = songs.at_most(EXPLAINED_SONGS, SHUFFLE_SEED)
    best = roc_auc_score(explained.labels, predict(explained.features))
    losses = np.empty((len(FEATURES), SHUFFLES))
    for (feature, shuffle), _ in np.ndenumerate(losses):
        shuffled = explained.features.copy()
        shuffled[:, feature] = random.permutation(shuffled[:, feature])
        losses[feature, shuffle] = best - roc_auc_score(explained.labels, predict(shuffled))
    return tuple(
        Importance(feature=feature, mean=float(lost.mean()), std=float(lost.std()))
        for feature, lost in zip(FEATURES, losses, strict=True)
    )


BOOTSTRAP_SEED = 0
"""Seed of the resamples, the same for every model, so that intervals differ by the model alone."""

RESAMPLES = 500

MODEL, MAJORITY, BASELINE = MODELS
"""Prefixes of the metrics of the model, of always the more frequent answer and of a plain model."""

BASELINE_THRESHOLD = 0.5

Metric = Callable[[Labels, Probabilities], float]


def evaluate_model(test: Songs, train: Songs, predict: Predict, threshold: float, seed: int) -> Evaluation:
    """Return metrics, curves and importances of the model that `predict` asks, on `test`, and of two baselines.

    The baselines know `train` only: "majority" gives every song the share of likes, a plain logistic regression its
    own probability.
    """
    labels, model = test.labels, predict(test.features)
    majority = np.full(len(labels), train.labels.mean())
    plain = fit(make_pipeline(StandardScaler(), plain_logistic_regression(seed)), train)
    baseline = probability_of(plain, test.features)
    compared = {
        MODEL: (model, threshold),
        MAJORITY: (majority, BASELINE_THRESHOLD),
        BASELINE: (baseline, BASELINE_THRESHOLD),
    }
    return Evaluation.model_validate(
        {
            "labels": labels.tolist(),
            "model": model.tolist(),
            "baseline": baseline.tolist(),
            "threshold": threshold,
            "importances": permutation_importances(test, predict),
            "metrics": {
                f"{whose}_{name}": interval
                for whose, (probability, own) in compared.items()
                for name, interval in intervals(labels, probability, own, BOOTSTRAP_SEED).items()
            },
            "curves": {"model": curves(labels, model), "baseline": curves(labels, baseline)},
            "confusions": [Confusion.of(labels, model, each) for each in sorted({*THRESHOLDS, threshold})],
        }
    )


def mlflow_metrics(metrics: dict[str, Interval]) -> dict[str, float]:
    """Return the metrics as MLflow logs them: `test_roc_auc` with `test_roc_auc_low` and `test_roc_auc_high`, etc."""
    return {
        f"{name}{suffix}": value
        for name, interval in metrics.items()
        for suffix, value in zip(("", "_low", "_high"), interval, strict=True)
    }


def curves(labels: Labels, probability: Probabilities) -> Curves:
    """Return ROC, precision-recall and calibration curve of probabilities (n,) against labels (n,)."""
    false_positive_rate, true_positive_rate, _ = roc_curve(labels, probability, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(labels, probability)
    return Curves(
        roc=Curve.of(false_positive_rate, true_positive_rate, roc_auc(labels, probability)),
        # scikit-learn begins at the lowest threshold, and adds a last point without songs.
        precision_recall=Curve.of(
            recall[-2::-1], precision[-2::-1], float(average_precision_score(labels, probability))
        ),
        calibration=calibration(labels, probability),
    )


def intervals(labels: Labels, probability: Probabilities, threshold: float, seed: int) -> dict[str, Interval]:
    """Return metrics of `probability` (n,) against `labels` (n,), each with a percentile bootstrap interval.

    What scikit-learn computes in a millisecond and numpy in a line is written as that line: it is done five hundred
    times.
    """
    drawings = list(resamples(labels, RESAMPLES, seed))
    found = {}
    for name, metric in _metrics(threshold).items():
        spread = [metric(labels[drawn], probability[drawn]) for drawn in drawings]
        low, high = np.quantile(spread, [0.025, 0.975])
        found[name] = Interval(metric(labels, probability), float(low), float(high))
    return found


def resamples(labels: Labels, count: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield `count` times the indices (n,) of as many songs, drawn with replacement within their class."""
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
    """Return the share of pairs of a like and a dislike in which the like is more probable; a tie counts half.

    Mann and Whitney's U (1947), the area under the ROC curve.
    """
    liked, disliked = probability[labels == 1], np.sort(probability[labels == 0])
    twice_below = np.searchsorted(disliked, liked, "left") + np.searchsorted(disliked, liked, "right")
    return float(twice_below.mean() / (2 * len(disliked)))


def expected_calibration_error(labels: Labels, probability: Probabilities) -> float:
    """Return the mean distance of confidence and frequency over equal bins of the probability, weighted by size.

    Guo et al., "On Calibration of Modern Neural Networks" (2017), for the probability of one class.
    """
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    sums = np.bincount(bins, weights=probability - labels, minlength=CALIBRATION_BINS)
    return float(np.abs(sums).sum() / len(labels))
