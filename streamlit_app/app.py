"""Run by `streamlit run streamlit_app/app.py`: language, navigation, and the banners above every page."""

from contextlib import suppress
from functools import partial

import streamlit as st

from song_preference.errors import ModelNotReady, RegistryUnavailable
from song_preference.run_options import ETL_DAG
from streamlit_app import address, theme
from streamlit_app.address import Choice
from streamlit_app.components import PREDICT_PAGE, section
from streamlit_app.data import predictor, settings, source_kind
from streamlit_app.data.models import versions
from streamlit_app.data.pipeline import airflow_or_fail_fast, follow, run_at_work
from streamlit_app.explore import page as explore
from streamlit_app.i18n import COMMON, LANGUAGES, Language, Locale
from streamlit_app.model import page as model
from streamlit_app.pipeline import page as pipeline
from streamlit_app.predict import page as predict
from streamlit_app.songs import page as songs

PAGES = {
    "predict": (predict.page, ":material/music_note:"),
    "explore": (explore.page, ":material/scatter_plot:"),
    "model": (model.page, ":material/insights:"),
    "songs": (songs.page, ":material/queue_music:"),
    "pipeline": (pipeline.page, ":material/account_tree:"),
}


def main() -> None:
    """Draw the page that the address names."""
    theme.style()
    address.start()
    language = _language()
    locale = Locale(language, COMMON)
    # Without an entry of its own, there would be no menu, and no other way to choose a theme.
    st.set_page_config(
        page_title="Song preference", page_icon="🎧", layout="wide", menu_items={"About": locale("about")}
    )
    pages = {
        name: st.Page(partial(draw, language), title=locale(f"page_{name}"), url_path=name, icon=icon)
        for name, (draw, icon) in PAGES.items()
    }
    st.session_state[PREDICT_PAGE] = pages["predict"]
    page = st.navigation(list(pages.values()))
    show_banners(locale)
    page.run()
    address.write()


def _language() -> Language:
    """Draw the choice of language and return it: the browser's own at first, if it is one of ours."""
    is_english = (st.context.locale or "").startswith("en")
    address.restore([Choice("lang", "language", list(LANGUAGES), "en" if is_english else "es")])
    chosen: Language = st.sidebar.selectbox(
        "Idioma · Language",
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key="language",
        on_change=address.push,
        persist_state="session",
    )
    return chosen


def show_banners(locale: Locale) -> None:
    """Draw the banners that apply: no model yet, a stale or rejected one, made-up data."""
    store = predictor().store
    try:
        served = store.current()
    except ModelNotReady:
        _no_champion(locale)
        return
    version = served.model.ref.version
    if store.refusal:
        st.warning(locale("rejected_banner", version=version), icon=":material/block:")
    elif served.stale:
        st.warning(locale("stale_banner", version=version), icon=":material/cloud_off:")
    with suppress(RegistryUnavailable):  # without MLflow there is the banner of a stale model
        if source_kind(version, served.model.ref.run_id) == "sample":
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


if __name__ == "__main__":
    main()
