"""Data for the pages from the other services, with one client of each for all sessions.

Here: settings, and the model that the dashboard predicts with.
"""

import math
from contextlib import suppress
from io import BytesIO

import pandas as pd
import streamlit as st

from song_preference.errors import DiskFull, ModelNotReady, RegistryUnavailable
from song_preference.features import FEATURES
from song_preference.serving.predictor import Predictor
from song_preference.serving.registry import OWN_SONGS_FILE, MlflowRegistry, following_champion
from song_preference.settings import DashboardSettings, ModelSettings, ServingSettings, load

LATEST_SECONDS = 5
"""Seconds for which an answer that may change is cached."""

KEPT_ANSWERS = 4
"""Number of cached answers that never change, of each kind."""

LISTED_VERSIONS = 100

ANSWERS = ("probability", "predicted")


@st.cache_resource(show_spinner=False)
def settings() -> DashboardSettings:
    """Return the dashboard's settings."""
    return load(DashboardSettings)


@st.cache_resource(show_spinner=False)
def predictor() -> Predictor:
    """Return the dashboard's own predictor, which follows the champion like every other service."""
    following = following_champion(load(ServingSettings))
    # The first page should show an answer; if there is none yet, the refresh thread logs why and tries again.
    with suppress(RegistryUnavailable, DiskFull):
        following.store.refresh()
    following.store.start()
    return following


@st.cache_resource(show_spinner=False)
def model_settings() -> ModelSettings:
    """Return the name and the alias of the registered model."""
    return load(ModelSettings)


def with_answers(songs: pd.DataFrame) -> pd.DataFrame:
    """Return the listener's songs with `probability` and `predicted` label by models that were not trained on them.

    The champion may know the songs by heart. Both are NaN without MLflow, and for songs that training did not store.
    """
    stored = None
    with suppress(ModelNotReady, RegistryUnavailable, DiskFull):
        served = predictor().store.current()
        # While MLflow does not answer, nobody waits for it.
        stored = None if served.stale else _own_songs(served.model.ref.run_id)
    if stored is None:
        return songs.assign(**dict.fromkeys(ANSWERS, math.nan))
    found = songs[list(FEATURES)].astype("float32").merge(stored, "left", list(FEATURES))
    return songs.assign(**{name: found[name].to_numpy() for name in ANSWERS})


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def _own_songs(run_id: str) -> pd.DataFrame | None:
    content = MlflowRegistry(model_settings()).artifact(run_id, OWN_SONGS_FILE)
    if content is None:
        return None
    # A dataset of version 0.1 may hold a song several times.
    return pd.read_parquet(BytesIO(content), columns=[*FEATURES, *ANSWERS]).drop_duplicates(list(FEATURES))


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def source_kind(version: str, run_id: str) -> str | None:  # noqa: ARG001 - a registry set up anew counts from 1
    """Return the kind of source of a model version, which never changes; raise `RegistryUnavailable`."""
    registered = predictor().store.versions(LISTED_VERSIONS)
    return next((found.source_kind for found in registered if found.version == version), None)
