"""Charts of the evaluation: specifications for each theme and language, and the rows that they draw."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from song_preference.evaluation import Bin, Curve, Importance
from streamlit_app.i18n import Locale
from streamlit_app.theme import Colours, without_data

Specification = dict[str, Any]

MODEL, BASELINE = "model", "baseline"
HEIGHT = 260
PADDING = {"left": 0, "right": 8, "top": 6, "bottom": 6}
DASHES = [[1, 0], [6, 4]]
DOTS = [2, 4]


@cache
def roc(colours: Colours, locale: Locale) -> Specification:
    """Return a chart of both models' ROC curves above the diagonal of chance; see `curve_rows`."""
    return _curves("roc", "linear", _diagonal(colours), colours, locale)


@cache
def precision_recall(colours: Colours, locale: Locale) -> Specification:
    """Return a chart of both models' curves above the share of likes, which is chance; see `curve_rows`."""
    chance = alt.Chart().mark_rule(**_guide(colours)).encode(y="mean(chance):Q")
    return _curves("pr", "step-before", chance, colours, locale)


def _curves(name: str, interpolate: Any, guide: alt.Chart, colours: Colours, locale: Locale) -> Specification:
    x, y = _share("x", locale(f"model_{name}_x"), locale), _share("y", locale(f"model_{name}_y"), locale)
    lines = alt.Chart().mark_line(interpolate=interpolate, strokeWidth=2.5)
    drawn = lines.encode(x=x, y=y, order="at:Q", **_series(colours, locale))
    return without_data(alt.layer(guide, drawn).properties(height=HEIGHT, padding=PADDING), locale)


def curve_rows(curves: Mapping[str, Curve], chance: float | None = None) -> pd.DataFrame:
    """Return a row for each point of the curves by series, in their order; `chance` is the same in all rows."""
    # The baseline first: the model's own line lies above it.
    return pd.concat(
        [
            pd.DataFrame({"series": name, "x": curves[name].x, "y": curves[name].y}).reset_index(names="at")
            for name in (BASELINE, MODEL)
        ],
        ignore_index=True,
    ).assign(chance=chance)


@cache
def calibration(colours: Colours, locale: Locale) -> Specification:
    """Return a chart of the share of likes by predicted probability, beside the diagonal; see `calibration_rows`."""
    x = _share("probability", locale("model_calibration_x"), locale)
    y = _share("liked", locale("model_calibration_y"), locale)
    base = alt.Chart().encode(x=x, y=y, **_series(colours, locale))
    tooltip = alt.Tooltip("songs:Q", title=locale("model_songs"), format=",")
    size = alt.Size("songs:Q", legend=None).scale(rangeMin=15, rangeMax=260)
    lines = base.mark_line(strokeWidth=2.5)
    dots = base.mark_circle(opacity=1).encode(size=size, tooltip=tooltip)
    return without_data(alt.layer(_diagonal(colours), lines, dots).properties(height=HEIGHT, padding=PADDING), locale)


def calibration_rows(bins: Mapping[str, Sequence[Bin]]) -> pd.DataFrame:
    """Return a row for each bin by series."""
    return pd.DataFrame([{"series": name, **found.model_dump()} for name in (BASELINE, MODEL) for found in bins[name]])


@cache
def importance(colours: Colours, locale: Locale) -> Specification:
    """Return a chart of the ROC AUC lost without each feature, the most important first; see `importance_rows`."""
    axis = alt.Axis(labelLimit=200, ticks=False, domain=False, labelPadding=10)
    y = alt.Y("name:N", sort=None, title=None, axis=axis)
    x = alt.X("mean:Q", title=locale("model_importance_x"), axis=alt.Axis(tickCount=4, grid=True))
    bars = alt.Chart().mark_bar(height=24, cornerRadius=4, color=colours.like).encode(x=x, y=y)
    # On a wider line, so that it is seen on the bar and beside it.
    spread = [
        alt.Chart().mark_rule(color=colour, strokeWidth=width).encode(x="low:Q", x2="high:Q", y=y)
        for colour, width in ((colours.background, 6), (colours.text, 2))
    ]
    zero = alt.Chart().mark_rule(color=colours.quiet).encode(x=alt.datum(0))
    return without_data(alt.layer(zero, bars, *spread).properties(height=HEIGHT, padding=PADDING), locale)


def importance_rows(importances: Sequence[Importance], locale: Locale) -> pd.DataFrame:
    """Return a row for each feature: its mean loss, one standard deviation to both sides; the greatest first."""
    return pd.DataFrame(
        [
            {
                "name": locale(found.feature),
                "mean": found.mean,
                "low": found.mean - found.std,
                "high": found.mean + found.std,
            }
            for found in sorted(importances, key=lambda found: -found.mean)
        ]
    )


def percent_axis(locale: Locale, **look: Any) -> alt.Axis:
    """Return an axis of shares of 1 in percent, in the language's format."""
    sign = locale.percent(0).removeprefix("0")
    return alt.Axis(labelExpr=f"round(datum.value * 100) + '{sign}'", tickCount=5, **{"grid": True, **look})


def _share(field: str, title: str, locale: Locale) -> Any:
    channel = alt.Y if field in {"y", "liked"} else alt.X
    return channel(f"{field}:Q", title=title, axis=percent_axis(locale)).scale(domain=[0, 1])


def _diagonal(colours: Colours) -> alt.Chart:
    # Of all rows one is left: the line is drawn once.
    drawn: alt.Chart = alt.Chart().transform_aggregate(rows="count()").mark_rule(**_guide(colours))
    return drawn.encode(x=alt.datum(0), y=alt.datum(0), x2=alt.datum(1), y2=alt.datum(1))


def _guide(colours: Colours) -> dict[str, Any]:
    return {"color": colours.quiet, "strokeDash": DOTS, "strokeWidth": 1.5}


def _series(colours: Colours, locale: Locale) -> dict[str, Any]:
    names = [MODEL, BASELINE]
    labels = f"datum.label == '{MODEL}' ? '{locale('model_this')}' : '{locale('model_baseline')}'"
    legend = alt.Legend(orient="top", title=None, labelExpr=labels, labelFontSize=13, symbolOpacity=1)
    return {
        "color": alt.Color("series:N", legend=legend).scale(domain=names, range=[colours.like, colours.dislike]),
        "strokeDash": alt.StrokeDash("series:N", legend=legend).scale(domain=names, range=DASHES),
    }
