import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from streamlit_app.model import judgement
from streamlit_app.model.judgement import Bin, Confusion, confusion

LABELS = np.array([1, 1, 0, 1, 0])
PROBABILITY = np.array([0.9, 0.8, 0.7, 0.3, 0.1])


@pytest.fixture
def many() -> tuple[judgement.Labels, judgement.Probabilities]:
    """3,000 songs, whose probabilities have many ties."""
    random = np.random.default_rng(0)
    probability = random.random(3000).round(3)
    return (random.random(3000) < probability).astype(np.int64), probability


def test_a_threshold_divides_the_songs() -> None:
    assert confusion(LABELS, PROBABILITY, 0.75) == Confusion(found=2, mistaken=0, missed=1, spared=2)
    found = confusion(LABELS, PROBABILITY, 0.7)
    assert found == Confusion(found=2, mistaken=1, missed=1, spared=1)
    assert (found.recommended, found.liked, found.songs) == (3, 3, 5)
    assert (found.precision, found.recall, found.accuracy) == (2 / 3, 2 / 3, 3 / 5)
    assert found.f1 == pytest.approx(2 / 3)


def test_where_nothing_is_recommended_there_is_no_precision() -> None:
    found = confusion(LABELS, PROBABILITY, 1)
    assert found == Confusion(found=0, mistaken=0, missed=3, spared=2)
    assert found.precision is None
    assert (found.recall, found.f1) == (0, 0)


def test_the_curves_of_five_songs() -> None:
    roc = judgement.roc(LABELS, PROBABILITY)
    assert list(roc.x) == [0, 0, 0, 0.5, 0.5, 1]
    assert list(roc.y) == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3, 1, 1])
    assert roc.area == pytest.approx(5 / 6)
    found = judgement.precision_recall(LABELS, PROBABILITY)
    assert list(found.x) == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1, 1])
    assert list(found.y) == pytest.approx([1, 1, 2 / 3, 3 / 4, 3 / 5])


def test_songs_of_the_same_probability_are_one_point() -> None:
    roc = judgement.roc(LABELS, np.full(5, 0.5))
    assert (list(roc.x), list(roc.y), roc.area) == ([0, 1], [0, 1], 0.5)


def test_long_curves_are_thinned_and_keep_their_ends_and_areas(
    many: tuple[judgement.Labels, judgement.Probabilities],
) -> None:
    roc, recall = judgement.roc(*many), judgement.precision_recall(*many)
    assert len(roc.x) == len(recall.x) == judgement.POINTS
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert recall.x[-1] == 1
    assert roc.area == pytest.approx(roc_auc_score(*many))
    assert recall.area == pytest.approx(average_precision_score(*many))


def test_the_points_are_those_of_scikit_learn(many: tuple[judgement.Labels, judgement.Probabilities]) -> None:
    labels, probability = many[0][:300], many[1][:300]
    mistaken, found, _ = roc_curve(labels, probability, drop_intermediate=False)
    roc = judgement.roc(labels, probability)
    np.testing.assert_allclose([roc.x, roc.y], [mistaken, found])
    precision, recall, _ = precision_recall_curve(labels, probability)
    curve = judgement.precision_recall(labels, probability)
    # Theirs begins at the other end, and has a point without songs.
    np.testing.assert_allclose([curve.x, curve.y], [recall[-2::-1], precision[-2::-1]])


def test_a_bin_holds_its_lower_edge_and_the_last_one_both() -> None:
    labels, probability = np.array([0, 1, 1, 0, 1]), np.array([0.0, 0.1, 0.95, 0.9, 1.0])
    *first, last = judgement.calibration(labels, probability)
    assert first == [Bin(1, 0.0, 0.0), Bin(1, 0.1, 1.0)]
    assert last == pytest.approx(Bin(3, 0.95, 2 / 3))
