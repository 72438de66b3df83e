"""Many songs: a CSV is checked row by row, the model ranks its good rows."""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import NamedTuple

import pandas as pd
import streamlit as st

from song_preference.errors import DiskFull, InvalidDataset, SongPreferenceError
from streamlit_app import address
from streamlit_app.components import download, measures_help, plain, section, show_notes, uploader
from streamlit_app.data import predictor, settings
from streamlit_app.i18n import Locale
from streamlit_app.songs import ranked
from streamlit_app.songs.answers import Ranking, SongFile

SHOWN_FAULTS = 200
FAULTS_HEIGHT = 250

PASTED, EXAMPLE = "songs_pasted", "songs_example_name"
GIVEN, RANKED = "songs_given", "songs_ranked"
"""Keys of the session state: the list of songs and its predictions, which are neither read nor made again."""

NAMES = (PASTED, EXAMPLE)
"""Keys of the names of lists that are not files."""


class Given(NamedTuple):
    """The listener's list: songs, or the reason why it was rejected."""

    name: str
    """Name of the file, or a key of `NAMES`."""
    file: SongFile | None
    error: SongPreferenceError | None = None


Reading = Callable[[bytes], SongFile]


def page(read: Reading, locale: Locale) -> None:
    """Draw the page; `read` returns the songs of a file, or raises `InvalidDataset` or `DiskFull`."""
    address.restore([ranked.FILTER])
    st.title(locale("songs_title"), anchor=False)
    st.write(locale("songs_intro"))
    _ways_in(read, locale)
    given: Given | None = st.session_state.get(GIVEN)
    if given is None:
        measures_help(locale)
        return
    st.header(locale("songs_checked"), anchor=False)
    if given.error:
        st.error(plain(given.error.message.text(locale.language)), icon=":material/error:")
    if given.file:
        _check(given.name, given.file, locale)
        with section(locale):
            _ask(given.file, locale)
        if ranking := st.session_state.get(RANKED):
            ranked.show(ranking, locale)


def _ways_in(read: Reading, locale: Locale) -> None:
    st.header(locale("songs_yours"), anchor=False)
    st.write(locale("songs_form"))
    upload, paste = st.tabs([locale("songs_upload_tab"), locale("songs_paste_tab")])
    with upload:
        limits = locale("songs_upload_limits", size=settings().max_list_bytes / 1e6, rows=settings().max_list_rows)
        take = partial(_take_upload, read)
        uploader(locale("songs_upload"), locale("songs_upload_button"), limits, "songs_upload", take)
    with paste, st.form("songs_form", border=False, enter_to_submit=False):
        st.text_area(locale("songs_paste"), height=200, key="songs_paste", persist_state="session")
        st.form_submit_button(locale("songs_check"), on_click=_take_pasted, args=(read,))
    with st.container(horizontal=True):
        example = locale("songs_example")
        st.button(locale("songs_try"), on_click=_take_example, args=(read, example), icon=":material/wand_stars:")
        download(locale("songs_template"), example.encode("utf-8-sig"), locale("songs_template_file"))


def _take_upload(read: Reading) -> None:
    if uploaded := st.session_state.songs_upload:
        _take(read, uploaded.name, uploaded.getvalue())
    elif (given := st.session_state.get(GIVEN)) and given.name not in NAMES:
        del st.session_state[GIVEN]
        st.session_state.pop(RANKED, None)


def _take_pasted(read: Reading) -> None:
    _take(read, PASTED, st.session_state.songs_paste.encode())


def _take_example(read: Reading, rows: str) -> None:
    st.session_state.songs_paste = rows
    _take(read, EXAMPLE, rows.encode())


def _take(read: Reading, name: str, content: bytes) -> None:
    """Read a list once, and forget the predictions of the one before."""
    st.session_state.pop(RANKED, None)
    try:
        st.session_state[GIVEN] = Given(name, read(content))
    except (InvalidDataset, DiskFull) as error:
        st.session_state[GIVEN] = Given(name, None, error)


def _check(name: str, file: SongFile, locale: Locale) -> None:
    rows, good = len(file.rows), int(file.good.sum())
    key = "songs_all_good" if good == rows else "songs_some_good" if good else "songs_none_good"
    shown_name = locale(name) if name in NAMES else plain(name)
    st.markdown(locale(key, name=shown_name, songs=rows, good=good, bad=rows - good))
    show_notes(file.notes, locale)
    if good < rows:
        _show_faults(file, locale)


def _show_faults(file: SongFile, locale: Locale) -> None:
    listed = [
        {
            "row": int(file.rows[position]),
            "column": column or locale("songs_whole_row"),
            "problem": rule.text(locale.language),
        }
        for position, faults in islice(file.faults.items(), SHOWN_FAULTS)
        for column, rule in faults
    ]
    st.dataframe(
        pd.DataFrame(listed),
        hide_index=True,
        height="content" if len(listed) <= 6 else FAULTS_HEIGHT,
        column_config={
            "row": st.column_config.NumberColumn(locale("songs_row"), format="%d", width=60),
            "column": st.column_config.TextColumn(locale("songs_column"), width=110),
            "problem": st.column_config.TextColumn(locale("songs_problem")),
        },
        alt=locale("songs_faults_alt"),
    )
    if len(file.faults) > SHOWN_FAULTS:
        st.caption(locale("songs_faults_some", shown=SHOWN_FAULTS, bad=len(file.faults)))
    st.caption(locale("songs_rule"))


def _ask(file: SongFile, locale: Locale) -> None:
    """Draw the button that asks the model, unless this version has answered already."""
    good = int(file.good.sum())
    current = predictor().store.current().model.ref
    ranking: Ranking | None = st.session_state.get(RANKED)
    if not good or (ranking and ranking.batch.model == current):
        return
    if ranking:
        st.info(locale("songs_ask_again", version=current.version, old=ranking.batch.model.version))
    place = st.empty()
    label = locale("songs_ask_one" if good == 1 else "songs_ask", good=good)
    if place.button(label, type="primary", icon=":material/queue_music:", key="songs_ask"):
        bar = place.progress(0.0)

        def show(done: int) -> None:
            bar.progress(done / good, locale("songs_progress", done=done, good=good))

        st.session_state[RANKED] = Ranking.of(file, predictor().pinned(), show)
        # The section above the answers is drawn again, without the button and the note about an older model.
        st.rerun()
