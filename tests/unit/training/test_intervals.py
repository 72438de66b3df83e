"""Values and intervals of metrics, against published and slowly computed ones, and how often the intervals cover."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit, ndtr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, log_loss

from song_preference.evaluation import Interval
from song_preference.training import intervals
from song_preference.training.data import Labels, Probabilities
from song_preference.training.evaluate import differences, metrics
from song_preference.training.logistic import losses
from tests.support.training import answers

Z = 1.959964
SONGS, LIKES = 263, 81
NEWCOMBE = (0.2553, 0.3662)
"""Wilson's interval of 81 of 263, from table I of Newcombe (1998)."""


def every(labels: Labels, probability: Probabilities, other: Probabilities) -> dict[str, Interval]:
    return metrics(labels, probability, 0.5) | differences(labels, probability, other)


def of_all_pairs(labels: Labels, probability: Probabilities) -> np.ndarray:
    """The kernel of DeLong et al. for each like and each dislike."""
    liked, disliked = probability[labels == 1], probability[labels == 0]
    return np.array([[float(a > b) + (a == b) / 2 for b in disliked] for a in liked])


def delong_variance(kernel: np.ndarray) -> float:
    """The structural components, summed as in the paper."""
    area, (likes, dislikes) = kernel.mean(), kernel.shape
    of_likes = sum((row.mean() - area) ** 2 for row in kernel) / (likes - 1)
    of_dislikes = sum((column.mean() - area) ** 2 for column in kernel.T) / (dislikes - 1)
    return float(of_likes / likes + of_dislikes / dislikes)


def test_the_roc_auc_of_hanley_and_mcneil() -> None:
    # Ratings of 58 normal and 51 abnormal images, table I of their paper: area 0.893, standard error 0.032.
    normal, abnormal = np.repeat(np.arange(5), (33, 6, 6, 11, 2)), np.repeat(np.arange(5), (3, 2, 2, 11, 33))
    labels = np.repeat([0, 1], (len(normal), len(abnormal)))
    found = intervals.roc_auc(labels, np.concatenate([normal, abnormal]) / 4)
    assert found.value == pytest.approx(0.893, abs=5e-4)
    error = (logit(found.high) - logit(found.low)) / (2 * Z) * found.value * (1 - found.value)
    assert error == pytest.approx(0.032, abs=1e-3)


def test_the_roc_auc_has_the_larger_of_both_variances() -> None:
    labels, probability, _ = answers(80, seed=4)
    # Scores of which a few likes come last, so that DeLong's variance is the larger one.
    probability[np.flatnonzero(labels == 1)[:9]] = 0
    kernel = of_all_pairs(labels, probability)
    area, deviation = kernel.mean(), np.sqrt(delong_variance(kernel))
    low, high = expit(logit(area) + np.array([-Z, Z]) * deviation / (area * (1 - area)))
    assert intervals.roc_auc(labels, probability) == pytest.approx((area, low, high), abs=1e-6)


def test_separated_songs_have_the_variance_of_hanley_and_mcneil() -> None:
    likes, dislikes = 5, 40
    area = 1 - 0.5 / likes
    of_two_likes, of_two_dislikes = area / (2 - area), 2 * area**2 / (1 + area)
    pairs = (likes - 1) * (of_two_likes - area**2) + (dislikes - 1) * (of_two_dislikes - area**2)
    deviation = np.sqrt((area * (1 - area) + pairs) / (likes * dislikes))
    labels = np.repeat([0, 1], [dislikes, likes])
    found = intervals.roc_auc(labels, np.linspace(0, 1, len(labels)))
    assert found == pytest.approx((1, expit(logit(area) - Z * deviation / (area * (1 - area))), 1), abs=1e-6)


@pytest.mark.parametrize("swapped", [0, 1, 2])
def test_songs_that_are_nearly_separated_have_a_narrow_interval(swapped: int) -> None:
    labels, probability = np.repeat([0, 1], [45, 45]), np.linspace(0, 1, 90)
    labels[44 - swapped], labels[45] = labels[45], labels[44 - swapped]
    found = intervals.roc_auc(labels, probability)
    assert found.value > 0.998
    assert (found.low > 0.92, found.high) == (True, 1)


def test_the_difference_of_areas_is_paired() -> None:
    labels, model, other = answers(50, seed=5)
    kernel = of_all_pairs(labels, model) - of_all_pairs(labels, other)
    half = Z * np.sqrt(delong_variance(kernel))
    expected = kernel.mean() + np.array([0, -half, half])
    assert intervals.roc_auc_difference(labels, model, other) == pytest.approx(tuple(expected), abs=1e-6)


def test_proportions_have_the_interval_that_newcombe_published() -> None:
    labels = (np.arange(SONGS) < LIKES).astype(np.int64)
    accuracy = intervals.accuracy(labels, np.ones(SONGS), 0.5)
    assert accuracy == pytest.approx((LIKES / SONGS, *NEWCOMBE), abs=5e-5)
    assert intervals.accuracy(labels, labels.astype(float), 0.5)[1:] == pytest.approx((0.9856, 1), abs=5e-5)
    assert intervals.accuracy(np.repeat([1, 0], 10), np.repeat([0.0, 1.0], 10), 0.5) == pytest.approx(
        (0, 0, 0.1611), abs=5e-5
    )
    # Of the songs that are liked or labelled so, which are all, 81 are both.
    low, high = (2 * share / (1 + share) for share in NEWCOMBE)
    assert intervals.f1(labels, np.ones(SONGS), 0.5) == pytest.approx(
        (f1_score(labels, np.ones(SONGS)), low, high), abs=1e-4
    )


def test_average_precision_is_that_of_scikit_learn_with_a_logit_interval() -> None:
    labels, probability, _ = answers(60, seed=6)
    probability = probability.round(1)
    found, likes = intervals.pr_auc(labels, probability), labels.sum()
    value = average_precision_score(labels, probability)
    half = Z / np.sqrt(likes * value * (1 - value))
    assert found == pytest.approx((value, *expit(logit(value) + np.array([-half, half]))), abs=1e-6)


def test_losses_are_those_of_scikit_learn_and_nearly_normal_for_many_songs() -> None:
    labels, probability, _ = answers(3000, seed=7)
    of_songs = losses(labels, probability)
    found = intervals.bootstrap_means(of_songs)
    expected = (brier_score_loss(labels, probability), log_loss(labels, probability))
    for loss, interval, value in zip(of_songs, found, expected, strict=True):
        half = Z * loss.std() / np.sqrt(len(labels))
        assert interval == pytest.approx((value, value - half, value + half), rel=0.01)


def test_the_bootstrap_draws_the_same_songs_for_all() -> None:
    labels, model, other = answers(40, seed=8)
    of_model, of_other = losses(labels, model), losses(labels, other)
    together = intervals.bootstrap_means(np.concatenate([of_model, of_other]))
    assert together == intervals.bootstrap_means(of_model) + intervals.bootstrap_means(of_other)
    assert all(difference == (0, 0, 0) for difference in intervals.bootstrap_means(of_model - of_model))


def test_slope_and_intercept_are_those_of_a_logistic_regression() -> None:
    labels, probability, _ = answers(3000, seed=9)
    logits = logit(probability)
    regression = LogisticRegression(C=np.inf, tol=1e-8).fit(logits[:, None], labels)
    chances = regression.predict_proba(logits[:, None])[:, 1]
    design = np.column_stack([np.ones_like(logits), logits])
    covariance = np.linalg.inv(design.T @ (design * (chances * (1 - chances))[:, None]))
    slope, half = regression.coef_.item(), Z * np.sqrt(covariance[1, 1])
    found = intervals.calibration_slope(labels, probability)
    assert found == pytest.approx((slope, slope - half, slope + half), rel=2e-3)


def test_with_the_intercept_added_too_sure_probabilities_sum_up_to_the_likes() -> None:
    labels, probability, _ = answers(3000, seed=9)
    logits = 2 * logit(probability)
    found = intervals.calibration_intercept(labels, expit(logits))
    added = expit(logits + found.value)
    assert added.sum() == pytest.approx(labels.sum())
    # By the residuals, which vary more than the probabilities say.
    half = Z * np.sqrt(np.sum((labels - added) ** 2)) / np.sum(added * (1 - added))
    assert found == pytest.approx((found.value, found.value - half, found.value + half), abs=0.02 * half)


def test_the_intercept_of_a_constant_probability_is_a_proportion() -> None:
    labels = (np.arange(SONGS) < LIKES).astype(np.int64)
    expected = logit(np.array([LIKES / SONGS, *NEWCOMBE]))
    assert intervals.calibration_intercept(labels, np.full(SONGS, 0.5)) == pytest.approx(tuple(expected), abs=5e-4)
    shifted = intervals.calibration_intercept(labels, np.full(SONGS, expit(1)))
    assert shifted == pytest.approx(tuple(expected - 1), abs=5e-4)


@pytest.mark.parametrize(("factor", "shift"), [(2, 0), (0.5, 0), (1, 0.7)])
def test_extreme_and_shifted_probabilities_show_in_slope_and_intercept(factor: float, shift: float) -> None:
    labels, probability, _ = answers(400, seed=10)
    changed = expit(factor * logit(probability) + shift)
    slope, before = (intervals.calibration_slope(labels, each).value for each in (changed, probability))
    assert slope == pytest.approx(before / factor, rel=0.02)
    if factor == 1:
        moved, whole = (intervals.calibration_intercept(labels, each) for each in (changed, probability))
        assert moved == pytest.approx(tuple(end - shift for end in whole), abs=1e-6)


PERFECT = np.repeat([0, 1], 30)
DEGENERATE = {
    "separated": (PERFECT, np.linspace(0, 1, 60)),
    "certain": (PERFECT, PERFECT.astype(float)),
    "certain and wrong": (PERFECT, 1.0 - PERFECT),
    "constant": (PERFECT, np.full(60, 0.4)),
    "constant and certain": (PERFECT, np.ones(60)),
    "almost constant": (PERFECT, 0.5 + 1e-12 * np.arange(60)),
    "three of a class": (np.repeat([0, 1], [3, 30]), np.linspace(0.9, 0.1, 33)),
    "one of a class": (np.repeat([0, 1], [1, 30]), np.linspace(0.2, 0.9, 31)),
    "two songs": (np.array([0, 1]), np.array([0.0, 1.0])),
}


@pytest.mark.parametrize(("labels", "probability"), DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.filterwarnings("error")
def test_degenerate_answers_have_finite_intervals(labels: Labels, probability: Probabilities) -> None:
    for name, found in every(labels, probability, np.linspace(0.3, 0.6, len(labels))).items():
        assert np.isfinite(found).all(), name
        assert found.low - 1e-9 <= found.value <= found.high + 1e-9, name
        assert all(type(number) is float for number in found), name


def test_a_perfect_model_has_an_interval_nevertheless() -> None:
    labels, probability = DEGENERATE["certain"]
    found = every(labels, probability, probability)
    assert [found[name].value for name in ("roc_auc", "pr_auc", "accuracy", "f1", "brier")] == [1, 1, 1, 1, 0]
    assert all(found[name].low < found[name].high == 1 for name in ("roc_auc", "pr_auc", "accuracy", "f1"))
    assert found["calibration_slope"].low < 1 < found["calibration_slope"].high
    assert found["calibration_intercept"].low < 0 < found["calibration_intercept"].high
    assert found["roc_auc_difference"] == (0, 0, 0)


def test_a_constant_probability_says_nothing_of_order_and_slope() -> None:
    labels, probability = DEGENERATE["constant"]
    assert intervals.roc_auc(labels, probability) == (0.5, 0.5, 0.5)
    assert intervals.calibration_slope(labels, probability) == pytest.approx((1, 1 - 2 * Z, 1 + 2 * Z))


@st.composite
def songs(draw: st.DrawFn) -> tuple[Labels, Probabilities, Probabilities]:
    labels = [0, 1, *draw(st.lists(st.integers(0, 1), max_size=30))]
    chances = st.lists(st.integers(0, 20), min_size=len(labels), max_size=len(labels))
    return np.array(labels), np.array(draw(chances)) / 20, np.array(draw(chances)) / 20


@settings(max_examples=60, deadline=None)
@given(songs(), st.randoms(use_true_random=False))
def test_intervals_hold_their_value_whatever_the_songs_and_their_order(
    drawn: tuple[Labels, Probabilities, Probabilities], random: np.random.Generator
) -> None:
    labels, model, other = drawn
    for name, found in every(labels, model, other).items():
        assert np.isfinite(found).all(), name
        assert found.low - 1e-9 <= found.value <= found.high + 1e-9, name
    order = list(range(len(labels)))
    random.shuffle(order)
    for metric in (intervals.roc_auc, intervals.pr_auc, intervals.calibration_slope, intervals.calibration_intercept):
        assert metric(labels[order], model[order]) == pytest.approx(metric(labels, model), abs=1e-6)


@given(songs())
def test_areas_depend_on_the_order_alone_and_differences_on_the_direction(
    drawn: tuple[Labels, Probabilities, Probabilities],
) -> None:
    labels, model, other = drawn
    for metric in (intervals.roc_auc, intervals.pr_auc):
        assert metric(labels, model) == metric(labels, model**3 / 2)
    value, low, high = intervals.roc_auc_difference(labels, model, other)
    assert intervals.roc_auc_difference(labels, other, model) == pytest.approx((-value, -high, -low))
    areas = [intervals.roc_auc(labels, each).value for each in (model, other)]
    assert value == pytest.approx(areas[0] - areas[1])


def playlists(songs: int, count: int, separation: float) -> Iterator[tuple[Labels, Probabilities]]:
    """Songs of which about 60 % are liked, with normal scores."""
    random = np.random.default_rng(songs)
    while count:
        labels = (random.random(songs) < 0.6).astype(np.int64)
        if 0 < labels.sum() < songs:
            yield labels, expit(random.normal(labels * separation))
            count -= 1


@pytest.mark.parametrize("separation", [0.7, 1.8])
@pytest.mark.parametrize("size", [221, 60, 30])
def test_intervals_of_the_roc_auc_cover_it(size: int, separation: float) -> None:
    area = ndtr(separation / np.sqrt(2))
    found = [intervals.roc_auc(*drawn) for drawn in playlists(size, 1000, separation)]
    assert np.mean([each.low <= area <= each.high for each in found]) >= 0.93


def test_intervals_of_the_other_metrics_cover_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 300)
    truth = every(*answers(20_000, seed=0))
    covered = [
        [found.low <= truth[name].value <= found.high for name, found in every(*answers(60, seed)).items()]
        for seed in range(1, 201)
    ]
    shares = dict(zip(truth, np.mean(covered, axis=0), strict=True))
    assert {name: share for name, share in shares.items() if share < 0.91} == {}
