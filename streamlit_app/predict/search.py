"""The search by name above the sliders, and the song of the catalogue that the sliders are set to."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from song_preference.errors import CatalogueNotFound
from song_preference.features import Song
from song_preference.prediction import Explanation
from song_preference.serving.songs import LONGEST_QUERY, CatalogueSong, Search
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import SONG, because, linked, plain, song_state
from streamlit_app.data.catalogue import about, catalogue, find, has_index
from streamlit_app.i18n import Locale
from streamlit_app.predict.kept import MEASURES, put

QUERY, MATCH, TAKEN = "predict_query", "predict_match", "predict_taken"
"""Keys of the session state: the words to search for, the id of the song that is chosen among the matches, and whether
one was chosen just now."""

MOST_MATCHES = 8
LONGEST_LABEL = 60


def restore(others: Sequence[Choice]) -> None:
    """Set the sliders, `others` and the song by the address; an address with a song alone sets the sliders too."""
    is_new, asked = SONG not in st.session_state, st.query_params.get("song", "")
    found = find(asked)
    address.restore([*MEASURES, Choice("song", SONG, [asked] if found else [], ""), *others])
    if is_new and found and not any(measure.name in st.query_params for measure in MEASURES):
        st.session_state.update(song_state(found.features.row()))


@st.fragment
def search_box(locale: Locale) -> None:
    """Draw the search and its matches; while somebody types, the rest of the page stays as it is."""
    if st.session_state.pop(TAKEN, False):
        st.rerun()  # of the page, with its sliders
    if not has_index():
        if st.button(locale("predict_no_catalogue"), key="predict_no_catalogue", type="tertiary"):
            address.open_page("discover")
        return
    label = locale("predict_search")
    query = st.text_input(
        label,
        key=QUERY,
        type="search",
        placeholder=label,
        label_visibility="collapsed",
        icon=":material/search:",
        live=True,
    )
    if query and query.strip():
        with suppress(CatalogueNotFound):
            _matches(query, locale)


def _matches(query: str, locale: Locale) -> None:
    asked = Search(query=query[:LONGEST_QUERY], limit=MOST_MATCHES)
    found = {song.id: song for song in catalogue().search(asked).songs}
    if not found:
        st.caption(locale("predict_no_match"))
        return
    st.pills(
        locale("predict_matches"),
        list(found),
        format_func=lambda song_id: _label(found[song_id]),
        key=MATCH,
        on_change=_take,
        args=(found,),
        label_visibility="collapsed",
    )


def _label(song: CatalogueSong) -> str:
    text = f"{song.title} — {about(song)}"
    return plain(text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…")


def _take(found: dict[str, CatalogueSong]) -> None:
    if song := found.get(st.session_state[MATCH]):
        put(song.features)
        st.session_state.update({SONG: song.id, QUERY: "", TAKEN: True})


def song_name(song: CatalogueSong) -> str:
    """Return title and artist of a song in Markdown, the title with a link to Spotify if there is one."""
    return f"{linked(song.title, song.spotify_url)} — {plain(about(song))}"


def strongest_reason(explanation: Explanation, song: Song, locale: Locale) -> str:
    """Return the feature that did most for the answer, in words."""
    strongest = max if explanation.prediction.liked else min
    added = explanation.contributions
    return because(strongest(added, key=added.__getitem__), song, locale)
