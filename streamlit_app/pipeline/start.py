"""Start the pipeline: on the playlist that is configured, or on a file of the listener's."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from song_preference.run_options import ETL_DAG, ETL_OPTIONS, Option
from streamlit_app.parts import part
from streamlit_app.pipeline.at_hand import airflow_at_hand
from streamlit_app.pipeline.follow import begin, is_working
from streamlit_app.pipeline.upload import upload
from streamlit_app.sources import settings
from streamlit_app.words import Words


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
        # The card beside this one takes a playlist.
        chosen = options_form(words, [option for option in ETL_OPTIONS if option.name != "source"])
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
            begin(airflow_at_hand().trigger(ETL_DAG, chosen, patience_seconds=0))


def options_form(words: Words, options: Iterable[Option]) -> dict[str, Any]:
    """Draw a field for each option; return the values that differ from the defaults."""
    chosen = {option: _field(words, option) for option in options}
    return {option.name: value for option, value in chosen.items() if value != option.default}


def _field(words: Words, option: Option) -> Any:
    title, help_text = option.title[words.language], option.help(words.language)
    default: Any = option.default
    low, high = option.bounds or (None, None)
    if option.type is bool:
        return st.toggle(title, default, help=help_text)
    if option.type is int:
        return st.number_input(title, low, high, default, placeholder=words("pipeline_default"), help=help_text)
    if option.type is float and option.bounds:  # a share
        low, high, default = (round(value * 100) for value in (*option.bounds, default))
        return st.slider(title, low, high, default, format=words("pipeline_percent"), help=help_text) / 100
    return st.text_input(title, default, placeholder=words("pipeline_default"), help=help_text) or None
