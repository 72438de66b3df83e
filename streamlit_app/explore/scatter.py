"""Songs by two features, over what the model says of such songs."""

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from song_preference.features import DISLIKE, LABEL, LIKE
from song_preference.prediction import Batch
from streamlit_app.explore.shades import of_probability
from streamlit_app.explore.surface import Plane, Side
from streamlit_app.theme import Colours, without_data
from streamlit_app.words import Words

SHOWN_SONGS = 2_000
"""More points hide each other."""

HEIGHT = 440
KEPT = 64
CELL, BORDER, SONG = "cell", "border", "song"


@lru_cache(KEPT)
def scatter(colours: Colours, words: Words, x: Side, y: Side) -> dict[str, Any]:
    """Songs as points, above cells coloured by probability and the line where it crosses the threshold.

    See `scatter_rows`.
    """
    axis = alt.Axis(grid=False, tickCount=6)
    base = alt.Chart().encode(
        x=alt.X("x:Q", title=words(x.feature), axis=axis).scale(domain=x.range, nice=False),
        y=alt.Y("y:Q", title=words(y.feature), axis=axis).scale(domain=y.range, nice=False),
    )
    spanning = base.encode(x2="x2", y2="y2")
    shade = alt.Scale(domain=[0, 1], range=of_probability(colours), interpolate="rgb")
    # Strokes of the same colour hide the seams between neighbours.
    cells = spanning.mark_rect(strokeWidth=1).encode(
        fill=alt.Fill("probability:Q", scale=shade, legend=None),
        stroke=alt.Stroke("probability:Q", scale=shade, legend=None),
        tooltip=alt.Tooltip("probability:Q", title=words("probability"), format=".2f"),
    )
    border = spanning.mark_rule(strokeWidth=2, strokeCap="round", color=colours.text)
    layers = [cells.transform_filter(alt.datum.kind == CELL), border.transform_filter(alt.datum.kind == BORDER)]
    told = [alt.Tooltip(f"{at}:Q", title=words(side.feature), format=".3f") for at, side in (("x", x), ("y", y))]
    for label, colour, edge, shape in (
        (DISLIKE, colours.dislike, colours.text, "triangle-up"),
        (LIKE, colours.like, colours.background, "circle"),
    ):
        points = base.mark_point(
            filled=True, size=58, shape=shape, color=colour, stroke=edge, strokeWidth=0.7, opacity=1
        )
        layers.append(points.encode(tooltip=told).transform_filter(alt.datum.label == label))
    return without_data(alt.layer(*layers).properties(height=HEIGHT), words)


def scatter_rows(songs: pd.DataFrame, plane: Plane, answers: Batch | None) -> pd.DataFrame:
    """What is drawn, by `kind`: at most `SHOWN_SONGS` songs, and where there are `answers` cells and their border.

    `answers` are those for the plane's corners.
    """
    shown = songs.sample(min(len(songs), SHOWN_SONGS), random_state=0)
    labels = shown[LABEL].map({1: LIKE, 0: DISLIKE})
    points = pd.DataFrame({"kind": SONG, "x": shown[plane.x.feature], "y": shown[plane.y.feature], "label": labels})
    if answers is None:
        return points
    cells = plane.cells(answers.probability).assign(kind=CELL)
    border = plane.border(answers.probability, answers.threshold).assign(kind=BORDER)
    return pd.concat([cells, border, points], ignore_index=True)
