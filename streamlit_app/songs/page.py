"""Many songs: a CSV is checked row by row, the model ranks its good rows."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from streamlit_app.components import plain, section, uploader
from streamlit_app.data.model import predictor
from streamlit_app.i18n import Language, Words
from streamlit_app.songs import file as songs_file
from streamlit_app.songs import ranked as songs_ranked
from streamlit_app.songs.answers import Ranking
from streamlit_app.songs.file import FileRefused, SongFile
from streamlit_app.songs.texts import TEXTS

SHOWN_FAULTS = 200
FAULTS_HEIGHT = 250

PASTED, EXAMPLE = "songs_pasted", "songs_example_name"
GIVEN, RANKED = "songs_given", "songs_ranked"
"""Keys of the session state: the list of songs and its predictions, which are neither read nor made again."""

NAMES = (PASTED, EXAMPLE)
"""Keys of the names of lists that are not files."""

CSS = """<style>
/* A table's own download would hold only the rows shown; the option that takes it away takes copying as well. */
[data-testid="stElementToolbar"] { display: none; }
</style>"""


class Given(NamedTuple):
    """The listener's list: songs, or the reason why it was rejected."""

    name: str
    """Name of the file, or a key of `NAMES`."""
    file: SongFile | None
    refused: FileRefused | None = None


def page(language: Language) -> None:
    """Draw the page."""
    words = Words(language, TEXTS)
    st.html(CSS)
    st.title(words("songs_title"), anchor=False)
    st.write(words("songs_intro"))
    _ways_in(words)
    given: Given | None = st.session_state.get(GIVEN)
    if given is None:
        with st.expander(words("measures_where"), icon=":material/travel_explore:"):
            st.markdown(words("measures_where_text"))
        return
    st.header(words("songs_checked"), anchor=False)
    if given.refused:
        st.error(_reason(given.refused, words), icon=":material/error:")
    if given.file:
        _check(given.name, given.file, words)
        with section(words):
            _ask(given.file, words)
        if ranking := st.session_state.get(RANKED):
            songs_ranked.show(ranking, words)


def _ways_in(words: Words) -> None:
    st.header(words("songs_yours"), anchor=False)
    st.write(words("songs_form"))
    upload, paste = st.tabs([words("songs_upload_tab"), words("songs_paste_tab")])
    with upload:
        limits = words(
            "songs_upload_limits", size=songs_file.MAX_BYTES // 10**6, rows=words.number(songs_file.MAX_ROWS)
        )
        uploader(words("songs_upload"), words("songs_upload_button"), limits, "songs_upload", _take_upload)
    with paste, st.form("songs_form", border=False, enter_to_submit=False):
        st.text_area(words("songs_paste"), height=200, key="songs_paste", persist_state="session")
        st.form_submit_button(words("songs_check"), on_click=_take_pasted)
    with st.container(horizontal=True):
        example = words("songs_example")
        st.button(
            words("songs_try"),
            on_click=_take_example,
            args=(example,),
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
    elif (given := st.session_state.get(GIVEN)) and given.name not in NAMES:
        del st.session_state[GIVEN]
        st.session_state.pop(RANKED, None)


def _take_pasted() -> None:
    _take(PASTED, st.session_state.songs_paste.encode())


def _take_example(rows: str) -> None:
    st.session_state.songs_paste = rows
    _take(EXAMPLE, rows.encode())


def _take(name: str, content: bytes) -> None:
    """Read a list once, and forget the predictions of the one before."""
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
    shown_name = words(name) if name in NAMES else plain(name)
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
    """Draw the button that asks the model, unless this version has answered already."""
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
        # The section above the answers is drawn again, without the button and the note about an older model.
        st.rerun()
