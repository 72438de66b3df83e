"""The versions in the model registry, with what their trainings recorded."""

from contextlib import suppress

import streamlit as st

from song_preference.errors import DiskFull, RegistryUnavailable
from song_preference.evaluation import Evaluation
from song_preference.serving.versions import DescribedRegistry, DescribedVersion
from streamlit_app.data import KEPT_ANSWERS, LATEST_SECONDS, LISTED_VERSIONS, model_settings, predictor
from streamlit_app.data.playlist import management
from streamlit_app.i18n import Locale


@st.cache_resource(show_spinner=False)
def registry() -> DescribedRegistry:
    """Return the model registry."""
    return DescribedRegistry(model_settings())


@st.cache_data(ttl=LATEST_SECONDS, show_spinner=False)
def versions() -> list[DescribedVersion]:
    """Return the newest versions; raise `RegistryUnavailable`."""
    return registry().described(LISTED_VERSIONS)


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False)
def evaluation(run_id: str) -> Evaluation | None:
    """Return the evaluation of a training run, which never changes; raise `RegistryUnavailable`."""
    return registry().evaluation(run_id)


def why_not(model: DescribedVersion, locale: Locale) -> str:
    """Return why a version is not in use."""
    if model.is_rolled_back or model.reason is None:
        return locale("newer_rolled_back")
    return locale.reason(model.reason)


def choose(version: str) -> None:
    """Make a version the champion, here at once and in the other services soon; raise as `ManagementClient`."""
    management().roll_back(version)
    with suppress(RegistryUnavailable, DiskFull):  # it is the champion, even if it cannot be loaded here yet
        predictor().store.refresh(again=True)
    versions.clear()


def decline(version: str) -> None:
    """Keep the champion instead of a version, which is not proposed again; raise as `ManagementClient`."""
    management().decline(version)
    versions.clear()
