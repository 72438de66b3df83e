import json
from collections.abc import Callable
from typing import Any

import altair as alt
import pandas as pd
import pytest

from streamlit_app.explore import charts as explore
from streamlit_app.i18n import Locale
from streamlit_app.model import charts as model
from streamlit_app.model import intervals as model_versions
from streamlit_app.model import threshold as model_threshold
from streamlit_app.predict import charts as predict
from streamlit_app.theme import DARK, LIGHT, Colours, specification_of
from tests.support.dashboard import TEXTS

Chart = Callable[[Colours, Locale], dict[str, Any]]
CHARTS: list[Chart] = [
    predict.gauge,
    predict.contributions,
    explore.distribution,
    explore.correlation_map,
    model.roc,
    model.precision_recall,
    model.calibration,
    model.importance,
    model_threshold.histogram,
    model_threshold.confusion_matrix,
    model_versions.history,
]


@pytest.mark.parametrize("chart", CHARTS)
def test_charts_hold_no_rows_of_their_own(chart: Chart) -> None:
    specification = chart(LIGHT, Locale("en", TEXTS))
    assert "datasets" not in specification
    assert '"name": "empty"' not in json.dumps(specification)


def test_numbers_of_a_chart_are_written_as_the_page_writes_them() -> None:
    chart = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x="x:Q")
    for language, point in (("es", ","), ("en", ".")):
        assert specification_of(chart, Locale(language, TEXTS))["config"]["locale"]["number"]["decimal"] == point  # type: ignore[arg-type]


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2, of a colour such as #0d6b63."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_colours_can_be_told_apart_in_grey_and_read(colours: Colours) -> None:
    assert contrast(colours.like, colours.dislike) > 2
    assert contrast(colours.text, colours.background) > 7
    assert contrast(colours.label, colours.background) > 4.5
