"""What is read of an `evaluation.json`, whichever version wrote it."""

import json

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import confusion_matrix

from song_preference.evaluation import THRESHOLDS, Answers, Confusion, Evaluation, read_evaluation
from song_preference.training.evaluate import curves

OLD = (
    b'{"labels":[1,1,0,1,0],"model":[0.9,0.8,0.7,0.3,0.1],"baseline":[0.5,0.5,0.5,0.5,0.5],"threshold":0.375,'
    b'"importances":[{"feature":"energy","mean":0.1,"std":0.02}]}'
)
"""As version 0.1 wrote it."""


def test_a_file_of_version_0_1_is_completed() -> None:
    found = read_evaluation(OLD)
    assert list(found.labels) == [1, 1, 0, 1, 0]
    assert (found.threshold, found.metrics) == (0.375, {})
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


def test_a_file_of_version_0_1_shows_what_training_computes() -> None:
    random = np.random.default_rng(0)
    # With many ties, and more points than are stored.
    model, baseline = random.random(3000).round(3), random.random(3000)
    labels = (random.random(3000) < model).astype(np.int64)
    answers = Answers.model_validate(
        {"labels": labels.tolist(), "model": model.tolist(), "baseline": baseline.tolist(), "threshold": 0.435}
        | {"importances": ()}
    )
    found = read_evaluation(answers.model_dump_json().encode())
    assert [counted.threshold for counted in found.confusions] == sorted([*THRESHOLDS, 0.435])
    for name, probability in (("model", model), ("baseline", baseline)):
        expected, actual = curves(labels, probability), found.model_dump()["curves"][name]
        assert actual["calibration"] == expected.model_dump()["calibration"]
        for curve in ("roc", "precision_recall"):
            for values in ("x", "y", "area"):
                np.testing.assert_allclose(actual[curve][values], expected.model_dump()[curve][values], atol=1e-12)


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
