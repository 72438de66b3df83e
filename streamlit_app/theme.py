"""The theme beside `.streamlit/config.toml`: colours and numbers of charts, and CSS that no option replaces."""

from typing import Any, NamedTuple

import altair
import pandas as pd
import streamlit as st

from streamlit_app.i18n import SEPARATORS, Locale

CSS = """
/* Streamlit's wide layout has no greatest width, and its margins take a quarter of a phone. No option sets either. */
.block-container { max-width: 62rem; }
@media (max-width: 640px) {
  .block-container { padding-left: 1rem; padding-right: 1rem; }
  h1 { font-size: 1.9rem !important; }
}
h1, h2, h3 { letter-spacing: -0.01em; text-wrap: balance; }
/* Captions are too light to be read easily, and no option has their colour. */
[data-testid="stCaptionContainer"] { color: inherit; opacity: 0.8; }
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


LIGHT = Colours(
    like="#0d6b63", dislike="#e39a73", quiet="#8d8474", label="#5f5749", text="#221d2b", background="#fbf8f3"
)
DARK = Colours(
    like="#6fdccb", dislike="#b4643f", quiet="#8f88a0", label="#b9b2c4", text="#f1ece4", background="#17151d"
)


def colours() -> Colours:
    """Return the colours of the theme that the browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def style() -> None:
    """Add the CSS that no option of the theme replaces."""
    st.html(f"<style>:root {{ --paper: {colours().background}; }} {CSS}</style>")


Drawing = altair.Chart | altair.LayerChart | altair.FacetChart | altair.HConcatChart | altair.VConcatChart


def specification_of(chart: Drawing, locale: Locale) -> dict[str, Any]:
    """Return a chart as a Vega-Lite specification with numbers in the page's language.

    Its marks and axes are hidden from screen readers: the text that goes with the chart, `alt`, describes all of it.
    """
    thousands, point = SEPARATORS[locale.language]
    locale = {"number": {"decimal": point, "thousands": thousands, "grouping": [3], "currency": ["", ""]}}
    specification: dict[str, Any] = chart.configure(locale=locale).configure_view(strokeWidth=0).to_dict()
    for piece in ("mark", "axis", "legend", "title", "header"):
        specification["config"].setdefault(piece, {})["aria"] = False
    # Streamlit's own grey is too light to be read easily.
    for piece in ("axis", "legend"):
        specification["config"][piece] |= {"labelColor": colours().label, "titleColor": colours().label}
    return specification


def without_data(chart: Drawing, locale: Locale) -> dict[str, Any]:
    """Return the specification of a chart whose data come later, through `draw_rows`."""
    # Altair would put in a data set of one empty row, which is drawn beside what comes later.
    specification = specification_of(chart.properties(data=altair.InlineData([])), locale)
    del specification["data"], specification["datasets"]
    return specification


def draw(chart: Drawing, locale: Locale, key: str | None = None, alt: str | None = None) -> None:
    """Draw a chart over the full width; `alt` describes it in words."""
    st.vega_lite_chart(specification_of(chart, locale), width="stretch", key=key, alt=alt)


def draw_rows(
    rows: pd.DataFrame, specification: dict[str, Any], key: str | None = None, alt: str | None = None
) -> None:
    """Draw rows by a specification of `without_data`."""
    st.vega_lite_chart(rows, specification, width="stretch", key=key, alt=alt)
