"""The songs that the listener picks out, one by one, and as a file."""

import pandas as pd
import streamlit as st

from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from streamlit_app.explore.grid import two_by_two
from streamlit_app.explore.rows import Range, as_csv, chosen, column_names, in_milliseconds, readable
from streamlit_app.words import Words

TABLE_ROWS = 500
"""Shown at once; as many are written in the language in a moment."""

STEPS = [step / 20 for step in range(21)]
"""What the ends of a range can be set to."""

ANY, OWN = "any", "own"
"""Songs of either label; the order that they have in the playlist."""


@st.fragment
def show(songs: pd.DataFrame, version: str, words: Words) -> None:
    """Draw it; a filter leaves the rest of the page as it is."""
    st.header(words("explore_table"))
    label, order = _label_and_order(words)
    rows = chosen(songs, label, _ranges(words), order)
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(f"**{words('explore_left', left=words.number(len(rows)), songs=words.number(len(songs)))}**")
    right.download_button(
        words("explore_download"),
        lambda: as_csv(rows),
        f"songs-{version}.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        disabled=rows.empty,
        width="stretch",
    )
    if rows.empty:
        st.info(words("explore_none"), icon=":material/filter_alt_off:")
        return
    names = column_names(songs, words)
    shown = readable(rows.head(TABLE_ROWS), words, in_minutes=in_milliseconds(songs))
    st.dataframe(shown, hide_index=True, column_order=list(names), column_config=names, height=420)
    if len(rows) > TABLE_ROWS:
        st.caption(words("explore_first", shown=words.number(TABLE_ROWS)))


def _label_and_order(words: Words) -> tuple[int | None, str | None]:
    left, right = st.columns(2)
    labels = {ANY: words("explore_any"), LIKE: words(LIKE), DISLIKE: words(DISLIKE)}
    label = left.segmented_control(
        words(LABEL), list(labels), default=ANY, format_func=labels.__getitem__, key="explore_label", required=True
    )
    orders = {OWN: words("explore_order_own")} | {
        feature: words("explore_order_by", feature=words(feature)) for feature in FEATURES
    }
    order = right.selectbox(words("explore_order"), list(orders), format_func=orders.__getitem__, key="explore_order")
    return {LIKE: 1, DISLIKE: 0}.get(label), None if order == OWN else order


def _ranges(words: Words) -> dict[str, Range]:
    """What the sliders are set to."""
    return {
        feature: column.select_slider(
            words(feature),
            STEPS,
            (0.0, 1.0),
            format_func=lambda value: words.number(value, 2),
            key=f"explore_{feature}",
        )
        for feature, column in zip(FEATURES, two_by_two(), strict=True)
    }
