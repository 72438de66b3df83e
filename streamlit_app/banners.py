"""The banners above every page, and the listener's list that every page is about."""

from contextlib import suppress

import streamlit as st

from song_preference.dataset.version import DatasetVersion
from song_preference.errors import ModelNotReady, RegistryUnavailable
from song_preference.run_options import ETL_DAG
from song_preference.serving.versions import DescribedVersion
from streamlit_app import address
from streamlit_app.components import MISSING, plain, reporting, section
from streamlit_app.data import predictor, settings, source_kind
from streamlit_app.data.models import choose, decline, versions, why_not
from streamlit_app.data.pipeline import airflow_or_fail_fast, follow, run_at_work
from streamlit_app.data.playlist import LATEST_NAME, dataset, own_dataset
from streamlit_app.i18n import Locale


def show_banners(locale: Locale) -> None:
    """Draw the banners that apply: no model yet, a stale or rejected one, made-up data."""
    store = predictor().store
    try:
        served = store.current()
    except ModelNotReady:
        _no_champion(locale)
        return
    version = served.model.ref.version
    if store.rejection:
        st.warning(locale("rejected_banner", version=version), icon=":material/block:")
    elif served.stale:
        st.warning(locale("stale_banner", version=version), icon=":material/cloud_off:")
    with suppress(RegistryUnavailable):  # without MLflow there is the banner of a stale model
        if source_kind(version, served.model.ref.run_id) == "sample":
            st.info(locale("sample_banner"), icon=":material/science:")


def _no_champion(locale: Locale) -> None:
    try:
        found = versions()
    except RegistryUnavailable:
        st.warning(locale("no_registry_banner"), icon=":material/cloud_off:")
        return
    st.info(locale("no_champion_banner" if found else "no_version_banner"), icon=":material/hourglass_empty:")
    is_elsewhere = st.session_state[address.PAGE] != "model"
    if found and is_elsewhere and st.button(locale("page_model"), key="model_from_banner", type="tertiary"):
        address.open_page("model")
    if settings().manages_datasets:
        with section(locale):
            _first_run(locale)


def _first_run(locale: Locale) -> None:
    """Draw a button that starts the pipeline, unless a run is at work, whoever started it; raise `PipelineError`."""
    airflow = airflow_or_fail_fast()
    if run_at_work(airflow):
        st.info(locale("pipeline_at_work"), icon=":material/progress_activity:")
    elif st.button(locale("start_pipeline"), key="start_from_banner", type="primary", icon=":material/play_arrow:"):
        follow(airflow.trigger(ETL_DAG))


def show_list(locale: Locale) -> None:
    """Draw the name and date of the listener's list, and the banner of a newer one that is not in use."""
    with suppress(*MISSING):  # the page below says what is missing
        own = own_dataset()
        st.sidebar.caption(locale("own_list", name=plain(own.name), moment=own.created_at))
        if found := newer():
            _propose(*found, locale)


def newer() -> tuple[DatasetVersion, DescribedVersion] | None:
    """Return the list published last, and the model that learned from it, if that is neither in use nor declined.

    Raise errors of `MISSING`.
    """
    served = predictor().store.current()
    latest = dataset(LATEST_NAME)
    if served.stale or served.model.ref.dataset_version in (None, latest.version):
        return None
    newest = next((found for found in versions() if found.registered.dataset_version == latest.version), None)
    return None if newest is None or newest.reason is None or newest.is_declined else (latest, newest)


def _propose(latest: DatasetVersion, model: DescribedVersion, locale: Locale) -> None:
    version = model.registered.version
    values = {"name": plain(latest.name), "moment": latest.created_at, "version": version}
    # Low, since it pushes the four sliders down.
    says, asks = st.columns([3, 1], vertical_alignment="center")
    reason = plain(why_not(model, locale))
    text = f":small[{locale('newer_banner', reason=reason, **values)}]"
    says.container(key="newer").info(text, icon=":material/queue_music:")
    with asks.container(gap="xsmall"), reporting(locale):
        if st.button(locale("newer_use"), key="newer_use", type="primary", width="stretch"):
            choose(version)
            st.rerun()
        if st.button(locale("newer_keep"), key="newer_keep", width="stretch"):
            decline(version)
            st.rerun()
