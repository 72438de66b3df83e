"""A plane of two features through the space of all four, and the line on it where the prediction changes."""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.features import FEATURES

STEPS = 48
"""Number of cells along each side: more do not improve the picture."""

TICK = 0.05
"""Unit to which the ends of the plane are rounded."""


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
    lower_left, lower_right = corners[:-1, :-1].ravel(), corners[:-1, 1:].ravel()
    upper_left, upper_right = corners[1:, :-1].ravel(), corners[1:, 1:].ravel()
    return np.concatenate(
        [
            np.column_stack([lower_left, lower_right, upper_right]),
            np.column_stack([lower_left, upper_right, upper_left]),
        ]
    )
