import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, brier_score_loss, f1_score, log_loss, roc_auc_score

from song_preference.evaluation import (
    DIFFERENCES,
    THRESHOLDS,
    Evaluation,
    by_ends,
    read_evaluation,
)
from song_preference.features import FEATURES
from song_preference.messages import CARD_METRICS, METRIC_NAMES
from song_preference.training import intervals
from song_preference.training.candidates import CANDIDATES
from song_preference.training.cross_validation import out_of_fold
from song_preference.training.data import Songs
from song_preference.training.evaluate import differences, metrics, roc_auc
from song_preference.training.fit import fit, probability_of
from tests.support.training import listener

random = np.random.default_rng(3)
LABELS = (random.random(200) < 0.6).astype(np.int64)
PROBABILITY = np.clip(LABELS * 0.3 + random.random(200) * 0.7, 0, 1)


def test_the_model_stands_beside_the_majority_and_a_logistic_regression(evaluation: Evaluation, test: Songs) -> None:
    assert evaluation.metrics.keys() == {*METRIC_NAMES, *(f"test_{name}" for name in DIFFERENCES)}
    assert "majority_calibration_slope" not in evaluation.metrics
    metrics = by_ends(evaluation.metrics)
    assert len(metrics) == (3 * 8 - 1 + 3) * 3
    assert metrics["majority_roc_auc"] == metrics["majority_roc_auc_high"] == 0.5
    assert metrics["majority_accuracy"] == pytest.approx(max(test.labels.mean(), 1 - test.labels.mean()))
    assert metrics["test_roc_auc_low"] < metrics["test_roc_auc"] < metrics["test_roc_auc_high"]
    assert 0.7 < metrics["test_roc_auc"] < metrics["logistic_regression_roc_auc"]


def test_the_evaluation_holds_answers_and_curves_and_survives_a_file(evaluation: Evaluation, test: Songs) -> None:
    assert read_evaluation(evaluation.model_dump_json().encode()) == evaluation
    assert list(evaluation.labels) == test.labels.tolist()
    assert evaluation.model == tuple(test.features[:, 2].astype(float))
    assert evaluation.threshold == 0.435
    assert [item.feature for item in evaluation.importances] == list(FEATURES)
    assert evaluation.curves["model"].roc.area == pytest.approx(evaluation.metrics["test_roc_auc"].value)
    baseline = evaluation.metrics["logistic_regression_pr_auc"].value
    assert evaluation.curves["baseline"].precision_recall.area == pytest.approx(baseline)
    assert [counted.threshold for counted in evaluation.confusions] == sorted([*THRESHOLDS, 0.435])
    assert evaluation.confusion(0.435).accuracy == pytest.approx(evaluation.metrics["test_accuracy"].value)


def test_values_are_those_of_scikit_learn() -> None:
    found = metrics(LABELS, PROBABILITY, 0.6)
    assert tuple(found) == CARD_METRICS
    expected = {
        "roc_auc": roc_auc_score(LABELS, PROBABILITY),
        "pr_auc": average_precision_score(LABELS, PROBABILITY),
        "accuracy": accuracy_score(LABELS, PROBABILITY >= 0.6),
        "f1": f1_score(LABELS, PROBABILITY >= 0.6),
        "brier": brier_score_loss(LABELS, PROBABILITY),
        "log_loss": log_loss(LABELS, PROBABILITY),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected)
    assert all(interval.low < interval.value < interval.high for interval in found.values())


def test_differences_are_those_of_the_metrics() -> None:
    other = np.round(PROBABILITY, 1)
    own, others = metrics(LABELS, PROBABILITY, 0.5), metrics(LABELS, other, 0.5)
    found = differences(LABELS, PROBABILITY, other)
    assert tuple(found) == DIFFERENCES
    for name, interval in found.items():
        of = name.removesuffix("_difference")
        assert interval.value == pytest.approx(own[of].value - others[of].value)
        # Of the same songs it is known far better than either.
        assert interval.high - interval.low < own[of].high - own[of].low


def test_the_evaluation_compares_the_model_with_the_logistic_regression(evaluation: Evaluation) -> None:
    for name in ("roc_auc", "brier", "log_loss"):
        model, plain = (evaluation.metrics[f"{whose}_{name}"].value for whose in ("test", "logistic_regression"))
        assert evaluation.metrics[f"test_{name}_difference"].value == pytest.approx(model - plain)


def test_more_songs_give_narrower_intervals() -> None:
    few = metrics(LABELS[:50], PROBABILITY[:50], 0.5)
    many = metrics(np.tile(LABELS, 10), np.tile(PROBABILITY, 10), 0.5)
    for name in CARD_METRICS:
        assert many[name].high - many[name].low < few[name].high - few[name].low


@pytest.mark.parametrize("songs", [20, 40])
def test_of_few_songs_the_interval_covers_and_chance_seldom_passes(songs: int) -> None:
    # Of a plain logistic regression, which is trained in milliseconds; `benchmarks.short_lists` takes the whole search.
    covered, passed, playlists = 0, 0, 80
    more = listener(20_000, 10**6)
    for seed in range(playlists):
        drawn = listener(songs * 3, seed)
        few = drawn.take(np.concatenate([np.flatnonzero(drawn.labels == label)[: songs // 2] for label in (0, 1)]))
        noise = Songs(few.features, np.random.default_rng(seed).permutation(few.labels))
        for known in (few, noise):
            plain = CANDIDATES["logistic_regression"].estimator(0)
            repeats = out_of_fold(plain, known, seed)
            between = float(np.var([roc_auc(known.labels, repeat) for repeat in repeats], ddof=1))
            found = intervals.roc_auc(known.labels, repeats.mean(axis=0), between)
            if known is few:
                true = roc_auc(more.labels, probability_of(fit(plain, few), more.features))
                covered += found.low <= true <= found.high
            else:
                passed += found.low > 0.5
    assert covered >= 0.9 * playlists
    assert passed <= 0.05 * playlists


def test_of_repeats_the_mean_is_evaluated_and_the_interval_widened_by_their_variance() -> None:
    repeats = np.clip(PROBABILITY + random.normal(0, 0.2, (3, 200)), 0, 1)
    found = metrics(LABELS, repeats, 0.6)
    between = float(np.var([roc_auc(LABELS, repeat) for repeat in repeats], ddof=1))
    assert found["roc_auc"] == intervals.roc_auc(LABELS, repeats.mean(axis=0), between)
    assert found["f1"] == metrics(LABELS, repeats.mean(axis=0), 0.6)["f1"]
