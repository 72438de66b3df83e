"""What every page says first: no model yet, a stale one, made-up data."""

import streamlit as st

from song_preference.errors import ModelNotReady, RegistryUnavailable, SongPreferenceError
from song_preference.pipeline import ETL_DAG
from streamlit_app.parts import part
from streamlit_app.sources import airflow, predictor, settings, versions
from streamlit_app.words import Words

SAMPLE = "sample"


def show(words: Words) -> None:
    """Draw those that apply."""
    store = predictor().store
    try:
        served = store.current()
    except ModelNotReady:
        _no_champion(words)
        return
    version = served.model.ref.version
    if store.refusal:
        st.warning(words("refused_banner", version=version), icon=":material/block:")
    elif served.stale:
        st.warning(words("stale_banner", version=version), icon=":material/cloud_off:")
    if _source_kind(version) == SAMPLE:
        st.info(words("sample_banner"), icon=":material/science:")


def start_button(words: Words, key: str) -> None:
    """A button that starts the pipeline, where the dashboard may."""
    if not settings().manages_datasets:
        return
    if st.button(words("start_pipeline"), key=key, type="primary", icon=":material/play_arrow:"):
        with part(words):
            airflow().trigger(ETL_DAG, patience_seconds=0)
            st.success(words("pipeline_started"))


def _no_champion(words: Words) -> None:
    try:
        versions()
    except RegistryUnavailable:
        st.warning(words("no_registry_banner"), icon=":material/cloud_off:")
        return
    st.info(words("no_champion_banner"), icon=":material/hourglass_empty:")
    start_button(words, "start_from_banner")


def _source_kind(version: str) -> str | None:
    try:
        return next((found.source_kind for found in versions() if found.version == version), None)
    except SongPreferenceError:
        return None  # the banner of a stale model says that MLflow is away
