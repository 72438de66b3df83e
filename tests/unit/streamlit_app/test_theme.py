import json
from collections.abc import Callable
from typing import Any

import pytest

from streamlit_app.explore import charts as explore
from streamlit_app.explore.charts import Side
from streamlit_app.i18n import Language, Locale
from streamlit_app.model import charts as model
from streamlit_app.predict import charts as predict
from streamlit_app.songs import ranked as songs
from streamlit_app.theme import DARK, LIGHT, Colours, Drawing, specification
from tests.support.dashboard import TEXTS

Build = Callable[..., Drawing]
SIDES = (Side("energy", (0, 1)), Side("danceability", (0, 1)))
CHARTS: dict[Build, tuple[Any, ...]] = {
    predict.gauge: (),
    predict.contributions: (),
    explore.proportion: ("Like: 2", "Dislike: 1"),
    explore.distribution: (),
    explore.correlation_map: (),
    explore.scatter: (*SIDES, True),
    model.roc: (),
    model.precision_recall: (),
    model.calibration: (),
    model.importance: (),
    model.histogram: (),
    model.confusion_matrix: (),
    model.intervals: ((0.5, 1.0), 2),
    model.history: (),
    songs.probabilities: (0.4,),
}
"""What each chart is built from beside colours and locale."""


@pytest.mark.parametrize("build", CHARTS)
def test_charts_hold_no_rows_of_their_own(build: Build) -> None:
    found = specification(build, LIGHT, Locale("en", TEXTS), *CHARTS[build])
    assert "datasets" not in found
    assert '"name": "empty"' not in json.dumps(found)


def test_a_chart_is_built_once_for_each_theme_and_language() -> None:
    spanish = specification(predict.gauge, LIGHT, Locale("es", TEXTS))
    assert specification(predict.gauge, LIGHT, Locale("es", TEXTS)) is spanish
    assert specification(predict.gauge, LIGHT, Locale("en", TEXTS)) != spanish


@pytest.mark.parametrize(("language", "point"), [("es", ","), ("en", ".")])
def test_numbers_of_a_chart_are_written_as_the_page_writes_them(language: Language, point: str) -> None:
    found = specification(predict.gauge, LIGHT, Locale(language, TEXTS))
    assert found["config"]["locale"]["number"]["decimal"] == point


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2, of a colour such as #0d6b63."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_colours_can_be_distinguished_in_grey_and_read(colours: Colours) -> None:
    assert contrast(colours.like, colours.dislike) > 2
    assert contrast(colours.text, colours.background) > 7
    assert contrast(colours.label, colours.background) > 4.5
