"""Data for the pages from the other services, with one client of each for all sessions."""

import streamlit as st

from song_preference.settings import DashboardSettings, load

LATEST_SECONDS = 5
"""How long an answer that may change is kept."""

KEPT_ANSWERS = 4
"""How many answers that never change are kept, of each kind."""


@st.cache_resource(show_spinner=False)
def settings() -> DashboardSettings:
    """Return the dashboard's settings."""
    return load(DashboardSettings)
