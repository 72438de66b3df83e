"""The style of every plot: drawn without a display, readable in grey.

Two series differ in lightness and in line style, never by hue alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

DARK, LIGHT, QUIET = "#1b4965", "#e08e45", "#8a8f98"
"""Colours of the subject of a plot, of its comparison, and of reference lines."""

LIKES, DISLIKES = DARK, LIGHT

PANEL_INCHES = (5.0, 4.2)
STYLE: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#5b616b",
    "axes.grid": True,
    "axes.labelcolor": "#22262d",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.dpi": 130,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "font.size": 10,
    "grid.color": "#e3e6ea",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "savefig.dpi": 130,
}


@contextmanager
def drawing(title: str, rows: int = 1, columns: int = 1) -> Iterator[tuple[Figure, NDArray[np.object_]]]:
    """Yield a figure in the platform's style and its axes (rows * columns,), to be drawn on inside the context."""
    with mpl.rc_context(STYLE):
        width, height = PANEL_INCHES
        figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
        figure.suptitle(title)
        yield figure, figure.subplots(rows, columns, squeeze=False).ravel()


def heat_map(axes: Axes, strength: NDArray[np.float64], text: list[list[str]]) -> None:
    """Draw a matrix as cells that are shaded by `strength` in [0, 1] and hold a text."""
    axes.imshow(strength, cmap="Blues", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(strength):
        color = "white" if value > 0.55 else "black"
        axes.text(column, row, text[row][column], ha="center", va="center", color=color)
    axes.grid(visible=False)


def unit_square(axes: Axes, x: str, y: str) -> None:
    """Label the axes of two shares and show all of both."""
    axes.set(xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
