import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from song_preference.training.choose import decision_threshold


@pytest.mark.parametrize(
    ("labels", "probability", "expected"),
    [
        ([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.9], 0.5),  # 0.5 separates them
        ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], 0.25),  # between the classes, not on a song
        ([0, 0, 1, 1], [0.7, 0.8, 0.9, 1.0], 0.85),
        ([0, 1, 0, 1], [0.3, 0.3, 0.3, 0.3], 0.5),  # nothing to choose by
    ],
)
def test_by_hand(labels: list[int], probability: list[float], expected: float) -> None:
    assert decision_threshold(np.array(labels), np.array(probability)) == pytest.approx(expected)


def test_what_chance_explains_stays_at_a_half() -> None:
    # Likes every second song below, all above, but for one at 0.51: by that one song 0.52 is better.
    probability = np.array([0.1, 0.2, 0.3, 0.4, 0.51, 0.6, 0.7, 0.8, 0.9])
    labels = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1])
    better = balanced_accuracy_score(labels, probability >= 0.52)
    assert better > balanced_accuracy_score(labels, probability >= 0.5)
    # Its standard error is sqrt(0.8 * 0.2 / 5) / 2 = 0.089: a lead of 0.125 is more, one of 0.05 is not.
    assert decision_threshold(labels, probability) == pytest.approx(0.555)
    # The same songs again tell no more about chance.
    assert decision_threshold(labels, np.tile(probability, (3, 1))) == pytest.approx(0.555)
    more = np.concatenate([np.repeat(labels[:4], 3), labels[4:5], np.repeat(labels[5:], 3)])
    assert decision_threshold(more, np.repeat(probability, [3, 3, 3, 3, 1, 3, 3, 3, 3])) == 0.5


def test_a_listener_who_likes_nearly_everything_still_gets_dislikes() -> None:
    random = np.random.default_rng(0)
    labels = np.array([0] * 30 + [1] * 570)
    probability = np.clip(np.where(labels == 1, 0.96, 0.8) + random.normal(0, 0.05, 600), 0, 1)
    threshold = decision_threshold(labels, probability)
    assert threshold > 0.8
    assert balanced_accuracy_score(labels, probability >= threshold) > 0.85


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2).filter(
        lambda rows: len({r[0] for r in rows}) == 2
    )
)
def test_the_threshold_is_a_half_or_lies_between_songs_and_serves_no_worse_than_a_half(
    rows: list[tuple[bool, int]],
) -> None:
    labels = np.array([int(liked) for liked, _ in rows])
    probability = np.array([share / 20 for _, share in rows])
    threshold = decision_threshold(labels, probability)
    assert threshold == 0.5 or threshold not in probability
    found = balanced_accuracy_score(labels, probability >= threshold)
    assert found >= balanced_accuracy_score(labels, probability >= 0.5) - 1e-9
