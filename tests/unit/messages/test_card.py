"""The texts of the model cards, whatever training fills them in."""

from string import Formatter

import pytest

from song_preference.messages import CARD_METRICS, LANGUAGES, METRIC_NAMES, Language, Message, cards

ENDS = ("", "_low", "_high")
FIRST_CARD = {
    "name": "spotify_model_prod",
    "candidate": "extra trees",
    "parameters": "max features 3",
    "dataset": "abc123abc123",
    "source": "file",
    "songs": 200,
    "likes": 120,
    "dislikes": 80,
    "trained": 140,
    "evaluated": 60,
    "trials": "40",
    "seed": "42",
    "threshold": 0.518,
    "cv_roc_auc": 0.9,
    "onnx_parity_error": 4.7e-8,
    "warning": "",
    "sampled": "",
} | {
    f"{model}_{metric}{end}": 0.0625 if metric == "calibration_error" else 0.5
    for metric in ("roc_auc", "pr_auc", "accuracy", "f1", "brier", "calibration_error")
    for model in ("test", "majority", "logistic_regression")
    for end in ENDS
}
"""The values that version 0.1 stored."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ["model_card_of_refitted", "model_card_with_comparison"])
def test_each_metric_has_a_row_with_the_interval_of_each_model(code: str, language: Language) -> None:
    _, *rows = [line for line in cards(language)[code].splitlines() if line.startswith("| ")]
    assert len(rows) == len(CARD_METRICS)
    assert [row.count("| — |") for row in rows] == [int(metric == "calibration_slope") for metric in CARD_METRICS]
    values = [name for _, name, _, _ in Formatter().parse("\n".join(rows)) if name]
    assert values == [f"{name}{end}" for name in METRIC_NAMES for end in ENDS]


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "| Calibration error | 0.062 (0.062 to 0.062)"), ("es", "| Error de calibración | 0,062 (0,062 a 0,062)")],
)
def test_a_card_of_version_0_1_needs_only_what_that_stored(language: Language, expected: str) -> None:
    card = Message("model_card", FIRST_CARD).text(language)
    assert expected in card
    assert "abc123abc123" in card
    assert not {"{", "}"} & set(card.partition("```")[0])
