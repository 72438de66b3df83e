"""Explore the playlist: where it came from, how its songs are spread, what the model makes of them, each song."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from song_preference.dataset.version import DatasetVersion, ScalerRange, Spread
from song_preference.features import FEATURES, LABEL
from streamlit_app.clock import local
from streamlit_app.components import part
from streamlit_app.data import model as sources
from streamlit_app.explore import charts, markup, plane, table
from streamlit_app.explore.facts import facts, origin
from streamlit_app.explore.grid import two_by_two
from streamlit_app.explore.rows import unscaled
from streamlit_app.theme import colours, draw_rows
from streamlit_app.words import Words


def page(words: Words) -> None:
    """Draw the page."""
    st.title(words("explore_title"))
    with part(words):
        version = sources.latest_dataset()
        _dataset(version, words)
        _distributions(sources.spreads(version.version), words)
        songs = _songs(version.version, version.preparation.scaler)
        total = version.preparation.rows_kept
        if len(songs) < total:
            st.info(words("explore_part", shown=words.number(len(songs)), songs=words.number(total)))
        _correlations(songs, words)
        plane.show(songs, words)
        table.show(songs, version.version, words)


@st.cache_data(max_entries=sources.KEPT_TABLES, show_spinner=False)
def _songs(version: str, _ranges: Mapping[str, ScalerRange]) -> pd.DataFrame:
    return unscaled(sources.table(version, "scaled"), _ranges)


def _dataset(version: DatasetVersion, words: Words) -> None:
    songs = version.preparation
    st.write(words("explore_intro", songs=words.number(songs.rows_kept)))
    st.html(markup.proportion(songs.likes, songs.dislikes, colours(), words))
    st.caption(
        words("explore_origin", source=origin(version.source, words), moment=words.moment(local(version.created_at)))
    )
    with st.expander(words("explore_details")):
        st.html(markup.details(facts(version, words)))


def _distributions(spreads: list[Spread], words: Words) -> None:
    st.header(words("explore_distributions"))
    st.write(words("explore_distributions_intro"))
    st.html(markup.distribution_legend(colours(), words))
    for feature, column in zip(FEATURES, two_by_two(), strict=True):
        with column:
            _distribution(feature, [spread for spread in spreads if spread.feature == feature], words)


def _distribution(feature: str, spreads: list[Spread], words: Words) -> None:
    middles = {spread.label: words.number(spread.quantiles["0.5"], 2) for spread in spreads}
    told = words("explore_medians", **middles)
    st.subheader(words(feature))
    drawing = charts.distribution(colours(), words)
    draw_rows(charts.distribution_rows(spreads), drawing, key=f"spread_{feature}", alt=f"{words(feature)}. {told}")
    st.caption(f"{words(f'predict_{feature}_help')}  \n{told}")


def _correlations(songs: pd.DataFrame, words: Words) -> None:
    found = charts.correlations(songs)
    st.header(words("explore_correlations"))
    st.write(words("explore_correlations_intro"))
    told = _told(found, words)
    st.write(told)
    drawing = charts.correlation_map(colours(), words)
    rows = charts.correlation_rows(found, words)
    draw_rows(rows, drawing, key="correlations", alt=told.replace("**", ""))


def _told(found: pd.DataFrame, words: Words) -> str:
    """The feature that goes most with the label, in Markdown; nothing where none does."""
    with_label = found[found["row"] == LABEL]
    if with_label.empty:
        return ""
    _, feature, value = with_label.iloc[0]
    return words(
        "explore_more" if value > 0 else "explore_less",
        feature=words(feature),
        value=f"{'+' if value > 0 else charts.MINUS}{words.number(abs(value), 2)}",
    )
