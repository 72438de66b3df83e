"""Metrics with their intervals: of champion and challenger, and of every version."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import altair as alt
import pandas as pd

from song_preference.serving.versions import Measured
from streamlit_app.i18n import Locale
from streamlit_app.model import versions
from streamlit_app.model.charts import PADDING
from streamlit_app.model.versions import OTHER, ROLES, Ends, Row
from streamlit_app.theme import Colours, without_data

HEIGHT = 240
SHAPES = ["circle", "diamond", "circle"]
ROW_HEIGHT, AXIS_HEIGHT = 30, 26
KEPT = 64


@lru_cache(KEPT)
def interval(colours: Colours, locale: Locale, ends: Ends, roles: int) -> dict[str, Any]:
    """Return a dot with its interval for each role, on an axis from end to end; see `interval_rows`."""
    labels = alt.Axis(orient="right", ticks=False, domain=False, labelFontSize=13, labelLimit=260, labelPadding=12)
    axis = alt.Axis(
        values=list(ends), grid=False, format=".2~f", labelFlush=True, domain=True, domainColor=colours.quiet
    )
    value, low = (alt.X(f"{name}:Q", title=None, axis=axis).scale(domain=list(ends)) for name in ("value", "low"))
    base = alt.Chart().encode(y=alt.Y("shown:N", sort=None, title=None, axis=labels), color=_colour(colours, None))
    bars = base.mark_rule(strokeWidth=4, strokeCap="round").encode(x=low, x2="high:Q")
    dots = base.mark_point(filled=True, opacity=1, size=150).encode(x=value, shape=_shape(None))
    height = ROW_HEIGHT * roles + AXIS_HEIGHT
    return without_data(alt.layer(bars, dots).properties(height=height, padding=PADDING), locale)


def interval_rows(intervals: Mapping[str, Measured], locale: Locale) -> pd.DataFrame:
    """Return a row for each role with its value, its interval and both in words."""
    return pd.DataFrame(
        [
            {"role": role, "shown": _named(role, measured, locale), **measured._asdict()}
            for role, measured in intervals.items()
        ]
    )


def _named(role: str, measured: Measured, locale: Locale) -> str:
    return f"{locale(f'model_{role}')} {versions.interval(measured, locale)}"


def _colour(colours: Colours, legend: alt.Legend | None) -> alt.Color:
    domain, tones = [*ROLES, OTHER], [colours.like, colours.dislike, colours.quiet]
    return alt.Color("role:N", legend=legend).scale(domain=domain, range=tones)


def _shape(legend: alt.Legend | None) -> alt.Shape:
    return alt.Shape("role:N", legend=legend).scale(domain=[*ROLES, OTHER], range=SHAPES)


@cache
def history(colours: Colours, locale: Locale) -> dict[str, Any]:
    """Return a chart of the ROC AUC with its interval by version, oldest first; roles by colour and shape."""
    names = " : ".join(f"datum.label == '{role}' ? '{locale(f'model_{role}')}'" for role in ROLES)
    legend = alt.Legend(orient="top", title=None, labelExpr=f"{names} : '{locale('model_other')}'", labelFontSize=13)
    x = alt.X("version:O", sort=None, title=locale("version"), axis=alt.Axis(labelAngle=0, labelOverlap=True))
    y = alt.Y("value:Q", title="ROC AUC", axis=alt.Axis(tickCount=5, format=".2f")).scale(zero=False)
    colour, shape = _colour(colours, legend), _shape(legend)
    size = alt.condition(alt.datum.role == OTHER, alt.value(60), alt.value(190))
    tooltip = [
        alt.Tooltip("version:N", title=locale("version")),
        alt.Tooltip("moment:N", title=locale("model_column_date")),
        alt.Tooltip("kind:N", title=locale("model_column_kind")),
        alt.Tooltip("shown:N", title="ROC AUC"),
    ]
    base = alt.Chart().encode(x=x, color=colour)
    bars = base.mark_rule(strokeWidth=3).encode(y=alt.Y("low:Q").scale(zero=False), y2="high:Q")
    dots = base.mark_point(filled=True, opacity=1).encode(y=y, shape=shape, size=size, tooltip=tooltip)
    return without_data(alt.layer(bars, dots).properties(height=HEIGHT, padding=PADDING), locale)


def history_rows(rows: Sequence[Row], limit: int) -> pd.DataFrame:
    """Return the newest `limit` of the versions with metrics, oldest first; empty if there are none."""
    measured = [row for row in rows if row.roc_auc is not None][:limit]
    return pd.DataFrame(
        [
            {
                "version": row.version,
                "role": row.role,
                "moment": row.moment,
                "kind": row.kind,
                "shown": row.shown,
                **row.roc_auc._asdict(),
            }
            for row in reversed(measured)
            if row.roc_auc is not None
        ]
    )
