"""Charts of the page "predict", and the rows that they draw.

The strips below the sliders are no charts but their background: a browser draws four charts more at each move of a
slider otherwise.
"""

import math
from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from song_preference.dataset.version import Spread
from song_preference.features import DISLIKE, LIKE
from song_preference.prediction import Prediction
from streamlit_app.i18n import Locale
from streamlit_app.theme import Colours, Drawing, by_label

START, END = -0.6 * math.pi, 0.6 * math.pi
"""Ends of the gauge's arc in radians; 0 is up."""

OUTER, INNER, MARK = 118, 94, 6
GAUGE_HEIGHT = 190
GAP = 0.93
"""Width of a bar as a share of its bin."""

BARS_HEIGHT = 216


def gauge(colours: Colours, _: Locale) -> Drawing:
    """Return a chart of the probability as an arc, with a mark at the threshold; see `gauge_rows`."""
    anchor = {"x": alt.value({"expr": "width / 2"}), "y": alt.value(OUTER + 14)}

    def arc(start: str, end: str, *, wider: int = 0, **look: Any) -> alt.Chart:
        mark = alt.Chart().mark_arc(innerRadius=INNER - wider, outerRadius=OUTER + wider, **look)
        drawn: alt.Chart = mark.encode(
            **anchor, theta=alt.Theta(f"{start}:Q", scale=None, stack=None), theta2=alt.Theta2(f"{end}:Q")
        )
        return drawn

    number = alt.Chart().mark_text(fontSize=50, fontWeight=600, color=colours.text, dy=-6)
    return alt.layer(
        arc("start", "end", cornerRadius=6, color=colours.quiet, opacity=0.25),
        arc("start", "value", cornerRadius=6).encode(color=by_label(colours)),
        arc("mark_start", "mark_end", wider=MARK, color=colours.text),
        number.encode(**anchor, text=alt.Text("probability:Q", format=".0%")),
    ).properties(height=GAUGE_HEIGHT)


def gauge_rows(prediction: Prediction) -> pd.DataFrame:
    """Return one row: start, end and filled end of the arc in radians, the mark, the probability and the label."""
    row = {
        "start": START,
        "end": END,
        # A probability of zero is still seen.
        "value": _angle(max(prediction.probability, 0.012)),
        "mark_start": _angle(prediction.threshold - 0.004),
        "mark_end": _angle(prediction.threshold + 0.004),
        "label": prediction.label,
        "probability": prediction.probability,
    }
    return pd.DataFrame([row])


def _angle(share: float) -> float:
    return START + (END - START) * min(max(share, 0.0), 1.0)


def strip(spreads: list[Spread], colours: Colours) -> str:
    """Return a feature's distribution in SVG: shares of liked songs upwards, of disliked ones downwards, by bins."""
    most = max(max(spread.histogram.counts) / spread.songs for spread in spreads)
    bars = "".join(
        _bar(spread, index, count / spread.songs / most, colours)
        for spread in spreads
        for index, count in enumerate(spread.histogram.counts)
        if count
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 2" preserveAspectRatio="none" fill-opacity="0.55">'
        f"{bars}</svg>"
    )


def _bar(spread: Spread, index: int, height: float, colours: Colours) -> str:
    start, end = spread.histogram.edges[index : index + 2]
    top, colour = (1 - height, colours.like) if spread.label == LIKE else (1.0, colours.dislike)
    shape = f'x="{start:.4f}" y="{top:.4f}" width="{(end - start) * GAP:.4f}" height="{height:.4f}"'
    return f'<rect {shape} fill="{colour}"/>'


def contributions(colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of what each feature adds to the probability or takes from it; see `contribution_rows`."""
    axis = alt.Axis(grid=False, tickCount=5)
    base = alt.Chart().encode(
        y=alt.Y("feature:N", sort=None, title=None).axis(labelLimit=200, ticks=False, domain=False, labelPadding=10),
        x=alt.X("points:Q", title=locale("predict_points"), axis=axis),
    )
    # Invisible; they make room for the numbers, and as much to the left as to the right.
    ends = [base.mark_point(opacity=0).encode(x=alt.X(f"{end}:Q", axis=axis)) for end in ("reach", "negative_reach")]
    zero = alt.Chart().mark_rule(color=colours.quiet).encode(x=alt.datum(0))
    bars = base.mark_bar(height=20, cornerRadius=4).encode(color=by_label(colours))
    look: dict[str, Any] = {"color": colours.text, "fontSize": 13}
    numbers = base.encode(text=alt.Text("points:Q", format="+.1f"))
    adding = numbers.mark_text(align="left", dx=6, **look).transform_filter(alt.datum.label == LIKE)
    taking = numbers.mark_text(align="right", dx=-6, **look).transform_filter(alt.datum.label == DISLIKE)
    return alt.layer(*ends, zero, bars, adding, taking).properties(height=BARS_HEIGHT)


def contribution_rows(by_feature: Mapping[str, float], locale: Locale) -> pd.DataFrame:
    """Return a row for each feature with its contribution in percentage points, the strongest first."""
    reach = max(130 * max(map(abs, by_feature.values())), 5.0)
    strongest_first = sorted(by_feature.items(), key=lambda item: -abs(item[1]))
    rows = [
        {"feature": locale(feature), "points": value * 100, "label": LIKE if value >= 0 else DISLIKE}
        for feature, value in strongest_first
    ]
    return pd.DataFrame(rows).assign(reach=reach, negative_reach=-reach)
