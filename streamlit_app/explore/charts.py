"""Charts of the page "explore": likes and dislikes, distributions, correlations, songs over what the model predicts."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.dataset.version import Spread
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from song_preference.prediction import Batch
from streamlit_app.i18n import Locale
from streamlit_app.theme import DARK, LIGHT, Colours, Drawing, by_label, label_legend

BAR_HEIGHT, DISTRIBUTION_HEIGHT, SCATTER_HEIGHT = 90, 190, 470
ROW_HEIGHT = 62
STRONG = {LIGHT: 0.75, DARK: 0.48}
"""The correlation above which a cell is so dark, or so bright, that its number has the background's colour."""

SHOWN_SONGS = 2_000
"""Greatest number of points: more of them hide each other."""

CELL, BORDER, SONG = "cell", "border", "song"

CROSS = "M-1,-1L1,1M-1,1L1,-1"
"""The mark of a missed song, as an SVG path."""

STEPS = 48
"""Number of cells along each side: more do not improve the picture."""

TICK = 0.05
"""Unit to which the ends of the plane are rounded."""


def proportion(colours: Colours, _: Locale, liked: str, disliked: str) -> Drawing:
    """Return one bar that is divided between liked and disliked songs, which the legend names."""
    bar: alt.Chart = alt.Chart().mark_bar(height=20, cornerRadius=4)
    return bar.encode(
        x=alt.X("songs:Q", stack="normalize", axis=None),
        color=by_label(colours, label_legend(liked, disliked)),
        order=alt.Order("label:N", sort="descending"),
    ).properties(height=BAR_HEIGHT)


def distribution(colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of the disliked songs as an area and the liked ones as a line; see `distribution_rows`."""
    x = alt.X("low:Q", title=None, axis=alt.Axis(grid=False, tickCount=5)).scale(domain=[0, 1])
    base = alt.Chart().encode(x=x)
    colour = by_label(colours, label_legend(locale(LIKE), locale(DISLIKE)))

    def steps(label: str) -> alt.Chart:
        y = alt.Y(f"{label}:Q", title=locale("explore_share"), axis=alt.Axis(tickCount=4))
        drawn: alt.Chart = base.transform_calculate(label=f"'{label}'").encode(y=y, color=colour)
        return drawn

    hovered = base.mark_rect(opacity=0).transform_filter("isValid(datum.high)")
    tooltip = [
        alt.Tooltip("low:Q", title=locale("explore_from"), format=".2f"),
        alt.Tooltip("high:Q", title=locale("explore_to"), format=".2f"),
        *(alt.Tooltip(f"{name}:Q", title=f"{locale(name)} (%)", format=".1f") for name in (LIKE, DISLIKE)),
    ]
    return alt.layer(
        steps(DISLIKE).mark_area(interpolate="step-after", opacity=1),
        steps(LIKE).mark_line(interpolate="step-after", strokeWidth=2.5),
        hovered.encode(x2="high", tooltip=tooltip),
    ).properties(height=DISTRIBUTION_HEIGHT)


def distribution_rows(spreads: Sequence[Spread]) -> pd.DataFrame:
    """Return a row for each bin of a feature: its ends `low` and `high`, the percentages of likes and of dislikes.

    The last row holds no bin: it stands where the last step ends.
    """
    found = {spread.label: spread.histogram for spread in spreads}
    edges = found[LIKE].edges
    percentages = {label: 100 * np.array(bins.counts) / sum(bins.counts) for label, bins in found.items()}
    bins = pd.DataFrame({"low": edges[:-1], "high": edges[1:], **percentages})
    return pd.concat([bins, bins.tail(1).assign(low=edges[-1], high=None)], ignore_index=True)


def correlation_map(colours: Colours, locale: Locale) -> Drawing:
    """Return a chart of each pair once, as a square with its number; see `correlation_rows`."""
    names = _names(locale)
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
    shade = alt.Scale(domain=[-1, 0, 1], range=[colours.dislike, colours.neutral, colours.like], interpolate="rgb")
    squares = base.mark_rect(cornerRadius=8, stroke=colours.background, strokeWidth=3)
    numbers = base.mark_text(fontSize=15, fontWeight=600).encode(
        text=alt.Text("value:Q", format="+.2f"),
        color=alt.condition(alt.datum.value > STRONG[colours], alt.value(colours.background), alt.value(colours.text)),
    )
    drawn = alt.layer(squares.encode(color=alt.Color("value:Q", legend=None, scale=shade)), numbers)
    return drawn.properties(height=ROW_HEIGHT * len(FEATURES))


def correlation_rows(found: pd.DataFrame, locale: Locale) -> pd.DataFrame:
    """Return the rows of `correlations` with names in the page's language."""
    names = dict(zip([*FEATURES, LABEL], _names(locale), strict=True))
    return found.assign(row=found["row"].map(names), column=found["column"].map(names))


def _names(locale: Locale) -> list[str]:
    return [*map(locale, FEATURES), locale(LIKE)]


def correlations(songs: pd.DataFrame) -> pd.DataFrame:
    """Return Pearson's correlation of each pair of features and label: `row`, `column`, `value`; the strongest first.

    A column in which all songs are the same goes with nothing: its pairs are left out.
    """
    names = [*FEATURES, LABEL]
    values = songs[names].astype("float64").corr().to_numpy()
    pairs = [(names[row], names[column], values[row, column]) for row in range(len(names)) for column in range(row)]
    found = pd.DataFrame(pairs, columns=["row", "column", "value"]).dropna()
    return found.sort_values("value", key=abs, ascending=False, ignore_index=True)


class Side(NamedTuple):
    """A feature along a side of the plane, over the range of the songs."""

    feature: str
    range: tuple[float, float]

    @classmethod
    def of(cls, songs: pd.DataFrame, feature: str) -> "Side":
        """Return the side from the least to the greatest value, rounded outwards to a multiple of `TICK`."""
        low = math.floor(songs[feature].min() / TICK) * TICK
        high = math.ceil(songs[feature].max() / TICK) * TICK
        if high <= low:
            low, high = low - TICK, high + TICK
        return cls(feature, (max(0.0, low), min(1.0, high)))

    def edges(self) -> NDArray[np.float64]:
        """Return the (STEPS + 1,) edges of the cells, ascending."""
        return np.linspace(*self.range, STEPS + 1)


class Plane(NamedTuple):
    """Two features, cut into STEPS x STEPS cells; the others are held."""

    x: Side
    y: Side
    held: dict[str, float]
    """The median of each other feature."""

    @classmethod
    def through(cls, songs: pd.DataFrame, x: str, y: str) -> "Plane":
        """Return the plane that contains every song's `x` and `y`."""
        held = {name: float(songs[name].median()) for name in FEATURES if name not in {x, y}}
        return cls(Side.of(songs, x), Side.of(songs, y), held)

    def corners(self) -> NDArray[np.float32]:
        """Return ((STEPS + 1)^2, 4) features of the corners of the cells, row by row from the bottom."""
        x, y = np.meshgrid(self.x.edges(), self.y.edges())
        values = {self.x.feature: x.ravel(), self.y.feature: y.ravel()}
        columns = [values[name] if name in values else np.full(x.size, self.held[name]) for name in FEATURES]
        return np.column_stack(columns).astype(np.float32)

    def cells(self, probability: NDArray[np.float32]) -> pd.DataFrame:
        """Return each cell from (x, y) to (x2, y2) with the mean `probability` of its `corners`."""
        left, bottom = np.meshgrid(self.x.edges()[:-1], self.y.edges()[:-1])
        right, top = np.meshgrid(self.x.edges()[1:], self.y.edges()[1:])
        at = probability.reshape(STEPS + 1, STEPS + 1)
        mean = (at[:-1, :-1] + at[1:, :-1] + at[:-1, 1:] + at[1:, 1:]) / 4
        sides = {"x": left, "y": bottom, "x2": right, "y2": top, "probability": mean}
        return pd.DataFrame({name: values.ravel() for name, values in sides.items()})

    def border(self, probability: NDArray[np.float32], threshold: float) -> pd.DataFrame:
        """Return the line where `probability` crosses `threshold`, as pieces from (x, y) to (x2, y2).

        Each cell is cut into two triangles: a line that enters one leaves it by one other side, so no case is open.
        """
        x, y = np.meshgrid(self.x.edges(), self.y.edges())
        points = np.column_stack([x.ravel(), y.ravel()])
        triangles = _triangles()
        first, second = triangles, np.roll(triangles, -1, axis=1)  # the two ends of each side
        level = probability.astype(np.float64) - threshold
        crossed = (level[first] >= 0) != (level[second] >= 0)
        first, second = first[crossed], second[crossed]
        share = level[first] / (level[first] - level[second])
        crossings = points[first] + share[:, np.newaxis] * (points[second] - points[first])
        return pd.DataFrame(crossings.reshape(-1, 4), columns=["x", "y", "x2", "y2"])


def _triangles() -> NDArray[np.int64]:
    """Return (2 * STEPS^2, 3) positions in the order of `Plane.corners`."""
    corners = np.arange((STEPS + 1) ** 2).reshape(STEPS + 1, STEPS + 1)
    lower_left, lower_right = corners[:-1, :-1], corners[:-1, 1:]
    upper_left, upper_right = corners[1:, :-1], corners[1:, 1:]
    triangles = [(lower_left, lower_right, upper_right), (lower_left, upper_right, upper_left)]
    return np.concatenate([np.stack(triangle, axis=-1) for triangle in triangles]).reshape(-1, 3)


def scatter(colours: Colours, locale: Locale, x: Side, y: Side, has_surface: bool) -> Drawing:
    """Return a chart of songs as points, over cells coloured by probability and the threshold's line.

    See `scatter_rows`.
    """
    axis = alt.Axis(grid=False, tickCount=6)
    base = alt.Chart().encode(
        x=alt.X("x:Q", title=locale(x.feature), axis=axis).scale(domain=x.range, nice=False),
        y=alt.Y("y:Q", title=locale(y.feature), axis=axis).scale(domain=y.range, nice=False),
    )
    spanning = base.encode(x2="x2", y2="y2")
    shade = alt.Scale(domain=[0, 1], range=[colours.unlikely, colours.likely], interpolate="rgb")
    ends = f"datum.value ? '{locale('explore_probability_1')}' : '{locale('explore_probability_0')}'"
    legend = alt.Legend(type="gradient", orient="bottom", title=None, values=[0, 1], labelExpr=ends, gradientLength=160)
    # Strokes of the same colour hide the seams between neighbours.
    cells = spanning.mark_rect(strokeWidth=1).encode(
        fill=alt.Fill("probability:Q", scale=shade, legend=legend),
        stroke=alt.Stroke("probability:Q", scale=shade, legend=None),
        tooltip=alt.Tooltip("probability:Q", title=locale("probability"), format=".2f"),
    )
    border = spanning.mark_rule(strokeWidth=2, strokeCap="round", color=colours.text)
    surface = [cells.transform_filter(alt.datum.kind == CELL), border.transform_filter(alt.datum.kind == BORDER)]
    layers = surface if has_surface else []
    tooltip = [alt.Tooltip(f"{at}:Q", title=locale(side.feature), format=".3f") for at, side in (("x", x), ("y", y))]
    labels = label_legend(locale(LIKE), locale(DISLIKE))
    shapes = alt.Scale(domain=[LIKE, DISLIKE], range=["circle", "triangle-up"])
    for label, edge in ((DISLIKE, colours.text), (LIKE, colours.background)):
        points = base.mark_point(filled=True, size=58, stroke=edge, strokeWidth=0.7, opacity=1).encode(
            color=by_label(colours, labels), shape=alt.Shape("label:N", scale=shapes, legend=labels), tooltip=tooltip
        )
        layers.append(points.transform_filter(alt.datum.label == label))
    crosses = base.mark_point(shape=CROSS, size=50, stroke=colours.text, strokeWidth=1.2, opacity=1)
    layers.append(crosses.encode(tooltip=tooltip).transform_filter(alt.datum.is_missed))
    return alt.layer(*layers).properties(height=SCATTER_HEIGHT)


def scatter_rows(songs: pd.DataFrame, plane: Plane, answers: Batch | None) -> pd.DataFrame:
    """Return the rows to draw by `kind`: at most `SHOWN_SONGS` songs, and with `answers` the cells and their border.

    `answers` are those for the plane's corners, and `is_missed` says where models that were not trained on a song were
    wrong about it.
    """
    shown = songs.sample(min(len(songs), SHOWN_SONGS), random_state=0)
    labels = shown[LABEL].map({1: LIKE, 0: DISLIKE})
    is_missed = shown["predicted"].notna() & (shown["predicted"] != shown[LABEL])
    places = {"x": shown[plane.x.feature], "y": shown[plane.y.feature]}
    points = pd.DataFrame({"kind": SONG, **places, "label": labels, "is_missed": is_missed})
    if answers is None:
        return points
    cells = plane.cells(answers.probability).assign(kind=CELL)
    border = plane.border(answers.probability, answers.threshold).assign(kind=BORDER)
    return pd.concat([cells, border, points], ignore_index=True)
