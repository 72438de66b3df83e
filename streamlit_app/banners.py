"""The banners above every page: no model yet, a stale model, made-up data."""

from contextlib import suppress

import streamlit as st

from song_preference.errors import ModelNotReady, RegistryUnavailable
from song_preference.run_options import ETL_DAG
from streamlit_app.components import section
from streamlit_app.data import KEPT_ANSWERS, settings
from streamlit_app.data.model import LISTED_VERSIONS, predictor, registry, versions
from streamlit_app.data.pipeline import airflow_or_fail_fast, follow, run_at_work
from streamlit_app.i18n import Locale

SAMPLE = "sample"


def show(locale: Locale) -> None:
    """Draw the banners that apply."""
    store = predictor().store
    try:
        served = store.current()
    except ModelNotReady:
        _no_champion(locale)
        return
    version = served.model.ref.version
    if store.refusal:
        st.warning(locale("refused_banner", version=version), icon=":material/block:")
    elif served.stale:
        st.warning(locale("stale_banner", version=version), icon=":material/cloud_off:")
    with suppress(RegistryUnavailable):  # without MLflow there is the banner of a stale model
        if _source_kind(version, served.model.ref.run_id) == SAMPLE:
            st.info(locale("sample_banner"), icon=":material/science:")


def _no_champion(locale: Locale) -> None:
    try:
        versions()
    except RegistryUnavailable:
        st.warning(locale("no_registry_banner"), icon=":material/cloud_off:")
        return
    st.info(locale("no_champion_banner"), icon=":material/hourglass_empty:")
    if settings().manages_datasets:
        with section(locale):
            _first_run(locale)


def _first_run(locale: Locale) -> None:
    """Draw a button that starts the pipeline, unless a run is at work, whoever started it; raise `PipelineError`."""
    airflow = airflow_or_fail_fast()
    if run_at_work(airflow):
        st.info(locale("pipeline_at_work"), icon=":material/progress_activity:")
    elif st.button(locale("start_pipeline"), key="start_from_banner", type="primary", icon=":material/play_arrow:"):
        follow(airflow.trigger(ETL_DAG, patience_seconds=0))


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def _source_kind(version: str, run_id: str) -> str | None:  # noqa: ARG001 - a registry set up anew counts from 1
    """Return the kind of source of a model version, which never changes; raise `RegistryUnavailable`."""
    registered = registry().versions(LISTED_VERSIONS)
    return next((found.source_kind for found in registered if found.version == version), None)
