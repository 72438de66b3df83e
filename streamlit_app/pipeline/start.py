"""Start the pipeline: on the playlist that is configured, or on a file of the listener's."""

from typing import Any

import streamlit as st

from song_preference.pipeline import ETL_DAG
from streamlit_app.components import part
from streamlit_app.data.model import settings
from streamlit_app.data.pipeline import airflow_at_hand
from streamlit_app.pipeline.follow import begin, is_working
from streamlit_app.pipeline.runs import DEFAULTS, changed
from streamlit_app.pipeline.upload import upload
from streamlit_app.words import Words

MOST_TRIALS, HIGHEST_SEED = 500, 2**32 - 1


@st.fragment
def start(words: Words) -> None:
    """Draw both ways, where the platform allows them."""
    if not settings().manages_datasets:
        st.info(words("pipeline_only_predicts"), icon=":material/lock:")
        return
    configured, own = st.columns(2, gap="medium")
    with configured.container(border=True, height="stretch"):
        _configured(words)
    with own.container(border=True, height="stretch"):
        upload(words)


def _configured(words: Words) -> None:
    st.subheader(words("pipeline_configured"))
    st.write(words("pipeline_configured_intro"))
    button = st.container()
    with st.expander(words("pipeline_options"), icon=":material/tune:"):
        chosen = _options(words)
    help_text = words("pipeline_busy") if is_working() else None
    if button.button(
        words("start_pipeline"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=is_working(),
        help=help_text,
        key="pipeline_start",
    ):
        with part(words):
            begin(airflow_at_hand().trigger(ETL_DAG, changed(chosen), patience_seconds=0))


def _options(words: Words) -> dict[str, Any]:
    """What the run is started with."""
    percent = round(DEFAULTS["test_size"] * 100)
    share = st.slider(
        words("pipeline_test_size"),
        10,
        50,
        percent,
        format=words("pipeline_percent"),
        help=words("pipeline_test_size_help"),
    )
    trials = st.number_input(
        words("pipeline_trials"),
        1,
        MOST_TRIALS,
        DEFAULTS["trials"],
        placeholder=words("pipeline_trials_default"),
        help=words("pipeline_trials_help"),
    )
    seed = st.number_input(words("pipeline_seed"), 0, HIGHEST_SEED, DEFAULTS["seed"], help=words("pipeline_seed_help"))
    force = st.toggle(words("pipeline_force"), DEFAULTS["force"], help=words("pipeline_force_help"))
    return {"test_size": share / 100, "seed": seed, "trials": trials, "force": force}
