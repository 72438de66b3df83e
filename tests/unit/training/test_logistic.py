import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from song_preference.training.logistic import (
    CLIP,
    SLOPE_DEVIATION,
    intercept_at,
    logistic_line,
    logits,
    losses,
    variances,
)
from tests.support.training import answers


def test_losses_are_those_of_each_song() -> None:
    labels, probability, _ = answers(200, seed=1)
    squares, logs = losses(labels, probability)
    assert squares.mean() == pytest.approx(brier_score_loss(labels, probability))
    assert logs.mean() == pytest.approx(log_loss(labels, probability))


def test_what_is_certain_and_wrong_costs_much_but_not_for_ever() -> None:
    squares, logs = losses(np.array([1, 0, 1]), np.array([0.0, 1.0, 1.0]))
    assert squares.tolist() == [1, 1, 0]
    assert logs == pytest.approx([-np.log(CLIP), -np.log(CLIP), 0], abs=2 * CLIP)


def test_logits_of_certain_probabilities_are_finite() -> None:
    assert logits(np.array([0.0, 0.5, 0.9, 1.0])) == pytest.approx([logit(CLIP), 0, logit(0.9), -logit(CLIP)])


def test_of_many_songs_the_line_is_that_of_a_plain_logistic_regression() -> None:
    labels, probability, _ = answers(3000, seed=2)
    values = logit(probability) * 2 + 1
    expected = LogisticRegression(C=np.inf, tol=1e-8).fit(values[:, None], labels)
    found = logistic_line(labels, values)
    assert found == pytest.approx((expected.coef_.item(), expected.intercept_.item()), rel=5e-3)


def test_of_few_songs_the_slope_is_drawn_to_1() -> None:
    labels, values = np.array([0, 1]), np.array([-0.1, 0.1])
    slope, _ = logistic_line(labels, values)
    assert 1 < slope < 1 + SLOPE_DEVIATION
    against, _ = logistic_line(1 - labels, values)
    assert 1 - SLOPE_DEVIATION < against < 1


def test_separated_songs_have_a_finite_slope() -> None:
    slope, intercept = logistic_line(np.repeat([0, 1], 30), np.repeat([-5.0, 5.0], 30))
    assert np.isfinite([slope, intercept]).all()
    assert intercept == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("score", [0.0, 1.96, -1.96])
def test_the_shift_is_where_the_residuals_sum_is_so_many_deviations(score: float) -> None:
    labels, probability, _ = answers(100, seed=3)
    shifted = logit(probability) + intercept_at(labels, logit(probability), score)
    deviation = np.sqrt(np.sum(expit(shifted) * expit(-shifted)))
    assert np.sum(labels - expit(shifted)) == pytest.approx(score * deviation, abs=1e-8)


def test_variances_of_certain_songs_are_not_lost() -> None:
    assert variances(np.array([0.0, 40.0, -40.0])) == pytest.approx([0.25, np.exp(-40), np.exp(-40)])
