"""What is read of an `evaluation.json`, whichever version wrote it."""

import json

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from song_preference.evaluation import MAX_POINTS, THRESHOLDS, Bin, Confusion, Curves, Evaluation, read_evaluation

OLD = (
    b'{"labels":[1,1,0,1,0],"model":[0.9,0.8,0.7,0.3,0.1],"baseline":[0.5,0.5,0.5,0.5,0.5],"threshold":0.375,'
    b'"importances":[{"feature":"energy","mean":0.1,"std":0.02}]}'
)
"""As version 0.1 wrote it."""


def test_a_file_of_version_0_1_is_completed() -> None:
    found = read_evaluation(OLD)
    assert list(found.labels) == [1, 1, 0, 1, 0]
    assert (found.threshold, found.metrics) == (0.375, {})
    assert [counted.threshold for counted in found.confusions] == sorted([*THRESHOLDS, 0.375])
    roc, precision_recall = found.curves["model"].roc, found.curves["model"].precision_recall
    assert list(roc.x) == [0, 0, 0, 0.5, 0.5, 1]
    assert roc.y == pytest.approx((0, 1 / 3, 2 / 3, 2 / 3, 1, 1))
    assert precision_recall.y == pytest.approx((1, 1, 2 / 3, 3 / 4, 3 / 5))
    # Songs of the same probability are one point.
    tied = found.curves["baseline"].roc
    assert (list(tied.x), list(tied.y), tied.area) == ([0, 1], [0, 1], 0.5)
    assert found.confusion(0.7) == Confusion(
        threshold=0.7, true_positives=2, false_positives=1, false_negatives=1, true_negatives=1
    )


def test_the_curves_of_five_songs() -> None:
    found = Curves.of(np.array([1, 1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.3, 0.1]))
    assert list(found.roc.x) == [0, 0, 0, 0.5, 0.5, 1]
    assert found.roc.y == pytest.approx((0, 1 / 3, 2 / 3, 2 / 3, 1, 1))
    assert found.roc.area == pytest.approx(5 / 6)
    assert found.precision_recall.x == pytest.approx((1 / 3, 2 / 3, 2 / 3, 1, 1))
    assert found.precision_recall.y == pytest.approx((1, 1, 2 / 3, 3 / 4, 3 / 5))


def test_the_curves_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    # With many ties.
    probability = random.random(3000).round(2)
    labels = (random.random(3000) < probability).astype(np.int64)
    found = Curves.of(labels, probability)
    false_positive_rate, true_positive_rate, _ = roc_curve(labels, probability, drop_intermediate=False)
    np.testing.assert_allclose((found.roc.x, found.roc.y), (false_positive_rate, true_positive_rate))
    # It begins at the lowest threshold, and adds a last point without songs.
    precision, recall, _ = precision_recall_curve(labels, probability)
    stored = found.precision_recall
    np.testing.assert_allclose((stored.x, stored.y), (recall[-2::-1], precision[-2::-1]))


def test_long_curves_are_thinned_and_keep_their_ends_and_areas() -> None:
    random = np.random.default_rng(3)
    probability = random.random(2000)
    labels = (random.random(2000) < probability).astype(np.int64)
    found = Curves.of(labels, probability)
    roc, precision_recall = found.roc, found.precision_recall
    assert len(roc.x) == len(precision_recall.x) == MAX_POINTS
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert precision_recall.x[-1] == 1
    assert roc.area == pytest.approx(roc_auc_score(labels, probability))
    assert precision_recall.area == pytest.approx(average_precision_score(labels, probability))


def test_a_bin_holds_its_lower_edge_and_the_last_one_both() -> None:
    *first, last = Curves.of(np.array([0, 1, 1, 0, 1]), np.array([0.0, 0.1, 0.95, 0.9, 1.0])).calibration
    assert first == [Bin(low=0, songs=1, probability=0, liked=0), Bin(low=0.1, songs=1, probability=0.1, liked=1)]
    assert (last.low, last.songs) == (0.9, 3)
    assert (last.probability, last.liked) == pytest.approx((0.95, 2 / 3))


def test_a_threshold_is_the_least_probability_that_is_recommended() -> None:
    labels, probability = np.array([1, 1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.3, 0.1])
    found = Confusion.of(labels, probability, 0.7)
    assert found == Confusion(threshold=0.7, true_positives=2, false_positives=1, false_negatives=1, true_negatives=1)
    assert confusion_matrix(labels, probability >= 0.7).tolist() == [
        [found.true_negatives, found.false_positives],
        [found.false_negatives, found.true_positives],
    ]
    assert (found.recommended, found.liked, found.songs) == (3, 3, 5)
    assert (found.precision, found.recall, found.accuracy) == (2 / 3, 2 / 3, 3 / 5)
    assert found.f1 == pytest.approx(2 / 3)
    nothing = Confusion.of(labels, probability, 1)
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, 0, 0)


@pytest.mark.parametrize("change", [{"model": (0.5,)}, {"labels": (1, 1)}, {"labels": (1, 2)}])
def test_an_evaluation_of_other_songs_or_one_class_is_rejected(change: dict[str, object]) -> None:
    whole = dict(read_evaluation(OLD))
    assert Evaluation.model_validate(whole) == read_evaluation(OLD)
    with pytest.raises(ValidationError):
        Evaluation.model_validate(whole | change)
    with pytest.raises(ValidationError):
        read_evaluation(json.dumps(json.loads(OLD) | change).encode())
