"""The last runs, each with its steps once it is opened."""

import streamlit as st

from song_preference.pipeline import ETL_DAG, TRAINING_DAG, Run
from song_preference.pipeline.report import RunSummary, page
from streamlit_app.clock import local
from streamlit_app.components import part
from streamlit_app.data.model import LATEST_SECONDS
from streamlit_app.data.pipeline import airflow_at_hand
from streamlit_app.pipeline.runs import Report, seconds, told
from streamlit_app.pipeline.tell import airflow_link, duration, tell_outcome, tell_steps
from streamlit_app.words import Words

SHOWN = 6
KEPT_REPORTS = 50
ICONS = {
    "success": ":material/check_circle:",
    "failed": ":material/error:",
    "running": ":material/autorenew:",
    "queued": ":material/schedule:",
}


@st.fragment
def history(words: Words) -> None:
    """Draw the newest runs of the DAG that is chosen."""
    chosen: str = st.segmented_control(
        words("pipeline_which"),
        [ETL_DAG, TRAINING_DAG],
        format_func=words,
        default=ETL_DAG,
        required=True,
        key="pipeline_history",
        label_visibility="collapsed",
    )
    with part(words):
        runs = page(airflow_at_hand(), SHOWN, dag_id=chosen).runs
        if not runs:
            st.write(words("pipeline_no_runs"))
        for run in runs:
            _entry(words, chosen, run)


def _entry(words: Words, dag_id: str, summary: RunSummary) -> None:
    entry = st.expander(
        _headline(words, summary), icon=ICONS[summary.state], key=f"run_{summary.id}", on_change="rerun"
    )
    if entry.open:
        run = Run(dag_id, summary.id)
        with entry, part(words):
            found = _told(run)
            tell_outcome(words, found)
            tell_steps(words, found)
            airflow_link(words, run)


@st.cache_data(ttl=LATEST_SECONDS, max_entries=KEPT_REPORTS, show_spinner=False)
def _told(run: Run) -> Report:
    return told(airflow_at_hand(), run)


def _headline(words: Words, run: RunSummary) -> str:
    took = seconds(run)
    lasted = f" · {duration(words, took)}" if took is not None else ""
    return f"**{words(f'run_{run.state}')}** · {words.moment(local(run.asked_at))}{lasted}"
