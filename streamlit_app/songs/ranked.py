"""The predictions of a list of songs: counted, as a histogram, and ranked."""

from functools import partial

import pandas as pd
import streamlit as st

from song_preference.songs_csv import added_columns
from streamlit_app.i18n import Locale
from streamlit_app.songs.answers import Ranking, column_name, histogram, naming_columns
from streamlit_app.songs.charts import probabilities
from streamlit_app.songs.file import Fault
from streamlit_app.theme import colours, draw

SHOWN_SONGS = 1_000
"""Greatest number of rows in the table: a long list would take the browser longer than the model."""

BINS = 20
TABLE_HEIGHT = 460
NAME_WIDTHS = (120, 78)
"""Widths of the columns that name a song, in pixels: they leave room for the probability on a phone."""


def show(ranking: Ranking, locale: Locale) -> None:
    """Draw the answers."""
    st.header(locale("songs_answer"), anchor=False)
    songs, liked = len(ranking.positions), ranking.liked_songs()
    with st.container(horizontal=True, gap="large"):
        counted = locale("songs_liked_count", liked=locale.number(liked), good=locale.number(songs))
        st.metric(locale("songs_liked"), counted, width="content")
        st.metric(locale("songs_share"), locale.percent(liked / songs), width="content")
    threshold = ranking.batch.threshold
    text = locale("songs_histogram", threshold=locale.percent(threshold))
    rows = histogram(ranking, BINS)
    draw(probabilities(rows, threshold, colours(), locale), locale, key="songs_histogram", alt=text)
    st.caption(text)
    st.subheader(locale("songs_ranked"), anchor=False)
    _ranked(ranking, locale)


@st.fragment
def _ranked(ranking: Ranking, locale: Locale) -> None:
    """Draw the table and its filter, which redraws the table alone."""
    only_liked = (
        st.segmented_control(
            locale("songs_filter"),
            ["all", "liked"],
            default="all",
            format_func=lambda name: locale(f"songs_filter_{name}"),
            key="songs_filter",
            label_visibility="collapsed",
            required=True,
        )
        == "liked"
    )
    songs = ranking.liked_songs() if only_liked else len(ranking.positions)
    best = ranking.best(SHOWN_SONGS, only_liked=only_liked)
    if best.empty:
        st.write(locale("songs_none_liked"))
    else:
        _table(best, ranking, locale)
    if songs > len(best):
        st.caption(locale("songs_shown_some", shown=locale.number(len(best)), songs=locale.number(songs)))
    st.download_button(
        locale("songs_download"),
        partial(ranking.csv, partial(_faults_text, locale=locale)),
        locale("songs_download_file"),
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        key="songs_download",
    )
    added = ", ".join(f"`{name}`" for name in added_columns(ranking.file.header))
    st.caption(locale("songs_download_text", added=added))


def _faults_text(faults: list[Fault], locale: Locale) -> str:
    """Return the faults of a row as one cell."""
    return "; ".join(
        f"{fault.column or locale('songs_whole_row')}: {locale(f'songs_fault_{fault.rule}')}" for fault in faults
    )


def _table(best: pd.DataFrame, ranking: Ranking, locale: Locale) -> None:
    answers = {True: locale("songs_like"), False: locale("songs_dislike")}
    header = ranking.file.header
    widths = dict(zip(naming_columns(ranking.file), NAME_WIDTHS, strict=False))
    columns = st.column_config
    kept = {
        column_name(column): columns.TextColumn(header[column].strip() or "—", width=widths.get(column))
        for column in ranking.file.kept_columns
    }
    st.dataframe(
        best.assign(liked=best["liked"].map(answers)),
        hide_index=True,
        height="content" if len(best) <= 12 else TABLE_HEIGHT,
        column_config={
            "rank": columns.NumberColumn(locale("songs_rank"), format="%d", width=48),
            "probability": columns.ProgressColumn(
                locale("probability"), width=110, min_value=0, max_value=100, format=_percent(locale)
            ),
            "liked": columns.TextColumn(locale("songs_answer_column")),
            "row": columns.NumberColumn(locale("songs_row"), format="%d", width=70),
            **kept,
        },
        alt=locale(
            "songs_ranked_alt", shown=locale.number(len(best)), best=locale.percent(best["probability"].iloc[0] / 100)
        ),
    )


def _percent(locale: Locale) -> str:
    """Return the table's format of whole percents in the language."""
    return "%.0f" + locale.percent(0).removeprefix("0").replace("%", "%%")
