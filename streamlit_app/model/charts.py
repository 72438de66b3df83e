"""Charts of the page "model", and the rows that they draw."""

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.evaluation import Bin, Confusion, Curve, Importance, Interval
from song_preference.features import DISLIKE, LIKE
from streamlit_app.i18n import Locale
from streamlit_app.theme import Colours, Drawing, by_label

Ends = tuple[float, float]

CHAMPION, CHALLENGER, OTHER = "champion", "challenger", "other"
ROLES = (CHAMPION, CHALLENGER)

SERIES = ("model", "baseline")
HEIGHT, HISTORY_HEIGHT, HISTOGRAM_HEIGHT, MATRIX_HEIGHT = 260, 240, 190, 210
ROW_HEIGHT, AXIS_HEIGHT = 30, 26
DASHES = [[1, 0], [6, 4]]
DOTS = [2, 4]
SHAPES = ["circle", "diamond", "circle"]
BINS = 25
ENDS: dict[str, Ends] = {
    # The Brier score of a constant probability of one half.
    "brier": (0, 0.25),
    "log_loss": (0, 1),
    "calibration_slope": (0, 2),
    "calibration_intercept": (-1, 1),
    "calibration_error": (0, 0.25),
}
"""Ends of the axis of each metric that is not best at 1, where they hold all intervals."""


def roc(colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of both models' ROC curves above the diagonal of chance; see `curve_rows`."""
    return _curves("roc", "linear", _diagonal(colours), colours, locale)


def precision_recall(colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of both models' curves above the share of likes, which is chance; see `curve_rows`."""
    chance = alt.Chart().mark_rule(**_guide(colours)).encode(y="mean(chance):Q")
    return _curves("pr", "step-before", chance, colours, locale)


def _curves(name: str, interpolate: Any, guide: alt.Chart, colours: Colours, locale: Locale) -> Drawing:
    lines = alt.Chart().mark_line(interpolate=interpolate, strokeWidth=2.5)
    axes = {at: _share(at, name, locale) for at in ("x", "y")}
    drawn = lines.encode(**axes, order="at:Q", **_series(colours, locale))
    return alt.layer(guide, drawn).properties(height=HEIGHT)


def curve_rows(curves: Mapping[str, Curve], chance: float | None = None) -> pd.DataFrame:
    """Return a row for each point of the curves by series, in their order; `chance` is the same in all rows."""
    # The baseline first: the model's own line lies above it.
    return pd.concat(
        [
            pd.DataFrame({"series": name, "x": curves[name].x, "y": curves[name].y}).reset_index(names="at")
            for name in reversed(SERIES)
        ],
        ignore_index=True,
    ).assign(chance=chance)


def calibration(colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of the share of likes by predicted probability, beside the diagonal; see `calibration_rows`."""
    axes = {at: _share(at, "calibration", locale) for at in ("x", "y")}
    base = alt.Chart().encode(**axes, **_series(colours, locale))
    tooltip = alt.Tooltip("songs:Q", title=locale("songs"), format=",")
    size = alt.Size("songs:Q", legend=None).scale(rangeMin=15, rangeMax=260)
    dots = base.mark_circle(opacity=1).encode(size=size, tooltip=tooltip)
    return alt.layer(_diagonal(colours), base.mark_line(strokeWidth=2.5), dots).properties(height=HEIGHT)


def calibration_rows(bins: Mapping[str, Sequence[Bin]]) -> pd.DataFrame:
    """Return a row for each bin by series: predicted probability `x`, share of likes `y`, and `songs`."""
    return pd.DataFrame(
        [
            {"series": name, "x": found.probability, "y": found.liked, "songs": found.songs}
            for name in reversed(SERIES)
            for found in bins[name]
        ]
    )


def importance(colours: Colours, locale: Locale) -> Drawing:
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
    return alt.layer(zero, bars, *spread).properties(height=HEIGHT)


def importance_rows(importances: Sequence[Importance], locale: Locale) -> pd.DataFrame:
    """Return a row for each feature: its mean loss, one standard deviation to both sides; the greatest first."""
    found = pd.DataFrame([each.model_dump() for each in importances]).sort_values("mean", ascending=False)
    return found.assign(
        name=found["feature"].map(locale), low=found["mean"] - found["std"], high=found["mean"] + found["std"]
    )


def histogram(colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of likes upwards and dislikes downwards, with both thresholds; see `histogram_rows`."""
    x = alt.X("low:Q", title=locale("model_calibration_x"), axis=alt.Axis(format=".0%", tickCount=5, grid=False))
    counts = alt.Axis(labelExpr="format(abs(datum.value), ',')", tickCount=4, tickMinStep=1)
    bars = alt.Chart().transform_filter("isValid(datum.label)").mark_bar(binSpacing=1)
    marks = alt.Chart().transform_filter("!isValid(datum.label)")
    tried = marks.mark_rule(color=colours.text, strokeWidth=2.5).encode(x="tried:Q")
    own = marks.mark_rule(color=colours.text, strokeDash=DOTS, strokeWidth=2.5).encode(x="own:Q")
    drawn = bars.encode(
        x=x.scale(domain=[0, 1], nice=False).bin("binned"),
        x2="high:Q",
        y=alt.Y("songs:Q", title=locale("songs"), axis=counts),
        color=by_label(colours),
        # What would not be recommended is pale.
        opacity=alt.Opacity("recommended:N", legend=None).scale(domain=[True, False], range=[1, 0.45]),
    )
    zero = alt.Chart().mark_rule(color=colours.quiet).encode(y=alt.datum(0))
    return alt.layer(drawn, zero, own, tried).properties(height=HISTOGRAM_HEIGHT)


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


def confusion_matrix(colours: Colours, _: Locale) -> Drawing:
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
    return alt.layer(cells, counts, names).properties(height=MATRIX_HEIGHT)


def confusion_rows(found: Confusion, locale: Locale) -> pd.DataFrame:
    """Return a row for each cell of the confusion matrix; `share` is that of the listener's label."""
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
                "name": locale("model_right" if name.startswith("true") else f"model_{name}"),
                "songs": getattr(found, name),
                "share": getattr(found, name) / whole if whole else 0.0,
                "is_right": name.startswith("true"),
            }
            for label, answer, name, whole in cells
        ]
    )


def intervals(colours: Colours, _: Locale, ends: Ends, roles: int) -> Drawing:
    """Return a dot with its interval for each role, on an axis from end to end; see `interval_rows`."""
    labels = alt.Axis(orient="right", ticks=False, domain=False, labelFontSize=13, labelLimit=260, labelPadding=12)
    axis = alt.Axis(values=ends, grid=False, format=".2~f", labelFlush=True, domain=True, domainColor=colours.quiet)
    value, low = (alt.X(f"{name}:Q", title=None, axis=axis).scale(domain=ends) for name in ("value", "low"))
    base = alt.Chart().encode(y=alt.Y("shown:N", sort=None, title=None, axis=labels), color=_by_role(colours))
    bars = base.mark_rule(strokeWidth=4, strokeCap="round").encode(x=low, x2="high:Q")
    dots = base.mark_point(filled=True, opacity=1, size=150).encode(x=value, shape=_shape_by_role())
    return alt.layer(bars, dots).properties(height=ROW_HEIGHT * roles + AXIS_HEIGHT)


def interval_rows(by_role: Mapping[str, Interval], locale: Locale) -> pd.DataFrame:
    """Return a row for each role with its value, its interval, and both as text."""
    return pd.DataFrame(
        [
            {
                "role": role,
                "shown": f"{locale(f'model_{role}')} {interval_text(measured, locale)}",
                **measured._asdict(),
            }
            for role, measured in by_role.items()
        ]
    )


def interval_text(measured: Interval, locale: Locale) -> str:
    """Return a value with its interval, such as 0.889 (0.845 to 0.932)."""
    return locale("model_interval", **measured._asdict())


def ends(name: str, shown: Sequence[Interval]) -> Ends:
    """Return the ends of the shortest axis with round ends that holds all of `shown`."""
    low, high = min(item.low for item in shown), max(item.high for item in shown)
    first, last = ENDS.get(name, (0.5, 1))
    return first if low >= first else floor(low), last if high <= last else ceil(high)


def history(colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of the ROC AUC by version, roles by colour and shape; see `page.version_rows`."""
    names = " : ".join(f"datum.label == '{role}' ? '{locale(f'model_{role}')}'" for role in ROLES)
    legend = alt.Legend(orient="top", title=None, labelExpr=f"{names} : '{locale('model_other')}'")
    x = alt.X("version:O", sort=None, title=locale("version"), axis=alt.Axis(labelAngle=0, labelOverlap=True))
    y = alt.Y("value:Q", title="ROC AUC", axis=alt.Axis(tickCount=5, format=".2f")).scale(zero=False)
    size = alt.condition(alt.datum.role == OTHER, alt.value(60), alt.value(190))
    tooltip = [
        alt.Tooltip("version:N", title=locale("version")),
        alt.Tooltip("moment:N", title=locale("model_column_date")),
        alt.Tooltip("kind:N", title=locale("model_column_kind")),
        alt.Tooltip("shown:N", title="ROC AUC"),
    ]
    base = alt.Chart().encode(x=x, color=_by_role(colours, legend))
    bars = base.mark_rule(strokeWidth=3).encode(y=alt.Y("low:Q").scale(zero=False), y2="high:Q")
    dots = base.mark_point(filled=True, opacity=1).encode(y=y, shape=_shape_by_role(legend), size=size, tooltip=tooltip)
    return alt.layer(bars, dots).properties(height=HISTORY_HEIGHT)


def _share(at: str, name: str, locale: Locale) -> Any:
    axis = alt.Axis(format=".0%", tickCount=5, grid=True)
    channel = {"x": alt.X, "y": alt.Y}[at](f"{at}:Q", title=locale(f"model_{name}_{at}"), axis=axis)
    return channel.scale(domain=[0, 1])


def _diagonal(colours: Colours) -> alt.Chart:
    # Of all rows one is left: the line is drawn once.
    drawn: alt.Chart = alt.Chart().transform_aggregate(rows="count()").mark_rule(**_guide(colours))
    return drawn.encode(x=alt.datum(0), y=alt.datum(0), x2=alt.datum(1), y2=alt.datum(1))


def _guide(colours: Colours) -> dict[str, Any]:
    return {"color": colours.quiet, "strokeDash": DOTS, "strokeWidth": 1.5}


def _series(colours: Colours, locale: Locale) -> dict[str, Any]:
    labels = f"datum.label == 'model' ? '{locale('model_this')}' : '{locale('model_kind_logistic_regression')}'"
    legend = alt.Legend(orient="top", title=None, labelExpr=labels, symbolOpacity=1)
    return {
        "color": alt.Color("series:N", legend=legend).scale(domain=SERIES, range=[colours.like, colours.dislike]),
        "strokeDash": alt.StrokeDash("series:N", legend=legend).scale(domain=SERIES, range=DASHES),
    }


def _by_role(colours: Colours, legend: alt.Legend | None = None) -> alt.Color:
    tones = [colours.like, colours.dislike, colours.quiet]
    return alt.Color("role:N", legend=legend).scale(domain=[*ROLES, OTHER], range=tones)


def _shape_by_role(legend: alt.Legend | None = None) -> alt.Shape:
    return alt.Shape("role:N", legend=legend).scale(domain=[*ROLES, OTHER], range=SHAPES)
