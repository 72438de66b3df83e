import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, brier_score_loss, f1_score, roc_auc_score

from song_preference.training import judge as judge_module
from song_preference.training.judge import expected_calibration_error, judge

random = np.random.default_rng(3)
LABELS = (random.random(200) < 0.6).astype(np.int64)
PROBABILITY = np.clip(LABELS * 0.3 + random.random(200) * 0.7, 0, 1)


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge_module, "RESAMPLES", 50)


def test_every_value_lies_in_its_interval() -> None:
    estimates = judge(LABELS, PROBABILITY, 0.5, seed=0)
    assert set(estimates) == {"accuracy", "f1", "roc_auc", "pr_auc", "brier", "calibration_error"}
    for name in ("accuracy", "f1", "roc_auc", "pr_auc", "brier"):
        assert estimates[name].low < estimates[name].value < estimates[name].high


def test_values_are_those_of_scikit_learn() -> None:
    estimates = judge(LABELS, PROBABILITY, 0.5, seed=0)
    assert {name: estimates[name].value for name in ("accuracy", "f1", "brier", "roc_auc", "pr_auc")} == pytest.approx(
        {
            "accuracy": accuracy_score(LABELS, PROBABILITY >= 0.5),
            "f1": f1_score(LABELS, PROBABILITY >= 0.5),
            "brier": brier_score_loss(LABELS, PROBABILITY),
            "roc_auc": roc_auc_score(LABELS, PROBABILITY),
            "pr_auc": average_precision_score(LABELS, PROBABILITY),
        }
    )


def test_the_same_seed_gives_the_same_intervals() -> None:
    assert judge(LABELS, PROBABILITY, 0.5, seed=1) == judge(LABELS, PROBABILITY, 0.5, seed=1)
    assert judge(LABELS, PROBABILITY, 0.5, seed=1) != judge(LABELS, PROBABILITY, 0.5, seed=2)


def test_more_songs_give_narrower_intervals() -> None:
    few = judge(LABELS[:50], PROBABILITY[:50], 0.5, seed=0)["roc_auc"]
    many = judge(np.tile(LABELS, 10), np.tile(PROBABILITY, 10), 0.5, seed=0)["roc_auc"]
    assert many.high - many.low < few.high - few.low


def test_a_perfect_model_is_told_so() -> None:
    estimates = judge(LABELS, LABELS.astype(float), 0.5, seed=0)
    for name, best in {"accuracy": 1, "f1": 1, "roc_auc": 1, "pr_auc": 1, "brier": 0, "calibration_error": 0}.items():
        assert tuple(estimates[name]) == (best, best, best)


@pytest.mark.parametrize(
    ("probability", "likes", "error"),
    [([0.8] * 10, 8, 0.0), ([0.8] * 10, 5, 0.3), ([1.0] * 10, 5, 0.5), ([0.05] * 5 + [0.95] * 5, 5, 0.05)],
)
def test_calibration_error_by_hand(probability: list[float], likes: int, error: float) -> None:
    labels = np.array([0] * (10 - likes) + [1] * likes, dtype=np.int64)
    assert expected_calibration_error(labels, np.array(probability)) == pytest.approx(error)
