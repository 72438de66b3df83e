"""The dashboard's own predictor and its clients, one for all sessions."""

from contextlib import suppress

import streamlit as st

from song_preference.clients import PredictionClient, clients
from song_preference.errors import ModelRefused, RegistryUnavailable
from song_preference.serving.predictor import Predictor
from song_preference.settings import ClientSettings, ServingSettings, load


@st.cache_resource(show_spinner=False)
def predictor() -> Predictor:
    """Follows the champion by itself, like every other service."""
    following = Predictor.following(load(ServingSettings))
    # The first page should show an answer; where there is none yet, the watching thread says why and goes on.
    with suppress(RegistryUnavailable, ModelRefused):
        following.store.refresh()
    following.store.start()
    return following


@st.cache_resource(show_spinner=False)
def protocols() -> dict[str, PredictionClient]:
    """A client for each protocol of the other services."""
    return clients(load(ClientSettings))
