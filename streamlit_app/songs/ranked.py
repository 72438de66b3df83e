"""The predictions of a list of songs: counted, as a histogram, and ranked."""

from functools import partial
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from song_preference.features import FEATURES
from song_preference.song_table import Faults
from song_preference.song_table.output import added_columns
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import download, open_in_predict, taken_row
from streamlit_app.data import with_answers
from streamlit_app.i18n import Locale
from streamlit_app.songs.answers import NAMES_SHOWN, Ranking, column_name, histogram
from streamlit_app.theme import Colours, Drawing, by_label, draw, label_legend

SHOWN_SONGS = 1_000
"""Greatest number of rows in the table: a long list would take the browser longer than the model."""

BINS, HEIGHT = 20, 290
TABLE_HEIGHT = 460
NAME_WIDTHS = (120, 78)
"""Widths of the columns that name a song, in pixels: they leave room for the probability on a phone."""

ALL, LIKED, TAKE = "all", "liked", "songs_take"
FILTER = Choice("show", "songs_filter", [ALL, LIKED], ALL)


def show(ranking: Ranking, locale: Locale) -> None:
    """Draw the answers."""
    st.header(locale("songs_answer"), anchor=False)
    songs, liked = len(ranking.positions), int(ranking.batch.liked.sum())
    with st.container(horizontal=True, gap="large"):
        st.metric(locale("songs_liked"), locale("songs_liked_count", liked=liked, good=songs), width="content")
        st.metric(locale("songs_share"), locale.percent(liked / songs), width="content")
    features = pd.DataFrame(ranking.file.features[ranking.positions], columns=list(FEATURES))
    if known := int(with_answers(features)["predicted"].notna().sum()):
        st.caption(locale("songs_known", known=known))
    threshold = ranking.batch.threshold
    text = locale("songs_histogram", threshold=threshold)
    draw(probabilities, histogram(ranking, BINS), locale, threshold, key="songs_histogram", alt=text)
    st.caption(text)
    st.subheader(locale("songs_ranked"), anchor=False)
    _ranked(ranking, locale)


@st.fragment
def _ranked(ranking: Ranking, locale: Locale) -> None:
    """Draw the table and its filter, which redraws the table alone."""
    shown = FILTER.segments(
        locale("songs_filter"), lambda name: locale(f"songs_filter_{name}"), label_visibility="collapsed"
    )
    only_liked = shown == LIKED
    address.write()
    songs = int(ranking.batch.liked.sum()) if only_liked else len(ranking.positions)
    best = ranking.best(SHOWN_SONGS, only_liked=only_liked)
    if best.empty:
        st.write(locale("songs_none_liked"))
    else:
        _table(best, ranking, locale)
    if songs > len(best):
        st.caption(locale("songs_shown_some", shown=len(best), songs=songs))
    content = partial(ranking.csv, partial(_faults_text, locale=locale))
    download(locale("songs_download"), content, locale("songs_download_file"), key="songs_download")
    added = ", ".join(f"`{name}`" for name in added_columns(ranking.file.header))
    st.caption(locale("songs_download_text", added=added))


def _faults_text(faults: Faults, locale: Locale) -> str:
    """Return the faults of a row as one cell."""
    whole = locale("songs_whole_row")
    return "; ".join(f"{column or whole}: {rule.text(locale.language)}" for column, rule in faults)


def _table(best: pd.DataFrame, ranking: Ranking, locale: Locale) -> None:
    answers = {True: locale("songs_like"), False: locale("songs_dislike")}
    header = ranking.file.header
    widths = dict(zip(ranking.file.kept_columns, NAME_WIDTHS, strict=False))
    columns = st.column_config
    kept = {
        column_name(column): columns.TextColumn(header[column].strip() or "—", width=widths.get(column))
        for column in ranking.file.kept_columns
    }
    at = list(best).index("probability") + 1
    before, after = best.columns[:at], best.columns[at:]
    st.dataframe(
        best.assign(liked=best["liked"].map(answers), take=locale("take")),
        hide_index=True,
        height="content" if len(best) <= 12 else TABLE_HEIGHT,
        column_config={
            "rank": columns.NumberColumn(locale("songs_rank"), format="%d", width=48),
            "probability": columns.ProgressColumn(
                locale("probability"), width=110, min_value=0, max_value=100, format=locale("percent_format")
            ),
            "liked": columns.TextColumn(locale("songs_answer_column")),
            "row": columns.NumberColumn(locale("songs_row"), format="%d", width=70),
            "take": columns.ButtonColumn(locale("take"), type="tertiary", key=TAKE, help=locale("take_help")),
            **kept,
        },
        column_order=[*before, "take", *after],
        alt=locale("songs_ranked_alt", shown=len(best), best=best["probability"].iloc[0] / 100),
    )
    names = list(kept)[:NAMES_SHOWN] or ["probability"]
    if (row := taken_row(TAKE, best[names], locale)) is not None:
        place = ranking.positions[best["rank"].iloc[row] - 1]
        open_in_predict(ranking.file.features[place])


def probabilities(colours: Colours, locale: Locale, threshold: float) -> Drawing:
    """Return a chart of the songs by probability, with the threshold; see `histogram`."""
    liked, disliked = locale("songs_like"), locale("songs_dislike")
    axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%", grid=False)
    x = alt.X("from:Q", title=locale("songs_axis"), axis=axis).scale(domain=[0, 1], nice=False).bin("binned")
    y = alt.Y("songs:Q", title=locale("songs")).axis(tickCount=4, format=",d", tickMinStep=1, domain=False)
    colour = by_label(colours, label_legend(liked, disliked, orient="bottom"))
    bars = alt.Chart().mark_bar(binSpacing=2).encode(x=x, x2="to:Q", y=y, color=colour)
    at = alt.Chart().transform_aggregate(rows="count()").encode(x=alt.datum(threshold))
    rule = at.mark_rule(strokeDash=[5, 4], strokeWidth=2, color=colours.text)
    # The name of the line stands where there is more room.
    look: dict[str, Any] = {"align": "right", "dx": 4} if threshold > 0.5 else {"align": "left", "dx": -4}
    text = locale("songs_threshold", threshold=threshold)
    name = at.mark_text(fontSize=13, dy=-10, color=colours.text, text=text, **look).encode(y=alt.value(0))
    return alt.layer(bars, rule, name).properties(height=HEIGHT)
