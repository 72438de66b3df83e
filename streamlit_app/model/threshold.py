"""What a threshold does: the test songs by probability on both sides of it, the confusion matrix, the metrics."""

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from song_preference.evaluation import Confusion
from song_preference.features import DISLIKE, LIKE
from streamlit_app.i18n import Locale
from streamlit_app.model.charts import DOTS, PADDING, percent_axis
from streamlit_app.theme import Colours, without_data

BINS = 25
HEIGHT = 190
MATRIX_HEIGHT = 210


@cache
def histogram(colours: Colours, locale: Locale) -> dict[str, Any]:
    """Return a chart of likes upwards and dislikes downwards, with both thresholds; see `histogram_rows`."""
    x = alt.X("low:Q", title=locale("model_calibration_x"), axis=percent_axis(locale, grid=False))
    counts = alt.Axis(labelExpr="format(abs(datum.value), ',')", tickCount=4, tickMinStep=1)
    colour = alt.Color("label:N", legend=None).scale(domain=[LIKE, DISLIKE], range=[colours.like, colours.dislike])
    bars = alt.Chart().transform_filter("isValid(datum.label)").mark_bar(binSpacing=1)
    marks = alt.Chart().transform_filter("!isValid(datum.label)")
    tried = marks.mark_rule(color=colours.text, strokeWidth=2.5).encode(x="tried:Q")
    own = marks.mark_rule(color=colours.text, strokeDash=DOTS, strokeWidth=2.5).encode(x="own:Q")
    drawn = bars.encode(
        x=x.scale(domain=[0, 1], nice=False).bin("binned"),
        x2="high:Q",
        y=alt.Y("songs:Q", title=locale("model_songs"), axis=counts),
        color=colour,
        # What would not be recommended is pale.
        opacity=alt.Opacity("recommended:N", legend=None).scale(domain=[True, False], range=[1, 0.45]),
    )
    zero = alt.Chart().mark_rule(color=colours.quiet).encode(y=alt.datum(0))
    return without_data(alt.layer(drawn, zero, own, tried).properties(height=HEIGHT, padding=PADDING), locale)


def histogram_rows(
    labels: NDArray[np.int64], probability: NDArray[np.float64], tried: float, own: float
) -> pd.DataFrame:
    """Return a row for each label and bin, dislikes below zero, and a last one, without label, for the thresholds.

    A bin that the tried threshold cuts is divided there.
    """
    edges = np.unique(np.append(np.linspace(0, 1, BINS + 1), tried))
    rows = []
    for label, value, sign in ((LIKE, 1, 1), (DISLIKE, 0, -1)):
        counts, _ = np.histogram(probability[labels == value], edges)
        sides = {"low": edges[:-1], "high": edges[1:], "songs": sign * counts, "recommended": edges[:-1] >= tried}
        rows.append(pd.DataFrame({"label": label, **sides}))
    return pd.concat([*rows, pd.DataFrame([{"tried": tried, "own": own}])], ignore_index=True)


@cache
def confusion_matrix(colours: Colours, locale: Locale) -> dict[str, Any]:
    """Return a chart of the confusion matrix, the more colour the more songs; see `confusion_rows`."""
    look: dict[str, Any] = {"title": None, "domain": False, "ticks": False, "labelFontSize": 13, "labelPadding": 8}
    base = alt.Chart().encode(
        x=alt.X("model:N", sort=None, axis=alt.Axis(orient="top", labelAngle=0, **look)),
        y=alt.Y("listener:N", sort=None, axis=alt.Axis(**look)),
    )
    cells = base.mark_rect(cornerRadius=8, stroke=colours.background, strokeWidth=4).encode(
        color=alt.Color("is_right:N", legend=None).scale(domain=[True, False], range=[colours.like, colours.dislike]),
        opacity=alt.Opacity("share:Q", legend=None).scale(domain=[0, 1], range=[0.08, 0.5]),
    )
    counts = base.mark_text(fontSize=22, fontWeight=600, dy=-8, color=colours.text).encode(text="songs:Q")
    names = base.mark_text(fontSize=13, dy=14, color=colours.text).encode(text="name:N")
    return without_data(alt.layer(cells, counts, names).properties(height=MATRIX_HEIGHT, padding=PADDING), locale)


def confusion_rows(found: Confusion, locale: Locale) -> pd.DataFrame:
    """Return a row for each cell of the confusion matrix."""
    cells = (
        (LIKE, "recommends", "true_positives", found.liked),
        (LIKE, "declines", "false_negatives", found.liked),
        (DISLIKE, "recommends", "false_positives", found.songs - found.liked),
        (DISLIKE, "declines", "true_negatives", found.songs - found.liked),
    )
    return pd.DataFrame(
        [
            {
                "listener": locale(label),
                "model": locale(f"model_{answer}"),
                "name": locale(f"model_{name}"),
                "songs": getattr(found, name),
                "share": getattr(found, name) / whole if whole else 0.0,
                "is_right": name in {"true_positives", "true_negatives"},
            }
            for label, answer, name, whole in cells
        ]
    )


def effect(tried: Confusion, own: Confusion, locale: Locale) -> None:
    """Draw four metrics at the tried threshold, beside those at the model's own if they differ."""
    of_recommended = _of(tried.true_positives, tried.recommended, locale)
    right = _of(tried.true_positives + tried.true_negatives, tried.songs, locale)
    shown = (
        ("precision", tried.precision, own.precision, of_recommended),
        ("recall", tried.recall, own.recall, _of(tried.true_positives, tried.liked, locale)),
        ("accuracy", tried.accuracy, own.accuracy, right),
        ("f1", tried.f1, own.f1, ""),
    )
    columns = [*st.columns(2), *st.columns(2)]
    for (name, value, before, counts), column in zip(shown, columns, strict=True):
        at_tried, at_own = _shown(name, value, locale), _shown(name, before, locale)
        change = "" if at_tried == at_own else locale("model_before", value=at_own)
        notes = " · ".join(filter(None, (counts, change)))
        column.metric(locale(f"model_{name}"), at_tried, notes or None, delta_color="off", delta_arrow="off")


def _of(part: int, whole: int, locale: Locale) -> str:
    return locale("model_of", part=locale.number(part), whole=locale.number(whole))


def _shown(name: str, value: float | None, locale: Locale) -> str:
    if value is None:
        return "—"
    return locale.number(value, 2) if name == "f1" else locale.percent(value)
