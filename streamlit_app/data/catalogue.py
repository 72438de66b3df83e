"""The catalogue's songs, from an index of the dashboard's own."""

from contextlib import suppress

import streamlit as st

from song_preference.errors import DiskFull, RegistryUnavailable
from song_preference.serving.registry import following_index
from song_preference.serving.songs import SongSearch
from song_preference.settings import ServingSettings, load
from streamlit_app.data import predictor


@st.cache_resource(show_spinner=False)
def songs() -> SongSearch:
    """Return the search in the catalogue, which follows its index."""
    indexes = following_index(load(ServingSettings), "streamlit")
    # The first question should find something; if that cannot be, the refresh thread logs why and tries again.
    with suppress(RegistryUnavailable, DiskFull):
        indexes.refresh()
    indexes.start()
    return SongSearch(indexes, predictor())
