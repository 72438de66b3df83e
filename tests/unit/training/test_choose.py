from datetime import UTC, datetime

import numpy as np
import pytest

from song_preference.errors import TrainingFailed
from song_preference.serving.contract import open_graph
from song_preference.training.candidates import CANDIDATES
from song_preference.training.choose import choose
from song_preference.training.fit import probability_of
from song_preference.training.graph import ask
from song_preference.training.search import Attempt
from song_preference.training.songs import Songs

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def attempt(number: int, candidate: str) -> Attempt:
    return Attempt(
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
    choice = choose([attempt(4, "gradient_boosting"), attempt(2, "logistic_regression")], train, test.features, 0)
    assert (choice.attempt.number, choice.refused) == (4, [])
    answers = ask(open_graph(choice.graph.SerializeToString()), test.features)
    np.testing.assert_allclose(answers.probability, probability_of(choice.estimator, test.features), atol=1e-6)
    np.testing.assert_array_equal(answers.label, answers.probability >= np.float32(choice.threshold))
    assert choice.parity_error < 1e-6


def test_one_that_onnx_answers_differently_gives_way_to_the_next(contradicting: Songs, test: Songs) -> None:
    ranking = [attempt(4, "k_nearest_neighbors"), attempt(2, "logistic_regression")]
    choice = choose(ranking, contradicting, test.features, 0)
    assert choice.attempt.number == 2
    (reason,) = choice.refused
    assert reason.startswith("trial 4 (k_nearest_neighbors): ")
    assert "between scikit-learn and ONNX" in reason


def test_with_none_left_the_reasons_are_told(contradicting: Songs, test: Songs) -> None:
    with pytest.raises(TrainingFailed, match=r"try more trials.*trial 4 \(k_nearest_neighbors\)"):
        choose([attempt(4, "k_nearest_neighbors")], contradicting, test.features, 0)
