import math
import time

import numpy as np
import pytest

from song_preference.errors import DatasetNotFound
from song_preference.training.compare import (
    Comparison,
    Overlap,
    compare,
    overlap,
    paired_bootstrap,
    pooled,
    unseen_songs,
)
from song_preference.training.data import Features, Predict, Probabilities, Songs
from song_preference.training.evaluate import roc_auc
from tests.support.training import MemoryDatasets, answers, likes_to_dance, listener


def guesses(features: Features) -> Probabilities:
    return features[:, 0].astype(np.float64)


def test_a_model_is_never_worse_than_itself(test: Songs) -> None:
    probability = likes_to_dance(test.features)
    assert paired_bootstrap(test.labels, probability, probability, tolerance=0.0) == 0.0


def test_one_that_guesses_is_worse_than_one_that_knows(test: Songs) -> None:
    knows, guess = likes_to_dance(test.features), guesses(test.features)
    assert paired_bootstrap(test.labels, guess, knows, tolerance=0.02) > 0.99
    assert paired_bootstrap(test.labels, knows, guess, tolerance=0.02) == 0.0
    assert paired_bootstrap(test.labels, guess, knows, tolerance=1.0) == 0.0


def test_the_share_is_that_of_songs_drawn_one_by_one() -> None:
    labels, own, others = answers(60, 3)
    own, others = own.round(1), others.round(1)
    random = np.random.default_rng(5)
    classes = [np.flatnonzero(labels == label) for label in (0, 1)]
    leads = []
    for _ in range(1000):
        drawn = np.concatenate([random.choice(members, len(members)) for members in classes])
        leads.append(roc_auc(labels[drawn], own[drawn]) - roc_auc(labels[drawn], others[drawn]))
    tolerance = float(np.median(leads))
    assert paired_bootstrap(labels, others, own, tolerance) == pytest.approx(0.5, abs=0.06)


def test_40000_songs_are_compared_within_seconds() -> None:
    labels, own, others = answers(40_000, 3)
    began = time.process_time()
    paired_bootstrap(labels, own, others, 0.02)
    assert time.process_time() - began < 4


def test_only_songs_that_neither_was_trained_on_are_compared(train: Songs, test: Songs) -> None:
    known, other = listener(50, 9), listener(80, 8)
    datasets = MemoryDatasets(new=(train, pooled([test, known])), old=(known, pooled([train, other, test])))
    new, old = unseen_songs(datasets, "new", "old")
    np.testing.assert_array_equal(new.features, test.features)
    np.testing.assert_array_equal(old.features, pooled([other, test]).features)
    np.testing.assert_array_equal(pooled([new, old]).features, pooled([test, other]).features)
    [alone] = unseen_songs(datasets, "new", "new")
    assert len(alone.labels) == 150
    with pytest.raises(DatasetNotFound):
        unseen_songs(datasets, "new", "gone")


def test_songs_of_several_tables_keep_their_keys_if_all_have_them(test: Songs) -> None:
    some = Songs(test.features[:60], test.labels[:60], np.arange(60).astype(str).astype(object))
    more = Songs(test.features[40:] + np.float32(1e-4), test.labels[40:], np.arange(40, 100).astype(str).astype(object))
    both = pooled([some, more])
    assert both.keys is not None
    assert both.keys.tolist() == [str(number) for number in range(100)]
    assert pooled([some, test]).keys is None


def test_songs_are_shared_by_features_whatever_table_they_are_in(train: Songs, test: Songs) -> None:
    grown = (pooled([train, listener(400, 7)]), test)
    datasets = MemoryDatasets(old=(test, train.take(np.arange(100))), grown=grown, other=(listener(40, 5), test))
    assert overlap(datasets, "grown", "old") == overlap(datasets, "old", "grown") == Overlap(200, 200)
    assert overlap(datasets, "old", "other") == Overlap(100, 140)
    with pytest.raises(DatasetNotFound):
        overlap(datasets, "old", "gone")


@pytest.mark.parametrize(("songs", "is_not_inferior"), [(100, False), (16, True)])
def test_one_table_of_enough_songs_is_a_veto(songs: int, *, is_not_inferior: bool) -> None:
    large, small = listener(600, 1), listener(songs, 2)

    def knows_one_table(features: Features) -> Probabilities:
        return likes_to_dance(features) if len(features) != songs else guesses(features)

    found = compare([large, small], knows_one_table, likes_to_dance)
    assert found.songs == 600 + songs
    assert found.share_worse == 0
    assert found.is_not_inferior is is_not_inferior


@pytest.mark.parametrize(("wrong_pairs", "is_not_inferior"), [(5, True), (6, False)])
def test_a_loss_of_exactly_the_tolerance_on_one_table_is_no_veto(wrong_pairs: int, *, is_not_inferior: bool) -> None:
    large, labels = listener(600, 1), np.repeat([1, 0], 10)
    knows, guesses_some = labels.astype(np.float32), labels.astype(np.float32)
    # One dislike before so many of the ten likes: each is one of a hundred pairs.
    likes = np.arange(10)
    guesses_some[likes] = np.where(likes < wrong_pairs, 0.5, 1)
    guesses_some[-1] = 0.75
    small = Songs(np.column_stack([guesses_some, knows, np.full((20, 2), 2)]).astype(np.float32), labels)

    def model(column: int) -> Predict:
        def predict(features: Features) -> Probabilities:
            of_small = features[:, column].astype(np.float64)
            return np.where(features[:, 2] == 2, of_small, likes_to_dance(features))

        return predict

    found = compare([large, small], model(0), model(1))
    assert found.share_worse == 0
    assert found.table_difference == -wrong_pairs / 100
    assert found.is_not_inferior is is_not_inferior


@pytest.mark.parametrize(
    ("share_worse", "difference", "is_not_inferior"),
    [(0.25, -0.05, True), (0.251, 0, False), (0, -0.0501, False), (0, math.inf, True)],
)
def test_both_bounds_are_accepted_themselves(share_worse: float, difference: float, *, is_not_inferior: bool) -> None:
    assert Comparison(100, 0.8, 0.8, share_worse, difference).is_not_inferior is is_not_inferior
