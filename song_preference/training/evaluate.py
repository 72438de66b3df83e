"""Metrics with confidence intervals on songs that a model was not trained on, beside two simple baselines."""

import numpy as np

from song_preference.evaluation import DIFFERENCES, Answers, Evaluation, Importance, Interval
from song_preference.features import FEATURES
from song_preference.messages import CARD_MODELS, METRIC_NAMES
from song_preference.training import intervals
from song_preference.training.candidates import CANDIDATES
from song_preference.training.cross_validation import out_of_fold
from song_preference.training.data import Labels, Predict, Probabilities, Songs
from song_preference.training.fit import fit, probability_of
from song_preference.training.logistic import losses

SHUFFLES = 30
SHUFFLE_SEED = 0
EXPLAINED_SONGS = 500
"""Songs that stand for all where each of them is predicted hundreds of times."""


def permutation_importances(songs: Songs, predict: Predict) -> tuple[Importance, ...]:
    """Return by feature the mean and spread of the ROC AUC lost when its values are shuffled among the songs."""
    random = np.random.default_rng(SHUFFLE_SEED)
    explained = songs.at_most(EXPLAINED_SONGS, SHUFFLE_SEED)
    best = roc_auc(explained.labels, predict(explained.features))
    lost_by = np.empty((len(FEATURES), SHUFFLES))
    for (feature, shuffle), _ in np.ndenumerate(lost_by):
        shuffled = explained.features.copy()
        shuffled[:, feature] = random.permutation(shuffled[:, feature])
        lost_by[feature, shuffle] = best - roc_auc(explained.labels, predict(shuffled))
    return tuple(
        Importance(feature=feature, mean=float(lost.mean()), std=float(lost.std()))
        for feature, lost in zip(FEATURES, lost_by, strict=True)
    )


MODEL, MAJORITY, BASELINE = CARD_MODELS
"""Prefixes of the metrics of the model, of always the more frequent answer and of a plain candidate."""

BASELINE_THRESHOLD = 0.5


def evaluate_model(test: Songs, train: Songs, predict: Predict, threshold: float, seed: int) -> Evaluation:
    """Return metrics, curves and importances of the model that `predict` asks, on `test`, and of two baselines.

    The baselines know `train` only: "majority" gives every song the share of likes, a plain logistic regression its
    own probability. The majority's constant probability has ROC AUC 0.5, and no calibration slope.
    """
    answers = {
        MODEL: predict(test.features),
        MAJORITY: np.full(len(test.labels), train.labels.mean()),
        BASELINE: probability_of(fit(CANDIDATES[BASELINE].estimator(seed), train), test.features),
    }
    return _evaluation(test.labels, answers, threshold, permutation_importances(test, predict))


def evaluate_left_out(songs: Songs, model: Probabilities, threshold: float, seed: int) -> Evaluation:
    """Return metrics and curves of probabilities (repeats, n) of songs left out of training, and of two baselines."""
    majority = np.full(len(songs.labels), songs.labels.mean())
    baseline = out_of_fold(CANDIDATES[BASELINE].estimator(seed), songs, seed)
    return _evaluation(songs.labels, {MODEL: model, MAJORITY: majority, BASELINE: baseline}, threshold)


def _evaluation(
    labels: Labels, answers: dict[str, Probabilities], threshold: float, importances: tuple[Importance, ...] = ()
) -> Evaluation:
    """Return the evaluation of probabilities (n,) or (repeats, n) by whose they are."""
    measured = {
        f"{whose}_{name}": interval
        for whose, probability in answers.items()
        for name, interval in metrics(labels, probability, threshold if whose == MODEL else BASELINE_THRESHOLD).items()
        if f"{whose}_{name}" in METRIC_NAMES
    }
    model, baseline = (np.atleast_2d(answers[whose]).mean(axis=0) for whose in (MODEL, BASELINE))
    measured |= {f"{MODEL}_{name}": interval for name, interval in differences(labels, model, baseline).items()}
    listed = {"labels": labels.tolist(), "model": model.tolist(), "baseline": baseline.tolist()}
    stored = Answers.model_validate({**listed, "threshold": threshold, "importances": importances})
    return Evaluation.of(stored, measured)


def metrics(labels: Labels, probability: Probabilities, threshold: float) -> dict[str, Interval]:
    """Return the metrics of `probability` (n,) against `labels` (n,), by name.

    Of (repeats, n) they are those of the mean, and the interval of the ROC AUC is widened by its variance between the
    repeats.
    """
    repeats = np.atleast_2d(probability)
    probability = repeats.mean(axis=0)
    brier, log_loss = intervals.bootstrap_means(losses(labels, probability))
    areas = [roc_auc(labels, repeat) for repeat in repeats]
    return {
        "roc_auc": intervals.roc_auc(labels, probability, float(np.var(areas, ddof=1)) if len(areas) > 1 else 0.0),
        "pr_auc": intervals.pr_auc(labels, probability),
        "accuracy": intervals.accuracy(labels, probability, threshold),
        "f1": intervals.f1(labels, probability, threshold),
        "brier": brier,
        "log_loss": log_loss,
        "calibration_slope": intervals.calibration_slope(labels, probability),
        "calibration_intercept": intervals.calibration_intercept(labels, probability),
    }


def differences(labels: Labels, model: Probabilities, baseline: Probabilities) -> dict[str, Interval]:
    """Return the metrics of `DIFFERENCES`: those of the model minus those of the baseline, on the same songs (n,)."""
    roc_auc_difference = intervals.roc_auc_difference(labels, model, baseline)
    excess = losses(labels, model) - losses(labels, baseline)
    return dict(zip(DIFFERENCES, (roc_auc_difference, *intervals.bootstrap_means(excess)), strict=True))


def roc_auc(labels: Labels, probability: Probabilities) -> float:
    """Return the share of pairs of a like and a dislike in which the like is more probable; a tie counts half."""
    return float(intervals.placements(labels, probability)[0].mean())
