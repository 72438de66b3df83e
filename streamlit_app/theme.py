"""The theme beside `.streamlit/config.toml`: colours of charts, how they are drawn, CSS that no option replaces."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import altair as alt
import pandas as pd
import streamlit as st

from song_preference.features import DISLIKE, LIKE
from streamlit_app.i18n import Language, Locale

CSS = """
/* Streamlit's wide layout has no greatest width, and its margins take a quarter of a phone. No option sets either. */
.block-container { max-width: 62rem; }
@media (max-width: 640px) {
  .block-container { padding-left: 1rem; padding-right: 1rem; }
  h1 { font-size: 1.9rem !important; }
  /* No part of a page can stay in sight while the rest moves: this is the answer on *Predict*, above its sliders. */
  [data-testid="stColumn"]:has(.st-key-answer) {
    position: sticky; top: 3.75rem; z-index: 5; background: var(--paper);
  }
}
/* No option has the space around a title, which pushes the sliders of *Predict* off a small laptop's screen. */
h1 { padding: 0.25rem 0 0.5rem !important; }
/* No option makes a banner thinner. */
.st-key-newer [data-testid="stAlertContainer"] { padding-block: 0.5rem; }
/* No option spaces the letters of headings or balances their lines. */
h1, h2, h3 { letter-spacing: -0.01em; text-wrap: balance; }
/* Captions are too light to be read easily, and no option has their colour. */
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.8; }
/* Its texts are English, and a table's own download holds only the rows shown. The option that takes the download away
   takes copying as well. */
[data-testid="stElementToolbar"] { display: none; }
/* White on the dark theme's bright primary colour cannot be read, and no option has the colour of the text. */
[data-testid="stBaseButton-primary"]:not(:disabled) * { color: var(--paper); }
"""
"""The few rules that no option of the theme can express; tests/ui looks for what they select."""


class Colours(NamedTuple):
    """Colours of the charts on the background of the theme in use."""

    like: str
    dislike: str
    quiet: str
    """Colour of guides and of what stays in the background."""
    label: str
    """Colour of the text of axes and legends."""
    text: str
    background: str
    neutral: str
    """Colour of a correlation of 0, between `dislike` and `like`."""
    unlikely: str
    """Colour of a probability of 0; light enough for points above it, as is `likely`."""
    likely: str
    """Colour of a probability of 1; distinct from `unlikely` in grey too."""


LIGHT = Colours(
    like="#0d6b63",
    dislike="#e39a73",
    quiet="#8d8474",
    label="#5f5749",
    text="#221d2b",
    background="#fbf8f3",
    neutral="#eeeae4",
    unlikely="#f7e9df",
    likely="#84b2ab",
)
DARK = Colours(
    like="#6fdccb",
    dislike="#b4643f",
    quiet="#8f88a0",
    label="#b9b2c4",
    text="#f1ece4",
    background="#17151d",
    neutral="#25232d",
    unlikely="#302222",
    likely="#437874",
)


def colours() -> Colours:
    """Return the colours of the theme that the browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def style() -> None:
    """Add the CSS that no option of the theme replaces."""
    st.html(f"<style>:root {{ --paper: {colours().background}; }} {CSS}</style>")


Drawing = alt.Chart | alt.LayerChart | alt.FacetChart
NUMBERS: dict[Language, dict[str, Any]] = {
    "es": {"thousands": ".", "decimal": ",", "percent": "\N{NO-BREAK SPACE}%"},
    "en": {"thousands": ",", "decimal": "."},
}
"""The format of numbers in charts."""

PADDING = {"left": 0, "right": 8, "top": 6, "bottom": 0}
KEPT = 256


@lru_cache(KEPT)
def specification(build: Callable[..., Drawing], colours: Colours, locale: Locale, *options: Any) -> dict[str, Any]:
    """Return the chart of `build(colours, locale, *options)` in Vega-Lite, without data; built once for all songs.

    Its marks and axes are hidden from screen readers: the text that goes with the chart, `alt`, describes all of it.
    """
    # Altair would put in a data set of one empty row, which is drawn beside what comes later.
    chart = build(colours, locale, *options).properties(padding=PADDING, data=alt.InlineData([]))
    numbers = {"grouping": [3], "currency": ["", ""], **NUMBERS[locale.language]}
    found: dict[str, Any] = chart.configure(locale={"number": numbers}).configure_view(strokeWidth=0).to_dict()
    del found["data"], found["datasets"]
    for piece in ("mark", "axis", "legend", "title", "header"):
        found["config"].setdefault(piece, {})["aria"] = False
    # Streamlit's own grey is too light to be read easily.
    for piece in ("axis", "legend"):
        found["config"][piece] |= {"labelColor": colours.label, "titleColor": colours.label}
    found["config"]["legend"] |= {"labelFontSize": 13, "labelLimit": 300}
    return found


def draw(build: Callable[..., Drawing], rows: pd.DataFrame, locale: Locale, *options: Any, key: str, alt: str) -> None:
    """Draw rows by a chart of `specification` over the full width; `alt` describes it in words."""
    # Altair takes longer than the model, and a browser redraws a chart faster if only its data change.
    found = specification(build, colours(), locale, *options)
    st.vega_lite_chart(rows, found, width="stretch", key=key, alt=alt)


def by_label(colours: Colours, legend: alt.Legend | None = None) -> alt.Color:
    """Return the colours of likes and dislikes by the column `label`."""
    colour = alt.Color("label:N", legend=legend)
    return colour.scale(domain=[LIKE, DISLIKE], range=[colours.like, colours.dislike])


def label_legend(liked: str, disliked: str, orient: Literal["top", "bottom"] = "top") -> alt.Legend:
    """Return a legend that names likes and dislikes."""
    names = f"datum.label == '{LIKE}' ? '{liked}' : '{disliked}'"
    return alt.Legend(orient=orient, title=None, labelExpr=names, symbolStrokeWidth=0)
