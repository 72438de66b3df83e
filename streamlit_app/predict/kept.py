"""The song that the sliders are set to, and those that are kept aside: beside each other, with the model's answers."""

from contextlib import suppress
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd
import streamlit as st
from typing_extensions import override

from song_preference.features import EXAMPLE, FEATURES, Song
from song_preference.serving.songs import CatalogueSong
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import SONG, song_state
from streamlit_app.data import predictor
from streamlit_app.data.catalogue import find
from streamlit_app.i18n import Locale

STEPS = [step / 100 for step in range(101)]
"""Values that a slider can take."""

MEASURES = [
    Choice(feature, key, STEPS, value)
    for feature, (key, value) in zip(FEATURES, song_state(EXAMPLE.row()).items(), strict=True)
]

MOST_KEPT = 5

BETWEEN = ","
"""Between two kept songs in the address. Each is `4-52-51-71`: its values in percent, as the sliders show them, and
another hyphen and its id, quoted as in an address, if it is of the catalogue."""


class Kept(Choice):
    """The songs that are kept aside, the first one kept first: at most `MOST_KEPT` different ones."""

    @override
    def asked(self) -> str:
        text: str = st.query_params.get(self.name, "")
        with suppress(ValueError):
            songs = [_percents(song) for song in text.split(BETWEEN)]
            are_songs = all(len(song) == len(FEATURES) and max(song) <= 100 for song in songs)
            if text.isascii() and are_songs and len(set(songs)) == len(songs) <= MOST_KEPT:
                return text
        return str(self.default)


KEPT = Kept("kept", "predict_kept", (), "")

CHOSEN = "predict_kept_which"
"""Key of the session state: the number of the song to take back or to remove."""

DECIMALS = 6
"""Of a feature: the index has them in single precision."""


def shown() -> Song:
    """Return the song that the sliders are set to."""
    return Song(**{measure.name: st.session_state[measure.key] for measure in MEASURES})


def chosen() -> CatalogueSong | None:
    """Return the song that the sliders are set to, None if it is not of the catalogue; forget one that they left."""
    found = find(st.session_state.get(SONG, ""))
    if found and song_state(found.features.row()) == song_state(shown().row()):
        return found
    st.session_state[SONG] = ""
    return None


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
    if any(titles := [named.title if (named := _named(song)) else "" for song in _songs()]):
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
            ("clear", "delete", lambda: _set([])),
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
        exact(named)
        if (named := _named(song))
        else Song.checked({name: value / 100 for name, value in zip(FEATURES, _percents(song), strict=True)})
        for song in _songs()
    ]


def _percents(song: str) -> tuple[int, ...]:
    return tuple(map(int, song.split("-", len(FEATURES))[: len(FEATURES)]))


def _named(song: str) -> CatalogueSong | None:
    """Return a kept song of the catalogue, None for any other; another catalogue may have other values for its id."""
    parts = song.split("-", len(FEATURES))
    found = find(unquote(parts[-1])) if len(parts) > len(FEATURES) else None
    return found if found and _shown_percents(found.features) == _percents(song) else None


def _shown_percents(song: Song) -> tuple[int, ...]:
    return tuple(round(100 * value) for value in song_state(song.row()).values())


def _songs() -> list[str]:
    text: str = st.session_state[KEPT.key]
    return text.split(BETWEEN) if text else []


def _set(songs: list[str]) -> None:
    st.session_state[KEPT.key] = BETWEEN.join(songs)
    address.push()


def _keep() -> None:
    song = "-".join(map(str, _shown_percents(shown())))
    others = [other for other in _songs() if _percents(other) != _shown_percents(shown())]
    if named := chosen():
        song = f"{song}-{quote(named.id, safe='')}"
    if song not in _songs():
        _set([*others, song])


def _take_back() -> None:
    number = st.session_state[CHOSEN] - 1
    put(_kept()[number])
    if named := _named(_songs()[number]):
        st.session_state[SONG] = named.id


def _remove() -> None:
    number = st.session_state[CHOSEN]
    _set(_songs()[: number - 1] + _songs()[number:])
    st.session_state[CHOSEN] = 1
