import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from pydantic import ValidationError

from song_preference.evaluation import Evaluation
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.training import judge as judge_module
from song_preference.training.card import model_card
from song_preference.training.evaluate import Verdict, evaluation_of, judge_on, metrics_of
from song_preference.training.importance import permutation_importances
from song_preference.training.judge import roc_auc
from song_preference.training.pictures import all_pictures
from song_preference.training.songs import Features, Probabilities, Songs
from tests.unit.training.conftest import described

PARAMS = {
    "candidate": "extra_trees",
    "extra_trees_max_features": "3",
    "threshold": "0.518",
    "trials": "40",
    "seed": "42",
    "songs_trained": "140",
    "songs_judged": "60",
}


def likes_to_dance(features: Features) -> Probabilities:
    return features[:, 2].astype(np.float64)


@pytest.fixture
def verdict(train: Songs, test: Songs, monkeypatch: pytest.MonkeyPatch) -> Verdict:
    monkeypatch.setattr(judge_module, "RESAMPLES", 20)
    return judge_on(test, train, likes_to_dance(test.features), 0.5, seed=0)


def test_the_model_stands_beside_the_majority_and_a_logistic_regression(verdict: Verdict, test: Songs) -> None:
    metrics = metrics_of(verdict)
    assert len(metrics) == 3 * 6 * 3
    assert metrics["majority_roc_auc"] == metrics["majority_roc_auc_high"] == 0.5
    assert metrics["majority_accuracy"] == pytest.approx(max(test.labels.mean(), 1 - test.labels.mean()))
    assert metrics["test_roc_auc_low"] < metrics["test_roc_auc"] < metrics["test_roc_auc_high"]
    assert 0.7 < metrics["test_roc_auc"] < metrics["logistic_regression_roc_auc"]


def test_the_evaluation_holds_every_answer_and_survives_a_file(verdict: Verdict, test: Songs) -> None:
    importances = permutation_importances(test, likes_to_dance)
    evaluation = Evaluation.model_validate_json(evaluation_of(verdict.judged, importances).model_dump_json())
    assert evaluation.labels == tuple(test.labels)
    assert evaluation.model == tuple(likes_to_dance(test.features))
    assert roc_auc(test.labels, np.array(evaluation.baseline)) == verdict.estimates["logistic_regression"]["roc_auc"][0]
    assert evaluation.threshold == 0.5
    assert evaluation.importances == importances


def test_only_what_the_model_looks_at_is_important(test: Songs) -> None:
    found = {item.feature: item for item in permutation_importances(test, likes_to_dance)}
    assert list(found) == list(FEATURES)
    # Dealt out anew it is no better than chance.
    assert found["danceability"].mean == pytest.approx(
        roc_auc(test.labels, likes_to_dance(test.features)) - 0.5, abs=0.05
    )
    assert found["danceability"].std > 0
    assert {(item.mean, item.std) for name, item in found.items() if name != "danceability"} == {(0, 0)}


@pytest.mark.parametrize("change", [{"model": (0.5,)}, {"labels": (1, 1)}, {"labels": (1, 2)}])
def test_an_evaluation_of_other_songs_or_one_class_is_refused(change: dict[str, object]) -> None:
    whole = {"labels": (1, 0), "model": (0.6, 0.4), "baseline": (0.5, 0.5), "threshold": 0.5, "importances": ()}
    assert Evaluation.model_validate(whole).labels == (1, 0)
    with pytest.raises(ValidationError):
        Evaluation.model_validate(whole | change)


def test_every_picture_is_drawn(verdict: Verdict, test: Songs, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = all_pictures(verdict.judged, permutation_importances(test, likes_to_dance), test, likes_to_dance)
    assert set(pictures) == {
        "confusion_matrix.png",
        "roc.png",
        "precision_recall.png",
        "calibration.png",
        "permutation_importance.png",
        "partial_dependence.png",
    }
    for picture in pictures.values():
        picture.draw_without_rendering()
    assert texts(pictures["permutation_importance.png"])[-1] == "danceability"
    answers = likes_to_dance(test.features) >= 0.5
    found = int(np.sum(answers & (test.labels == 1)))
    assert f"{found}\n{found / test.labels.sum():.0%}" in texts(pictures["confusion_matrix.png"])


def texts(picture: Figure) -> list[str]:
    (axes,) = picture.axes
    return [text.get_text() for text in (*axes.texts, *axes.get_yticklabels())]


def test_the_card_says_what_how_good_and_where_it_ends(verdict: Verdict) -> None:
    metrics = {**metrics_of(verdict), "cv_roc_auc": 0.9, "onnx_parity_error": 4.7e-8}
    message = model_card("spotify_model_prod", described(), PARAMS, metrics)
    card = str(message)
    assert "This model (extra trees)" in card
    assert "Dataset `abc123abc123` (source: file): 200 songs, 120 liked and 80 disliked." in card
    assert "was trained on 140 of them and evaluated on 60 others." in card
    assert "max features 3" in card
    assert f"| ROC AUC | {metrics['test_roc_auc']:.3f} ({metrics['test_roc_auc_low']:.3f} to " in card
    assert card.count("0.500 (0.500 to 0.500)") == 1
    assert "4.7e-08" in card
    assert "models:/spotify_model_prod@champion" in card
    assert "sample" not in card
    assert len(card) < 5000
    stored = Message("model_card", json.loads(json.dumps(message.params)), card)
    assert stored.text("en") == card
    roc_auc = f"{metrics['test_roc_auc']:.3f}".replace(".", ",")
    assert f"| ROC AUC | {roc_auc} (" in stored.text("es")
    assert "Aprendió de 140 de ellas y se probó con otras 60." in stored.text("es")


def test_the_card_warns_of_the_bundled_sample_and_of_songs_left_out(verdict: Verdict) -> None:
    metrics = {**metrics_of(verdict), "cv_roc_auc": 0.9, "onnx_parity_error": 4.7e-8}
    card = str(model_card("m", described(kind="sample"), {**PARAMS, "songs_trained": "100"}, metrics))
    assert "it knows nobody's taste" in card
    assert "a sample of the training table (140) and the test table (60)" in card
