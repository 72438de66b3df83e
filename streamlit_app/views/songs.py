"""Many songs: a CSV is checked row by row, the model ranks its good rows."""

import re
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from streamlit_app import songs_file
from streamlit_app.charts.songs import probabilities
from streamlit_app.look import colours, draw
from streamlit_app.parts import part
from streamlit_app.songs_answers import Ranking, added_columns, column_name, histogram
from streamlit_app.songs_file import Fault, FileRefused, SongFile
from streamlit_app.sources import predictor
from streamlit_app.uploader import uploader
from streamlit_app.words import Words

SHOWN_FAULTS = 200
SHOWN_SONGS = 1_000
"""All of a long list would take the browser longer than the model."""

BINS = 20
TABLE_HEIGHT, FAULTS_HEIGHT = 460, 250

PASTED, EXAMPLE = "songs_pasted", "songs_example_name"
GIVEN, RANKED = "songs_given", "songs_ranked"
"""Kept in the session: what was handed in, and the answers to it. Neither is read or asked for again."""


NAMES = (PASTED, EXAMPLE)
"""Of what is no file, in the catalogue."""

MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+.!|~$:-])")


CSS = """<style>
/* The tables' own download would hold only what is shown, and their hints are in English. */
[data-testid="stElementToolbar"], .st-key-songs_paste [data-testid="InputInstructions"] { display: none; }
</style>"""


class Given(NamedTuple):
    """What the listener handed in: songs, or the reason why there are none."""

    name: str
    """Of the file, or a key of `NAMES`."""
    file: SongFile | None
    refused: FileRefused | None = None


def page(words: Words) -> None:
    """Draw the page."""
    st.html(CSS)
    st.title(words("songs_title"))
    st.write(words("songs_intro"))
    _ways_in(words)
    given: Given | None = st.session_state.get(GIVEN)
    if given is None:
        with st.expander(words("predict_where"), icon=":material/travel_explore:"):
            st.markdown(words("predict_where_text"))
        return
    st.header(words("songs_checked"))
    if given.refused:
        st.error(_reason(given.refused, words), icon=":material/error:")
    if given.file:
        _check(given.name, given.file, words)
        with part(words):
            _ask(given.file, words)
        if ranking := st.session_state.get(RANKED):
            _answers(ranking, words)


def _ways_in(words: Words) -> None:
    st.header(words("songs_yours"))
    st.write(words("songs_form"))
    upload, paste = st.tabs([words("songs_upload_tab"), words("songs_paste_tab")])
    with upload:
        limits = words(
            "songs_upload_limits", size=songs_file.MAX_BYTES // 10**6, rows=words.number(songs_file.MAX_ROWS)
        )
        uploader(words("songs_upload"), words("songs_upload_button"), limits, "songs_upload", _take_upload)
    with paste, st.form("songs_form", border=False):
        st.text_area(words("songs_paste"), height=200, key="songs_paste", persist_state="session")
        st.form_submit_button(words("songs_check"), on_click=_take_pasted)
    with st.container(horizontal=True):
        example = words("songs_example")
        st.button(
            words("songs_try"),
            on_click=_take,
            args=(EXAMPLE, example.encode()),
            icon=":material/wand_stars:",
        )
        st.download_button(
            words("songs_template"),
            example.encode("utf-8-sig"),
            words("songs_template_file"),
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )


def _take_upload() -> None:
    if uploaded := st.session_state.songs_upload:
        _take(uploaded.name, uploaded.getvalue())
    else:
        st.session_state.pop(GIVEN, None)


def _take_pasted() -> None:
    _take(PASTED, st.session_state.songs_paste.encode())


def _take(name: str, content: bytes) -> None:
    """Read what was handed in, once; answers to another list are of no use any more."""
    st.session_state.pop(RANKED, None)
    try:
        st.session_state[GIVEN] = Given(name, songs_file.read(content))
    except FileRefused as refused:
        st.session_state[GIVEN] = Given(name, None, refused)


def _reason(refused: FileRefused, words: Words) -> str:
    values = {name: words.number(value) if isinstance(value, int) else value for name, value in refused.values.items()}
    return words(refused.reason, **values)


def _check(name: str, file: SongFile, words: Words) -> None:
    songs, good = len(file.rows), int(file.good.sum())
    key = "songs_all_good" if good == songs else "songs_some_good" if good else "songs_none_good"
    counts = {"songs": words.number(songs), "good": words.number(good), "bad": words.number(songs - good)}
    shown_name = words(name) if name in NAMES else MARKDOWN.sub(r"\\\1", name)
    st.markdown(words(key, name=shown_name, **counts))
    if good < songs:
        _show_faults(file, words)


def _show_faults(file: SongFile, words: Words) -> None:
    at_fault = np.flatnonzero(~file.good)
    listed = [
        {
            "row": int(file.rows[position]),
            "column": fault.column or words("songs_whole_row"),
            "problem": words(f"songs_fault_{fault.rule}"),
        }
        for position in at_fault[:SHOWN_FAULTS].tolist()
        for fault in file.faults(position)
    ]
    st.dataframe(
        pd.DataFrame(listed),
        hide_index=True,
        height="content" if len(listed) <= 6 else FAULTS_HEIGHT,
        column_config={
            "row": st.column_config.NumberColumn(words("songs_row"), format="%d", width=60),
            "column": st.column_config.TextColumn(words("songs_column"), width=110),
            "problem": st.column_config.TextColumn(words("songs_problem")),
        },
        alt=words("songs_faults_alt"),
    )
    if len(at_fault) > SHOWN_FAULTS:
        counts = {"shown": words.number(SHOWN_FAULTS), "bad": words.number(len(at_fault))}
        st.caption(words("songs_faults_some", **counts))
    st.caption(words("songs_rule"))


def _ask(file: SongFile, words: Words) -> None:
    """The button, unless this model has answered already."""
    good = int(file.good.sum())
    current = predictor().store.current().model.ref
    ranking: Ranking | None = st.session_state.get(RANKED)
    if not good or (ranking and ranking.batch.model == current):
        return
    if ranking:
        st.info(words("songs_ask_again", version=current.version, old=ranking.batch.model.version))
    place = st.empty()
    label = words("songs_ask_one") if good == 1 else words("songs_ask", good=words.number(good))
    if place.button(label, type="primary", icon=":material/queue_music:", key="songs_ask"):
        bar = place.progress(0.0)

        def show(done: int) -> None:
            bar.progress(done / good, words("songs_progress", done=words.number(done), good=words.number(good)))

        st.session_state[RANKED] = Ranking.asked(file, predictor().pinned(), show)
        # What stands above the answers is drawn again, without the button and what it told of an older model.
        st.rerun()


def _answers(ranking: Ranking, words: Words) -> None:
    st.header(words("songs_answer"))
    songs, liked = len(ranking.positions), ranking.liked_songs()
    with st.container(horizontal=True, gap="large"):
        counted = words("songs_liked_count", liked=words.number(liked), good=words.number(songs))
        st.metric(words("songs_liked"), counted, width="content")
        st.metric(words("songs_share"), words.percent(liked / songs), width="content")
    threshold = ranking.batch.threshold
    told = words("songs_histogram", threshold=words.percent(threshold))
    rows = histogram(ranking, BINS)
    draw(probabilities(rows, threshold, colours(), words), words, key="songs_histogram", alt=told)
    st.caption(told)
    st.subheader(words("songs_ranked"))
    _ranked(ranking, words)


@st.fragment
def _ranked(ranking: Ranking, words: Words) -> None:
    """The table, which its filter redraws alone."""
    only_liked = (
        st.segmented_control(
            words("songs_filter"),
            ["all", "liked"],
            default="all",
            format_func=lambda name: words(f"songs_filter_{name}"),
            key="songs_filter",
            label_visibility="collapsed",
            required=True,
        )
        == "liked"
    )
    songs = ranking.liked_songs() if only_liked else len(ranking.positions)
    best = ranking.best(SHOWN_SONGS, only_liked=only_liked)
    if best.empty:
        st.write(words("songs_none_liked"))
    else:
        _table(best, ranking, words)
    if songs > len(best):
        st.caption(words("songs_shown_some", shown=words.number(len(best)), songs=words.number(songs)))
    st.download_button(
        words("songs_download"),
        partial(ranking.csv, partial(_told, words=words)),
        words("songs_download_file"),
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        key="songs_download",
    )
    added = ", ".join(f"`{name}`" for name in added_columns(ranking.file))
    st.caption(words("songs_download_text", added=added))


def _told(faults: list[Fault], words: Words) -> str:
    """What is wrong with a row, in one cell."""
    return "; ".join(
        f"{fault.column or words('songs_whole_row')}: {words(f'songs_fault_{fault.rule}')}" for fault in faults
    )


def _table(best: pd.DataFrame, ranking: Ranking, words: Words) -> None:
    answers = {True: words("songs_like"), False: words("songs_dislike")}
    header = ranking.file.header
    names = {column_name(column): header[column] for column in ranking.file.kept_columns}
    columns = st.column_config
    st.dataframe(
        best.assign(liked=best["liked"].map(answers)),
        hide_index=True,
        height="content" if len(best) <= 12 else TABLE_HEIGHT,
        column_config={
            "rank": columns.NumberColumn(words("songs_rank"), format="%d", width=70),
            "probability": columns.ProgressColumn(
                words("probability"), min_value=0, max_value=100, format=_percent(words)
            ),
            "liked": columns.TextColumn(words("songs_answer_column")),
            "row": columns.NumberColumn(words("songs_row"), format="%d", width=70),
            **{name: columns.TextColumn(shown.strip() or "—") for name, shown in names.items()},
        },
        alt=words(
            "songs_ranked_alt", shown=words.number(len(best)), best=words.percent(best["probability"].iloc[0] / 100)
        ),
    )


def _percent(words: Words) -> str:
    """How the language writes whole percents, as the table's format."""
    return "%.0f" + words.percent(0).removeprefix("0").replace("%", "%%")
