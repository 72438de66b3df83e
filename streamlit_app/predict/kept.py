"""The song that the sliders are set to, and those that are kept aside: beside each other, with the model's answers."""

import re
from contextlib import suppress

import numpy as np
import pandas as pd
import streamlit as st
from typing_extensions import override

from song_preference.errors import CatalogueNotFound
from song_preference.features import EXAMPLE, FEATURES, Song
from song_preference.serving.songs import CatalogueSong
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import SONG, song_state
from streamlit_app.data import predictor
from streamlit_app.data.catalogue import catalogue
from streamlit_app.i18n import Locale

STEPS = [step / 100 for step in range(101)]
"""Values that a slider can take."""

MEASURES = [
    Choice(feature, key, STEPS, value)
    for feature, (key, value) in zip(FEATURES, song_state(EXAMPLE.row()).items(), strict=True)
]

MOST_KEPT = 5

Percents = tuple[int, ...]
"""The four values of a song as the sliders show them."""


class Kept(Choice):
    """The songs that are kept aside, the first one kept first: at most `MOST_KEPT` different ones."""

    @override
    def asked(self) -> tuple[Percents, ...]:
        text = st.query_params.get(self.name, "")
        values = [*map(int, text.split("-"))] if re.fullmatch(r"[0-9]{1,3}(-[0-9]{1,3})*", text) else []
        songs = tuple(tuple(values[at : at + len(FEATURES)]) for at in range(0, len(values), len(FEATURES)))
        is_whole = len(values) % len(FEATURES) == 0 and max(values, default=0) <= 100
        return songs if is_whole and len(set(songs)) == len(songs) <= MOST_KEPT else ()


KEPT = Kept("kept", "predict_kept", (), ())

CHOSEN, NAMED = "predict_kept_which", "predict_kept_named"
"""Keys of the session state: the number of the song to take back or to remove, and the songs of the catalogue among
those kept in this session by their values; the address has the values alone."""

DECIMALS = 6
"""Of a feature: the index has them in single precision."""


def shown() -> Song:
    """Return the song that the sliders are set to."""
    return Song(**{measure.name: st.session_state[measure.key] for measure in MEASURES})


def exact(song: CatalogueSong) -> Song:
    """Return the features of a song, of which the sliders show two decimals."""
    return Song(**{name: round(value, DECIMALS) for name, value in song.features.model_dump().items()})


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
    columns["title"] = locale("predict_kept_which")
    found = rows(songs, locale)
    if any(titles := [_named()[song].title if song in _named() else "" for song in _songs()]):
        found.insert(1, "title", titles)
    st.dataframe(found, hide_index=True, height="content", column_config=columns, alt=locale("predict_kept_alt"))
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
    return [
        exact(_named()[song])
        if song in _named()
        else Song.checked({name: value / 100 for name, value in zip(FEATURES, song, strict=True)})
        for song in _songs()
    ]


def _named() -> dict[Percents, CatalogueSong]:
    found: dict[Percents, CatalogueSong] = st.session_state.setdefault(NAMED, {})
    return found


def _songs() -> tuple[Percents, ...]:
    found: tuple[Percents, ...] = st.session_state[KEPT.key]
    return found


def _set(songs: tuple[Percents, ...]) -> None:
    st.session_state[KEPT.key] = songs
    address.push()


def _keep() -> None:
    song = tuple(round(100 * value) for value in shown().row())
    _named().pop(song, None)
    if song_id := st.session_state[SONG]:
        with suppress(CatalogueNotFound):
            found = catalogue().find(song_id)
            if song_state(found.features.row()) == song_state(shown().row()):
                _named()[song] = found
    if song not in _songs():
        _set((*_songs(), song))


def _take_back() -> None:
    number = st.session_state[CHOSEN] - 1
    put(_kept()[number])
    if song := _named().get(_songs()[number]):
        st.session_state[SONG] = song.id


def _remove() -> None:
    number = st.session_state[CHOSEN]
    _set((*_songs()[: number - 1], *_songs()[number:]))
    st.session_state[CHOSEN] = 1


def _clear() -> None:
    _set(())
