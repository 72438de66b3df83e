"""The look beside `.streamlit/config.toml`: colours of the charts, their numbers, and what the theme cannot say."""

from typing import Any, NamedTuple

import altair
import pandas as pd
import streamlit as st

from streamlit_app.words import SEPARATORS, Words

CSS = """
/* Room for the page on a phone, and no band above it. */
.block-container { padding-top: 4.2rem; padding-bottom: 4rem; max-width: 62rem; }
@media (max-width: 640px) {
  .block-container { padding-left: 1rem; padding-right: 1rem; }
  h1 { font-size: 1.9rem !important; }
}
/* Links to headings, which a phone shows all the time. */
[data-testid="stHeaderActionElements"] { display: none; }
h1, h2, h3 { letter-spacing: -0.01em; text-wrap: balance; }
/* Streamlit's own grey is too light to be read easily. */
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.8; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
/* Streamlit writes white on the dark theme's bright green. */
[data-testid="stBaseButton-primary"]:not(:disabled) * { color: var(--paper); }
"""


class Colours(NamedTuple):
    """Of the charts, on the background of the theme in use."""

    like: str
    dislike: str
    quiet: str
    """For guides and what stays in the background."""
    label: str
    """Of axes."""
    text: str
    background: str


LIGHT = Colours(
    like="#0d6b63", dislike="#e39a73", quiet="#8d8474", label="#5f5749", text="#221d2b", background="#fbf8f3"
)
DARK = Colours(
    like="#6fdccb", dislike="#b4643f", quiet="#8f88a0", label="#b9b2c4", text="#f1ece4", background="#17151d"
)


def colours() -> Colours:
    """Those of the theme that the browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def style() -> None:
    """Give the page what the theme cannot say."""
    st.html(f"<style>:root {{ --paper: {colours().background}; }} {CSS}</style>")


Drawing = altair.Chart | altair.LayerChart | altair.FacetChart | altair.HConcatChart | altair.VConcatChart


def finished(chart: Drawing, words: Words) -> dict[str, Any]:
    """A chart as Vega-Lite's specification, with numbers in the page's language.

    Its parts say nothing to a screen reader: the text that goes with it, `alt`, tells the whole.
    """
    thousands, point = SEPARATORS[words.language]
    locale = {"number": {"decimal": point, "thousands": thousands, "grouping": [3], "currency": ["", ""]}}
    specification: dict[str, Any] = chart.configure(locale=locale).configure_view(strokeWidth=0).to_dict()
    for piece in ("mark", "axis", "legend", "title", "header"):
        specification["config"].setdefault(piece, {})["aria"] = False
    # Streamlit's own grey is too light to be read easily.
    specification["config"]["axis"] |= {"labelColor": colours().label, "titleColor": colours().label}
    return specification


def without_data(chart: Drawing, words: Words) -> dict[str, Any]:
    """The same of a chart whose data come later, through `draw_rows`."""
    # Altair would put in a data set of one empty row, which is drawn beside what comes later.
    specification = finished(chart.properties(data=altair.InlineData([])), words)
    del specification["data"], specification["datasets"]
    return specification


def draw(chart: Drawing, words: Words, key: str | None = None, alt: str | None = None) -> None:
    """Show a chart over the width that there is; `alt` tells it in words."""
    st.vega_lite_chart(finished(chart, words), width="stretch", key=key, alt=alt)


def draw_rows(
    rows: pd.DataFrame, specification: dict[str, Any], key: str | None = None, alt: str | None = None
) -> None:
    """Show rows by a specification of `without_data`."""
    st.vega_lite_chart(rows, specification, width="stretch", key=key, alt=alt)
