import json

from song_preference.evaluation import Evaluation, by_ends
from song_preference.messages import Message
from song_preference.training.registry import model_card
from tests.support.datasets import described

PARAMS = {
    "candidate": "extra_trees",
    "extra_trees_max_features": "3",
    "threshold": "0.518",
    "trials": "40",
    "seed": "42",
    "songs_trained": "140",
    "songs_refitted": "200",
    "songs_evaluated": "60",
    "evaluated_on": "test_table",
}


CV = {"cv_log_loss": 0.39, "cv_log_loss_error": 0.021, "cv_roc_auc": 0.9, "onnx_parity_error": 4.7e-8}


def test_the_card_says_what_how_good_and_where_it_ends(evaluation: Evaluation) -> None:
    metrics = {**by_ends(evaluation.metrics), **CV}
    message = model_card("spotify_model_prod", described(), PARAMS, metrics)
    card = str(message)
    assert "This model (extra trees)" in card
    assert "Dataset `abc123abc123` (source: file): 200 songs, 120 liked and 80 disliked." in card
    assert "A twin was trained on 140 songs of the training table, and this model, by the same recipe, on 200" in card
    assert "The twin on the test table, once, with 95 % intervals" in card
    assert "max features 3" in card
    assert "0.390 (standard error 0.021; ROC AUC 0.900)" in card
    assert "there is none" in card
    assert f"| ROC AUC | {metrics['test_roc_auc']:.3f} ({metrics['test_roc_auc_low']:.3f} to " in card
    assert card.count("0.500 (0.500 to 0.500)") == 1
    assert "| Calibration slope (ideal: 1) | 0." in card
    assert card.count(" | — | ") == 1
    assert "\n\nNo better than a plain logistic regression on these songs: ROC AUC differs by \N{MINUS SIGN}0." in card
    assert "4.7e-08" in card
    assert "models:/spotify_model_prod@champion" in card
    assert "sample" not in card
    assert len(card) < 5000
    stored = Message(message.code, json.loads(json.dumps(message.params)), card)
    assert stored.text("en") == card
    roc_auc = f"{metrics['test_roc_auc']:.3f}".replace(".", ",")
    assert f"| ROC AUC | {roc_auc} (" in stored.text("es")
    assert "\n\nNo es mejor que una regresión logística sencilla con estas canciones: su ROC AUC" in stored.text("es")
    assert "Un gemelo aprendió de 140 canciones de entrenamiento y este modelo, con la misma receta, de 200" in (
        stored.text("es")
    )


def test_the_card_says_how_the_probabilities_are_calibrated(evaluation: Evaluation) -> None:
    params = {**PARAMS, "calibration_slope": "1.205", "calibration_intercept": "-0.06"}
    message = model_card("m", described(), params, {**by_ends(evaluation.metrics), **CV})
    assert "slope 1.21 and intercept \N{MINUS SIGN}0.06 on the logit" in str(message)
    assert "pendiente 1,21 y ordenada \N{MINUS SIGN}0,06 sobre el logit" in message.text("es")


def test_the_card_warns_of_the_bundled_sample_and_of_songs_left_out(evaluation: Evaluation) -> None:
    metrics = {**by_ends(evaluation.metrics), **CV}
    card = str(model_card("m", described(kind="sample"), {**PARAMS, "songs_trained": "100"}, metrics))
    assert "it knows nobody's taste" in card
    assert "samples of the training table (140) and the test table (60)" in card
