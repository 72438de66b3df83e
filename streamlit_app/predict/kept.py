"""The song that the sliders are set to, and those that are kept aside: beside each other, with the model's answers."""

import numpy as np
import pandas as pd
import streamlit as st

from song_preference.clients import EXAMPLE
from song_preference.features import FEATURES, Song
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import SONG, song_state
from streamlit_app.data import predictor
from streamlit_app.i18n import Locale

STEPS = [step / 100 for step in range(101)]
"""Values that a slider can take."""

MEASURES = [
    Choice(feature, key, STEPS, value)
    for feature, (key, value) in zip(FEATURES, song_state(EXAMPLE.row()).items(), strict=True)
]

KEPT = "predict_kept"
"""Key of the session state: the songs, the first one kept first."""

CHOSEN = "predict_kept_which"
"""Key of the session state: the number of the song to take back or to remove."""

MOST_KEPT = 5


def shown() -> Song:
    """Return the song that the sliders are set to."""
    return Song(**{measure.name: st.session_state[measure.key] for measure in MEASURES})


def put(song: Song) -> None:
    """Set the sliders, before they are drawn, to a song that is none of the catalogue; Back undoes it."""
    st.session_state.update(song_state(song.row()))
    st.session_state[SONG] = ""
    address.push()


def keep_button(locale: Locale) -> None:
    """Draw the button that keeps the song of the sliders."""
    is_full = len(_kept()) == MOST_KEPT
    st.button(
        locale("predict_keep"),
        on_click=_keep,
        key="predict_keep",
        icon=":material/bookmark_add:",
        disabled=is_full,
        help=locale("predict_keep_full" if is_full else "predict_keep_help", most=MOST_KEPT),
    )


def table(locale: Locale) -> None:
    """Draw the songs, if there are any; raise `ModelNotReady`."""
    if not (songs := _kept()):
        return
    st.header(locale("predict_kept"), anchor=False)
    columns = {feature: locale(feature) for feature in FEATURES}
    columns |= {"number": "#", "probability": locale("probability"), "answer": locale("predict_kept_answer")}
    st.dataframe(
        rows(songs, locale), hide_index=True, height="content", column_config=columns, alt=locale("predict_kept_alt")
    )
    # Not buttons in the table, nor menus: no keyboard reaches either.
    with st.container(horizontal=True, vertical_alignment="bottom"):
        numbers = range(1, len(songs) + 1)
        st.segmented_control(
            locale("predict_kept_which"), numbers, default=1, key=CHOSEN, required=True, width="content"
        )
        for key, icon, act in (
            ("back", "undo", _take_back),
            ("remove", "remove", _remove),
            ("clear", "delete", _clear),
        ):
            name = f"predict_kept_{key}"
            is_pressed = st.button(locale(name), on_click=act, key=name, icon=f":material/{icon}:")
            if is_pressed and act is not _take_back:
                st.rerun()  # of the page, whose button keeps a song again once there is room


def rows(songs: list[Song], locale: Locale) -> pd.DataFrame:
    """Return a row for each song: its number, the model's answer, and its values."""
    batch = predictor().predict_rows(np.array([song.row() for song in songs], dtype=np.float32))
    found = [
        {"number": str(number), "answer": locale(f"predict_{label}"), "probability": locale.percent(probability)}
        | {name: locale.number(value, 2) for name, value in song.model_dump().items()}
        for number, (song, (label, _, probability)) in enumerate(zip(songs, batch.answers(), strict=True), 1)
    ]
    return pd.DataFrame(found)


def _kept() -> list[Song]:
    found: list[Song] = st.session_state.setdefault(KEPT, [])
    return found


def _keep() -> None:
    if (song := shown()) not in _kept():
        _kept().append(song)


def _take_back() -> None:
    put(_kept()[st.session_state[CHOSEN] - 1])


def _remove() -> None:
    del _kept()[st.session_state[CHOSEN] - 1]
    st.session_state[CHOSEN] = 1


def _clear() -> None:
    _kept().clear()
