import numpy as np
import pytest

from song_preference.errors import TrainingFailed
from song_preference.training.candidates import CANDIDATES
from song_preference.training.data import Songs
from song_preference.training.search import Attempt, search

TRIALS = 9


@pytest.fixture(scope="module")
def attempts(train: Songs) -> list[Attempt]:
    return search(train.at_most(60, 0), TRIALS, seed=3)


def by_number(attempts: list[Attempt]) -> list[tuple[object, ...]]:
    ordered = sorted(attempts, key=lambda attempt: attempt.number)
    return [(attempt.number, attempt.candidate, attempt.parameters, attempt.roc_auc) for attempt in ordered]


def test_every_family_is_tried_with_its_default_first(attempts: list[Attempt]) -> None:
    first = {
        attempt.candidate: attempt.parameters
        for attempt in sorted(attempts, key=lambda attempt: attempt.number)[: len(CANDIDATES)]
    }
    assert first == {name: candidate.default for name, candidate in CANDIDATES.items()}


def test_the_ranking_is_by_score(attempts: list[Attempt]) -> None:
    scores = [attempt.roc_auc for attempt in attempts]
    assert scores == sorted(scores, reverse=True)
    assert 0.7 < scores[0] < 1
    assert len({(attempt.candidate, *attempt.parameters.items()) for attempt in attempts}) == len(attempts) <= TRIALS


def test_the_same_songs_and_seed_give_the_same_trials(attempts: list[Attempt], train: Songs) -> None:
    assert by_number(search(train.at_most(60, 0), TRIALS, seed=3)) == by_number(attempts)


def test_fewer_trials_than_families_are_enough(train: Songs) -> None:
    assert [attempt.candidate for attempt in search(train.at_most(60, 0), 1, seed=3)] == [next(iter(CANDIDATES))]


def of_each_class(songs: Songs, likes: int, dislikes: int) -> Songs:
    liked, disliked = np.flatnonzero(songs.labels == 1)[:likes], np.flatnonzero(songs.labels == 0)[:dislikes]
    return songs.take(np.concatenate([liked, disliked]))


@pytest.mark.parametrize(("likes", "dislikes"), [(5, 5), (5, 40), (40, 5)])
def test_five_songs_of_a_class_are_enough_for_every_family(train: Songs, likes: int, dislikes: int) -> None:
    found = search(of_each_class(train, likes, dislikes), len(CANDIDATES), seed=3)
    assert {attempt.candidate for attempt in found} == set(CANDIDATES)


@pytest.mark.parametrize(("likes", "dislikes"), [(4, 40), (40, 4), (0, 9)])
def test_fewer_songs_of_a_class_are_told_with_a_remedy(train: Songs, likes: int, dislikes: int) -> None:
    message = f"holds {likes} liked and {dislikes} disliked songs, but cross-validation needs 5 of each: add songs"
    with pytest.raises(TrainingFailed, match=message):
        search(of_each_class(train, likes, dislikes), 1, seed=3)
