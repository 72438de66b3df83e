"""Where the test songs lie by their probability, and on which side of a threshold."""

from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.features import DISLIKE, LIKE
from streamlit_app.model.charts import DOTS, PADDING, percent_axis
from streamlit_app.theme import Colours, without_data
from streamlit_app.words import Words

BINS = 25
HEIGHT = 190


@cache
def histogram(colours: Colours, words: Words) -> dict[str, Any]:
    """Likes upwards and dislikes downwards, with the tried threshold and the model's own; see `histogram_rows`."""
    x = alt.X("low:Q", title=words("model_calibration_x"), axis=percent_axis(words, grid=False))
    counts = alt.Axis(labelExpr="format(abs(datum.value), ',')", tickCount=4, tickMinStep=1)
    colour = alt.Color("label:N", legend=None).scale(domain=[LIKE, DISLIKE], range=[colours.like, colours.dislike])
    bars = alt.Chart().transform_filter("isValid(datum.label)").mark_bar(binSpacing=1)
    marks = alt.Chart().transform_filter("!isValid(datum.label)")
    tried = marks.mark_rule(color=colours.text, strokeWidth=2.5).encode(x="tried:Q")
    own = marks.mark_rule(color=colours.text, strokeDash=DOTS, strokeWidth=2.5).encode(x="own:Q")
    drawn = bars.encode(
        x=x.scale(domain=[0, 1], nice=False).bin("binned"),
        x2="high:Q",
        y=alt.Y("songs:Q", title=words("model_songs"), axis=counts),
        color=colour,
        # What would not be recommended is pale.
        opacity=alt.Opacity("recommended:N", legend=None).scale(domain=[True, False], range=[1, 0.45]),
    )
    zero = alt.Chart().mark_rule(color=colours.quiet).encode(y=alt.datum(0))
    return without_data(alt.layer(drawn, zero, own, tried).properties(height=HEIGHT, padding=PADDING), words)


def histogram_rows(
    labels: NDArray[np.int64], probability: NDArray[np.float64], tried: float, own: float
) -> pd.DataFrame:
    """A row for each label and bin, dislikes below zero, and a last one, without label, for the two thresholds.

    A bin that the tried threshold cuts is divided there.
    """
    edges = np.unique(np.append(np.linspace(0, 1, BINS + 1), tried))
    rows = []
    for label, value, sign in ((LIKE, 1, 1), (DISLIKE, 0, -1)):
        counts, _ = np.histogram(probability[labels == value], edges)
        sides = {"low": edges[:-1], "high": edges[1:], "songs": sign * counts, "recommended": edges[:-1] >= tried}
        rows.append(pd.DataFrame({"label": label, **sides}))
    return pd.concat([*rows, pd.DataFrame([{"tried": tried, "own": own}])], ignore_index=True)
