"""The catalogue's songs by name, and recommendations, from the dashboard's own copy of the index."""

from contextlib import suppress

import streamlit as st

from song_preference.errors import CatalogueNotFound
from song_preference.serving.registry import following_index
from song_preference.serving.songs import CatalogueSong, SongSearch, Spans
from song_preference.settings import ServingSettings, load
from streamlit_app.data import KEPT_ANSWERS, predictor

MOST_GENRES = 200


@st.cache_resource(show_spinner=False)
def catalogue() -> SongSearch:
    """Return the search, which follows the index in MLflow in a thread of its own; no page waits for it."""
    indexes = following_index(load(ServingSettings), "streamlit")
    indexes.start()
    return SongSearch(indexes, predictor())


def has_index() -> bool:
    """Return whether there are songs to search."""
    return catalogue().current is not None


def find(song_id: str) -> CatalogueSong | None:
    """Return the song with this id, None if there is none."""
    with suppress(CatalogueNotFound):
        return catalogue().find(song_id) if song_id else None
    return None


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def genres_and_spans(index: str) -> tuple[list[str], Spans]:  # noqa: ARG001 - the file of an index never changes
    """Return what the songs of the index in use can be filtered by; raise `CatalogueNotFound`."""
    return catalogue().genres(MOST_GENRES), catalogue().spans()


def about(song: CatalogueSong) -> str:
    """Return the artist of a song, and its year if it is known."""
    return f"{song.artist}, {song.year}" if song.year else song.artist
