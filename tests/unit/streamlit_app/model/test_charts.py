"""The rows that the charts of the page "model" draw."""

import numpy as np
import pytest

from song_preference.evaluation import Confusion, Curve, Importance, Interval
from streamlit_app.i18n import Locale
from streamlit_app.model.charts import (
    confusion_rows,
    curve_rows,
    ends,
    histogram_rows,
    importance_rows,
    interval_rows,
)
from tests.support.dashboard import TEXTS

AUC = Interval(0.889, 0.845, 0.932)


SPANISH, ENGLISH = Locale("es", TEXTS), Locale("en", TEXTS)


@pytest.mark.parametrize(
    ("name", "shown", "expected"),
    [
        ("roc_auc", AUC, (0.5, 1)),
        ("roc_auc", Interval(0.52, 0.48, 0.6), (0, 1)),
        ("brier", Interval(0.13, 0.11, 0.16), (0, 0.25)),
        ("brier", Interval(0.2, 0.1, 0.3), (0, 1)),
        ("log_loss", Interval(0.9, 0.7, 1.2), (0, 2)),
        ("calibration_slope", Interval(1, 0.8, 1.2), (0, 2)),
        ("calibration_slope", Interval(1, -2.9, 4.9), (-3, 5)),
        ("calibration_intercept", Interval(0.1, -0.3, 0.5), (-1, 1)),
        ("calibration_error", Interval(0.046, 0.044, 0.107), (0, 0.25)),
    ],
)
def test_an_axis_holds_every_interval(name: str, shown: Interval, expected: tuple[float, float]) -> None:
    assert ends(name, [Interval(0.6, 0.55, 0.65)] * (name == "roc_auc") + [shown]) == expected


def test_each_role_has_a_row_with_its_interval() -> None:
    rows = interval_rows({"champion": AUC, "challenger": Interval(0.9, 0.8, 1)}, ENGLISH)
    assert rows["shown"].tolist() == ["Champion 0.889 (0.845 to 0.932)", "Challenger 0.900 (0.800 to 1.000)"]
    assert rows[["low", "value", "high"]].iloc[0].tolist() == [0.845, 0.889, 0.932]


def test_the_confusion_matrix_has_shares_of_each_label() -> None:
    rows = confusion_rows(
        Confusion(threshold=0.5, true_positives=60, false_positives=5, false_negatives=20, true_negatives=15), ENGLISH
    )
    assert rows["songs"].tolist() == [60, 20, 5, 15]
    assert rows["share"].tolist() == [0.75, 0.25, 0.25, 0.75]
    assert rows["is_right"].tolist() == [True, False, False, True]


def test_the_histogram_counts_every_song_and_is_cut_at_the_threshold() -> None:
    labels, probability = np.array([1, 1, 0, 1]), np.array([0.31, 0.33, 0.33, 1.0])
    rows = histogram_rows(labels, probability, tried=0.32, own=0.5)
    bins = rows.dropna(subset="label")
    assert bins.groupby("label")["songs"].sum().to_dict() == {"like": 3, "dislike": -1}
    assert bins[bins["recommended"] == True].groupby("label")["songs"].sum().to_dict() == {"like": 2, "dislike": -1}  # noqa: E712 - pandas
    assert rows.iloc[-1][["tried", "own"]].to_list() == [0.32, 0.5]


def test_the_models_own_curve_is_drawn_last_and_each_in_its_order() -> None:
    curve = Curve(x=(0.0, 0.0, 1.0), y=(0.0, 1.0, 1.0), area=1.0)
    rows = curve_rows({"model": curve, "baseline": curve}, 0.6)
    assert list(rows["series"]) == ["baseline"] * 3 + ["model"] * 3
    assert list(rows["at"]) == [0, 1, 2, 0, 1, 2]
    assert set(rows["chance"]) == {0.6}


def test_the_most_important_feature_stands_first() -> None:
    found = [Importance(feature="energy", mean=0.1, std=0.02), Importance(feature="danceability", mean=0.3, std=0.1)]
    rows = importance_rows(found, SPANISH)
    assert list(rows["name"]) == ["Bailabilidad", "Energía"]
    assert rows.iloc[0][["low", "high"]].to_list() == pytest.approx([0.2, 0.4])
