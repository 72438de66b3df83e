from datetime import UTC, datetime
from typing import Any

import numpy as np
import onnxruntime
import pytest

from song_preference.errors import TrainingFailed
from song_preference.serving.model import open_graph
from song_preference.training.candidates import CANDIDATES, DEFAULT
from song_preference.training.choose import choose, own_songs
from song_preference.training.data import Songs
from song_preference.training.evaluate import roc_auc
from song_preference.training.export import run_graph
from song_preference.training.fit import probability_of
from song_preference.training.search import Score, Trial
from tests.support.training import listener

pytestmark = pytest.mark.usefixtures("few_trees")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def trial(number: int, candidate: str) -> Trial:
    score, parameters = Score(0.5, 0.01), CANDIDATES[candidate].default
    scores = {"log_loss": score, "roc_auc": score, "brier": score, "started_at": NOW, "ended_at": NOW}
    return Trial(number=number, candidate=candidate, parameters=parameters, fold_losses=(0.5,) * 15, **scores)


def test_answers_on_own_songs_are_never_those_of_the_model_that_knows_them() -> None:
    songs = listener(160, 4)
    noise = Songs(songs.features, np.random.default_rng(2).permutation(songs.labels))
    train, test = noise.take(np.arange(110)), noise.take(np.arange(110, 160))
    choice = choose([trial(0, DEFAULT)], train, test, 0)
    known = run_graph(open_graph(choice.model.graph.SerializeToString()), noise.features).probability
    table = own_songs(choice, train, test, 0)
    np.testing.assert_array_equal(table["label"], noise.labels)
    # What cannot be known is known by heart only.
    assert roc_auc(noise.labels, known) > 0.95
    assert abs(roc_auc(noise.labels, table["probability"].to_numpy()) - 0.5) < 0.1
    twin = run_graph(open_graph(choice.twin.graph.SerializeToString()), test.features)
    np.testing.assert_allclose(table["probability"][110:], twin.probability, atol=1e-12)
    np.testing.assert_array_equal(table["predicted"][110:], twin.label)
    assert (len(choice.twin.songs.labels), len(choice.model.songs.labels)) == (110, 160)


def test_the_same_songs_and_seed_give_the_same_bytes() -> None:
    known = listener(160, 4)
    train, test = known.take(np.arange(110)), known.take(np.arange(110, 160))
    first, second = (choose([trial(0, DEFAULT)], train, test, 0) for _ in range(2))
    for name in ("model", "twin"):
        graphs = [getattr(choice, name).graph.SerializeToString() for choice in (first, second)]
        assert graphs[0] == graphs[1]
    assert first.model.graph != first.twin.graph
    assert first.threshold == second.threshold


@pytest.mark.parametrize(("most", "songs"), [(1000, 160), (130, 130), (110, 110)])
def test_a_training_takes_no_more_songs_than_it_may(monkeypatch: pytest.MonkeyPatch, most: int, songs: int) -> None:
    monkeypatch.setattr("song_preference.training.choose.MAX_TRAINING_SONGS", most)
    known = listener(160, 4)
    choice = choose([trial(0, "logistic_regression")], known.take(np.arange(110)), known.take(np.arange(110, 160)), 0)
    assert (len(choice.twin.songs.labels), len(choice.model.songs.labels)) == (110, songs)
    assert (choice.model is choice.twin) is (songs == 110)


@pytest.fixture
def contradicting(train: Songs) -> Songs:
    """Songs of which k-NN and its graph may take different ones: all lie on few points, with either label."""
    return Songs((np.round(train.features * 2) / 2).astype(np.float32), train.labels)


def test_the_best_is_taken_where_it_converts(train: Songs, test: Songs) -> None:
    choice = choose([trial(4, "gradient_boosting"), trial(2, "logistic_regression")], train, test, 0)
    assert (choice.trial.number, choice.rejected) == (4, [])
    answers = run_graph(open_graph(choice.twin.graph.SerializeToString()), test.features)
    expected = probability_of(choice.twin.estimator, test.features)
    expected = choice.calibration.of(expected) if choice.calibration else expected
    np.testing.assert_allclose(answers.probability, expected, atol=1e-6)
    np.testing.assert_array_equal(answers.label, answers.probability >= np.float32(choice.threshold))
    assert choice.twin.parity_error < 1e-6


def test_one_that_onnx_answers_differently_gives_way_to_the_next(contradicting: Songs, test: Songs) -> None:
    ranking = [trial(4, "k_nearest_neighbors"), trial(2, "logistic_regression")]
    choice = choose(ranking, contradicting, test, 0)
    assert choice.trial.number == 2
    (reason,) = map(str, choice.rejected)
    assert reason.startswith("trial 4 (k_nearest_neighbors): ")
    assert "between scikit-learn and ONNX" in reason


def test_one_whose_graph_onnxruntime_cannot_load_gives_way_to_the_next(
    train: Songs, test: Songs, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session, graphs = onnxruntime.InferenceSession, [b""]

    def load(graph: bytes, *args: Any, **options: Any) -> onnxruntime.InferenceSession:
        return open_session(graphs.pop() if graphs else graph, *args, **options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", load)
    choice = choose([trial(4, "logistic_regression"), trial(2, "logistic_regression")], train, test, 0)
    assert choice.trial.number == 2
    (reason,) = choice.rejected
    assert reason.text("es").startswith("modelo 4 (logistic_regression): onnxruntime no puede cargar su grafo (")


def test_with_none_left_the_reasons_are_told(contradicting: Songs, test: Songs) -> None:
    with pytest.raises(TrainingFailed, match=r"try more trials.*trial 4 \(k_nearest_neighbors\)") as failed:
        choose([trial(4, "k_nearest_neighbors")], contradicting, test, 0)
    assert "modelo 4 (k_nearest_neighbors): Pipeline difiere en 0," in failed.value.message.text("es")
