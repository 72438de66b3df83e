import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, brier_score_loss, f1_score, roc_auc_score

from song_preference.evaluation import (
    CALIBRATION_BINS,
    MAX_POINTS,
    THRESHOLDS,
    Bin,
    Evaluation,
    read_evaluation,
)
from song_preference.features import FEATURES
from song_preference.training.data import Songs
from song_preference.training.evaluate import curves, expected_calibration_error, intervals, mlflow_metrics

random = np.random.default_rng(3)
LABELS = (random.random(200) < 0.6).astype(np.int64)
PROBABILITY = np.clip(LABELS * 0.3 + random.random(200) * 0.7, 0, 1)


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("song_preference.training.evaluate.RESAMPLES", 50)


def test_the_model_stands_beside_the_majority_and_a_logistic_regression(evaluation: Evaluation, test: Songs) -> None:
    metrics = mlflow_metrics(evaluation.metrics)
    assert len(metrics) == 3 * 6 * 3
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
    assert evaluation.curves["model"].roc.area == evaluation.metrics["test_roc_auc"].value
    baseline = evaluation.metrics["logistic_regression_pr_auc"].value
    assert evaluation.curves["baseline"].precision_recall.area == baseline
    assert [counted.threshold for counted in evaluation.confusions] == sorted([*THRESHOLDS, 0.435])
    assert evaluation.confusion(0.435).accuracy == pytest.approx(evaluation.metrics["test_accuracy"].value)


def test_the_curves_of_five_songs() -> None:
    found = curves(np.array([1, 1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.3, 0.1]))
    assert list(found.roc.x) == [0, 0, 0, 0.5, 0.5, 1]
    assert found.roc.y == pytest.approx((0, 1 / 3, 2 / 3, 2 / 3, 1, 1))
    assert found.roc.area == pytest.approx(5 / 6)
    assert found.precision_recall.x == pytest.approx((1 / 3, 2 / 3, 2 / 3, 1, 1))
    assert found.precision_recall.y == pytest.approx((1, 1, 2 / 3, 3 / 4, 3 / 5))


def test_long_curves_are_thinned_and_keep_their_ends_and_areas() -> None:
    labels, probability = np.tile(LABELS, 10), np.tile(PROBABILITY, 10) + np.arange(2000) * 1e-9
    found = curves(labels, probability)
    roc, precision_recall = found.roc, found.precision_recall
    assert len(roc.x) == len(precision_recall.x) == MAX_POINTS
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert precision_recall.x[-1] == 1
    assert roc.area == pytest.approx(roc_auc_score(labels, probability))
    assert precision_recall.area == pytest.approx(average_precision_score(labels, probability))


def test_a_bin_holds_its_lower_edge_and_the_last_one_both() -> None:
    *first, last = curves(np.array([0, 1, 1, 0, 1]), np.array([0.0, 0.1, 0.95, 0.9, 1.0])).calibration
    assert first == [Bin(low=0, songs=1, probability=0, liked=0), Bin(low=0.1, songs=1, probability=0.1, liked=1)]
    assert (last.low, last.songs) == (0.9, 3)
    assert (last.probability, last.liked) == pytest.approx((0.95, 2 / 3))


def test_the_bins_of_the_curve_are_those_of_the_calibration_error() -> None:
    bins = curves(LABELS, PROBABILITY).calibration
    assert 1 < len(bins) <= CALIBRATION_BINS
    error = sum(each.songs * abs(each.probability - each.liked) for each in bins) / len(LABELS)
    assert error == pytest.approx(expected_calibration_error(LABELS, PROBABILITY))


def test_every_value_lies_in_its_interval() -> None:
    found = intervals(LABELS, PROBABILITY, 0.5, seed=0)
    assert set(found) == {"accuracy", "f1", "roc_auc", "pr_auc", "brier", "calibration_error"}
    for name in ("accuracy", "f1", "roc_auc", "pr_auc", "brier"):
        assert found[name].low < found[name].value < found[name].high


def test_values_are_those_of_scikit_learn() -> None:
    found = intervals(LABELS, PROBABILITY, 0.5, seed=0)
    assert {name: found[name].value for name in ("accuracy", "f1", "brier", "roc_auc", "pr_auc")} == pytest.approx(
        {
            "accuracy": accuracy_score(LABELS, PROBABILITY >= 0.5),
            "f1": f1_score(LABELS, PROBABILITY >= 0.5),
            "brier": brier_score_loss(LABELS, PROBABILITY),
            "roc_auc": roc_auc_score(LABELS, PROBABILITY),
            "pr_auc": average_precision_score(LABELS, PROBABILITY),
        }
    )


def test_the_same_seed_gives_the_same_intervals() -> None:
    assert intervals(LABELS, PROBABILITY, 0.5, seed=1) == intervals(LABELS, PROBABILITY, 0.5, seed=1)
    assert intervals(LABELS, PROBABILITY, 0.5, seed=1) != intervals(LABELS, PROBABILITY, 0.5, seed=2)


def test_more_songs_give_narrower_intervals() -> None:
    few = intervals(LABELS[:50], PROBABILITY[:50], 0.5, seed=0)["roc_auc"]
    many = intervals(np.tile(LABELS, 10), np.tile(PROBABILITY, 10), 0.5, seed=0)["roc_auc"]
    assert many.high - many.low < few.high - few.low


def test_a_perfect_model_is_told_so() -> None:
    found = intervals(LABELS, LABELS.astype(float), 0.5, seed=0)
    for name, best in {"accuracy": 1, "f1": 1, "roc_auc": 1, "pr_auc": 1, "brier": 0, "calibration_error": 0}.items():
        assert tuple(found[name]) == (best, best, best)


@pytest.mark.parametrize(
    ("probability", "likes", "error"),
    [([0.8] * 10, 8, 0.0), ([0.8] * 10, 5, 0.3), ([1.0] * 10, 5, 0.5), ([0.05] * 5 + [0.95] * 5, 5, 0.05)],
)
def test_calibration_error_by_hand(probability: list[float], likes: int, error: float) -> None:
    labels = np.array([0] * (10 - likes) + [1] * likes, dtype=np.int64)
    assert expected_calibration_error(labels, np.array(probability)) == pytest.approx(error)
