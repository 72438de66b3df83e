from datetime import UTC, datetime

import numpy as np
import pytest

from song_preference.errors import TrainingFailed
from song_preference.serving.model import open_graph
from song_preference.training.candidates import CANDIDATES
from song_preference.training.data import Songs
from song_preference.training.export import run_graph
from song_preference.training.fit import probability_of
from song_preference.training.search import Trial, choose, search

TRIALS = 9


@pytest.fixture(scope="module")
def trials(train: Songs) -> list[Trial]:
    return search(train.at_most(60, 0), TRIALS, seed=3)


def by_number(trials: list[Trial]) -> list[tuple[object, ...]]:
    ordered = sorted(trials, key=lambda trial: trial.number)
    return [(trial.number, trial.candidate, trial.parameters, trial.roc_auc) for trial in ordered]


def test_every_family_is_tried_with_its_default_first(trials: list[Trial]) -> None:
    first = {
        trial.candidate: trial.parameters for trial in sorted(trials, key=lambda trial: trial.number)[: len(CANDIDATES)]
    }
    assert first == {name: candidate.default for name, candidate in CANDIDATES.items()}


def test_the_ranking_is_by_score(trials: list[Trial]) -> None:
    scores = [trial.roc_auc for trial in trials]
    assert scores == sorted(scores, reverse=True)
    assert 0.7 < scores[0] < 1
    assert len({(trial.candidate, *trial.parameters.items()) for trial in trials}) == len(trials) <= TRIALS


def test_the_same_songs_and_seed_give_the_same_trials(trials: list[Trial], train: Songs) -> None:
    assert by_number(search(train.at_most(60, 0), TRIALS, seed=3)) == by_number(trials)


def test_fewer_trials_than_families_are_enough(train: Songs) -> None:
    assert [trial.candidate for trial in search(train.at_most(60, 0), 1, seed=3)] == [next(iter(CANDIDATES))]


def of_each_class(songs: Songs, likes: int, dislikes: int) -> Songs:
    liked, disliked = np.flatnonzero(songs.labels == 1)[:likes], np.flatnonzero(songs.labels == 0)[:dislikes]
    return songs.take(np.concatenate([liked, disliked]))


@pytest.mark.parametrize(("likes", "dislikes"), [(5, 5), (5, 40), (40, 5)])
def test_five_songs_of_a_class_are_enough_for_every_family(train: Songs, likes: int, dislikes: int) -> None:
    found = search(of_each_class(train, likes, dislikes), len(CANDIDATES), seed=3)
    assert {trial.candidate for trial in found} == set(CANDIDATES)


@pytest.mark.parametrize(("likes", "dislikes"), [(4, 40), (40, 4), (0, 9)])
def test_fewer_songs_of_a_class_are_told_with_a_remedy(train: Songs, likes: int, dislikes: int) -> None:
    message = f"holds {likes} liked and {dislikes} disliked songs, but cross-validation needs 5 of each: add songs"
    with pytest.raises(TrainingFailed, match=message):
        search(of_each_class(train, likes, dislikes), 1, seed=3)


NOW = datetime(2026, 11, 23, tzinfo=UTC)


def trial(number: int, candidate: str) -> Trial:
    return Trial(
        number=number,
        candidate=candidate,
        parameters=CANDIDATES[candidate].default,
        roc_auc=0.9,
        roc_auc_std=0.01,
        started_at=NOW,
        ended_at=NOW,
    )


@pytest.fixture
def contradicting(train: Songs) -> Songs:
    """Songs of which k-NN and its graph may take different ones: all lie on few points, with either label."""
    return Songs((np.round(train.features * 2) / 2).astype(np.float32), train.labels)


def test_the_best_is_taken_where_it_converts(train: Songs, test: Songs) -> None:
    choice = choose([trial(4, "gradient_boosting"), trial(2, "logistic_regression")], train, test.features, 0)
    assert (choice.trial.number, choice.rejected) == (4, [])
    answers = run_graph(open_graph(choice.graph.SerializeToString()), test.features)
    np.testing.assert_allclose(answers.probability, probability_of(choice.estimator, test.features), atol=1e-6)
    np.testing.assert_array_equal(answers.label, answers.probability >= np.float32(choice.threshold))
    assert choice.parity_error < 1e-6


def test_one_that_onnx_answers_differently_gives_way_to_the_next(contradicting: Songs, test: Songs) -> None:
    ranking = [trial(4, "k_nearest_neighbors"), trial(2, "logistic_regression")]
    choice = choose(ranking, contradicting, test.features, 0)
    assert choice.trial.number == 2
    (reason,) = choice.rejected
    assert reason.startswith("trial 4 (k_nearest_neighbors): ")
    assert "between scikit-learn and ONNX" in reason


def test_with_none_left_the_reasons_are_told(contradicting: Songs, test: Songs) -> None:
    with pytest.raises(TrainingFailed, match=r"try more trials.*trial 4 \(k_nearest_neighbors\)"):
        choose([trial(4, "k_nearest_neighbors")], contradicting, test.features, 0)
