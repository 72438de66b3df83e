"""The model on the test part, beside the two answers that cost nothing."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from song_preference.evaluation import Evaluation, Importance
from song_preference.training.candidates import plain_logistic_regression
from song_preference.training.data import Probabilities, Songs
from song_preference.training.fit import fit, probability_of
from song_preference.training.judge import Estimate, judge
from song_preference.training.plots import Judged

JUDGE_SEED = 0
"""Of the bootstrap; the same for every model, so that intervals differ by the model alone."""

MODEL, MAJORITY, BASELINE = "test", "majority", "logistic_regression"
"""How the metrics of the model, of always the more frequent answer and of a plain model begin."""

BASELINE_THRESHOLD = 0.5


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
