import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from song_preference.training.cross_validation import (
    FOLDS,
    REPEATS,
    calibrate,
    corrected_error,
    folds,
    out_of_fold,
)
from song_preference.training.data import Probabilities, Songs
from song_preference.training.logistic import losses
from tests.support.training import answers, listener


def test_each_repeat_leaves_each_song_out_once_in_other_company() -> None:
    songs = listener(60, 1)
    left_out = [part for _, part in folds(songs, 3)]
    repeats = [left_out[at : at + FOLDS] for at in range(0, len(left_out), FOLDS)]
    assert len(repeats) == REPEATS
    for repeat in repeats:
        assert sorted(np.concatenate(repeat)) == list(range(60))
        assert {int(songs.labels[part].sum()) for part in repeat} <= {
            songs.labels.sum() // 5,
            songs.labels.sum() // 5 + 1,
        }
    assert set(map(tuple, repeats[0])) & set(map(tuple, repeats[1])) == set()


def test_a_song_is_predicted_by_those_that_do_not_know_it() -> None:
    songs = listener(60, 1)

    class Memory:
        """Gives songs that it knows probability 1."""

        def fit(self, features: object, _: object) -> None:
            self.known = {tuple(row) for row in np.asarray(features)}

        def predict_proba(self, features: object) -> object:
            return np.array([[0, float(tuple(row) in self.known)] for row in np.asarray(features)])

    probability = out_of_fold(Memory(), songs, 0)
    assert probability.shape == (REPEATS, 60)
    assert not probability.any()


def test_the_error_allows_for_the_songs_that_folds_share() -> None:
    values = np.array([0.1, 0.3, 0.2, 0.4, 0.5])
    usual = np.std(values, ddof=1) / np.sqrt(5)
    assert corrected_error(values) == pytest.approx(usual * np.sqrt(1 + 5 / 4))


def stacked(probability: Probabilities) -> Probabilities:
    return np.tile(probability, (REPEATS, 1))


def test_too_sure_probabilities_are_calibrated() -> None:
    labels, probability, _ = answers(400, 1)
    songs = Songs(np.zeros((400, 4), dtype=np.float32), labels)
    too_sure = expit(2 * logit(probability) + 0.5)
    line, calibrated = calibrate(songs, stacked(too_sure), 0)
    assert line is not None
    # An independent fit of the same line, of which the weak prior moves the last digits.
    found = LogisticRegression(C=1e6).fit(logit(too_sure)[:, None], labels)
    assert line == pytest.approx((found.coef_[0, 0], found.intercept_[0]), abs=0.01)
    for better in (line.of(too_sure), calibrated[2]):
        assert losses(labels, better)[1].mean() < losses(labels, too_sure)[1].mean() - 0.02
    # Each fold by a line of its own.
    np.testing.assert_allclose(calibrated[2], line.of(too_sure), atol=0.1)
    assert (calibrated[2] != line.of(too_sure)).all()


def test_good_probabilities_stay_as_they_are() -> None:
    kept = 0
    for seed in range(20):
        labels, probability, _ = answers(200, seed)
        line, calibrated = calibrate(Songs(np.zeros((200, 4), dtype=np.float32), labels), stacked(probability), seed)
        kept += line is None and bool((calibrated == probability).all())
    assert kept > 10
