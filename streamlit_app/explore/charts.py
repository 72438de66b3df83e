"""How each feature is spread among the liked and the disliked songs, and what goes with what."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from song_preference.dataset.version import Spread
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from streamlit_app.explore.shades import of_correlation
from streamlit_app.theme import DARK, LIGHT, Colours, without_data
from streamlit_app.words import Words

Specification = dict[str, Any]

DISTRIBUTION_HEIGHT = 160
ROW_HEIGHT = 62
PADDING = {"left": 0, "right": 5, "top": 5, "bottom": 0}
MINUS = "\N{MINUS SIGN}"
STRONG = {LIGHT: 0.75, DARK: 0.48}
"""From this correlation on a cell is so full of colour that the other ink is read more easily."""


@cache
def distribution(colours: Colours, words: Words) -> Specification:
    """The disliked songs as an area, the liked ones as a line above it; see `distribution_rows`."""
    x = alt.X("low:Q", title=None, axis=alt.Axis(grid=False, tickCount=5)).scale(domain=[0, 1])
    axis = alt.Axis(tickCount=4)
    area = alt.Chart().mark_area(interpolate="step-after", color=colours.dislike)
    line = alt.Chart().mark_line(interpolate="step-after", color=colours.like, strokeWidth=2.5)
    hovered = alt.Chart().mark_rect(opacity=0).transform_filter("isValid(datum.high)")
    told = [
        alt.Tooltip("low:Q", title=words("explore_from"), format=".2f"),
        alt.Tooltip("high:Q", title=words("explore_to"), format=".2f"),
        *(alt.Tooltip(f"{name}:Q", title=f"{words(name)} (%)", format=".1f") for name in (LIKE, DISLIKE)),
    ]
    return without_data(
        alt.layer(
            area.encode(x=x, y=alt.Y(f"{DISLIKE}:Q", title=words("explore_share"), axis=axis)),
            line.encode(x=x, y=alt.Y(f"{LIKE}:Q", title=words("explore_share"), axis=axis)),
            hovered.encode(x=x, x2="high", tooltip=told),
        ).properties(height=DISTRIBUTION_HEIGHT, padding=PADDING),
        words,
    )


def distribution_rows(spreads: Sequence[Spread]) -> pd.DataFrame:
    """Of one feature, a row for each bin: its sides `low` and `high`, and the percentages of likes and dislikes.

    The last row holds no bin: it stands where the last step ends.
    """
    found = {spread.label: spread.histogram for spread in spreads}
    edges = found[LIKE].edges
    percentages = {label: 100 * np.array(bins.counts) / sum(bins.counts) for label, bins in found.items()}
    bins = pd.DataFrame({"low": edges[:-1], "high": edges[1:], **percentages})
    return pd.concat([bins, bins.tail(1).assign(low=edges[-1], high=None)], ignore_index=True)


@cache
def correlation_map(colours: Colours, words: Words) -> Specification:
    """Each pair once, as a square with its number; see `correlation_rows`."""
    names = _names(words)
    look: dict[str, Any] = {"title": None, "domain": False, "ticks": False, "labelPadding": 8}
    # Two words stand below each other: four columns fit a phone.
    across = alt.Axis(labelAngle=0, labelFlush=False, labelExpr="split(datum.label, ' ')", **look)
    base = (
        alt.Chart()
        .transform_filter("isValid(datum.value)")
        .encode(
            x=alt.X("column:N", axis=across).scale(domain=names[:-1]),
            y=alt.Y("row:N", axis=alt.Axis(**look)).scale(domain=names[1:]),
        )
    )
    squares = base.mark_rect(cornerRadius=8, stroke=colours.background, strokeWidth=3).encode(
        color=alt.Color("value:Q", legend=None).scale(
            domain=[-1, 0, 1], range=of_correlation(colours), interpolate="rgb"
        ),
    )
    numbers = base.mark_text(fontSize=15, fontWeight=600).encode(
        text=alt.Text("value:Q", format="+.2f"),
        color=alt.condition(alt.datum.value > STRONG[colours], alt.value(colours.background), alt.value(colours.text)),
    )
    return without_data(
        alt.layer(squares, numbers).properties(height=ROW_HEIGHT * len(FEATURES), padding=PADDING), words
    )


def correlation_rows(found: pd.DataFrame, words: Words) -> pd.DataFrame:
    """What `correlations` found, by names in the language."""
    names = dict(zip([*FEATURES, LABEL], _names(words), strict=True))
    return found.assign(row=found["row"].map(names), column=found["column"].map(names))


def _names(words: Words) -> list[str]:
    return [*map(words, FEATURES), words("explore_liking")]


def correlations(songs: pd.DataFrame) -> pd.DataFrame:
    """Pearson's correlation of each pair of features and label: `row`, `column`, `value`; the strongest first.

    A column in which all songs are the same goes with nothing: its pairs are left out.
    """
    names = [*FEATURES, LABEL]
    values = songs[names].astype("float64").corr().to_numpy()
    pairs = [(names[row], names[column], values[row, column]) for row in range(len(names)) for column in range(row)]
    found = pd.DataFrame(pairs, columns=["row", "column", "value"]).dropna()
    return found.sort_values("value", key=abs, ascending=False, ignore_index=True)
