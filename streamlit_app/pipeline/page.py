"""The pipeline: start a run, follow it, see the state of each service, and the last runs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from song_preference.mlflow_pages import experiments_page
from song_preference.pipeline.airflow import Run
from song_preference.pipeline.report import RunSummary
from song_preference.pipeline.report import page as run_page
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from streamlit_app.components import section
from streamlit_app.data import LATEST_SECONDS, settings
from streamlit_app.data.model import predictor
from streamlit_app.data.pipeline import airflow_or_fail_fast, probes
from streamlit_app.health import Health, State, own_model
from streamlit_app.i18n import Language, Words
from streamlit_app.pipeline.progress import duration, followed_run, show_run
from streamlit_app.pipeline.runs import Report, run_view, seconds
from streamlit_app.pipeline.start import start
from streamlit_app.pipeline.texts import TEXTS

HEALTH_SECONDS = 10
"""Time between two health checks."""

LISTED_RUNS = 6
KEPT_RUNS = 50
RUN_ICONS = {
    "success": ":material/check_circle:",
    "failed": ":material/error:",
    "running": ":material/autorenew:",
    "queued": ":material/schedule:",
}
BADGES: dict[State, tuple[str, Any]] = {
    "up": (":material/check:", "green"),
    "down": (":material/close:", "red"),
    "unknown": (":material/question_mark:", "gray"),
}
COLUMNS = 3

CSS = """<style>
/* Sections that are drawn again every few seconds must not fade meanwhile, and no option prevents it. */
[data-stale="true"] { opacity: 1 !important; }
[data-testid="stStatusWidget"] { display: none; }
</style>"""


def page(language: Language) -> None:
    """Draw the page."""
    words = Words(language, TEXTS)
    st.html(CSS)
    st.title(words("pipeline_title"), anchor=False)
    st.write(words("pipeline_intro"))
    st.header(words("pipeline_learn"), anchor=False)
    start(words)
    followed = st.container()
    st.header(words("pipeline_parts"), anchor=False)
    _services(words)
    st.header(words("pipeline_history"), anchor=False)
    # Airflow may be slow if it is in trouble: the sections that ask it are filled last, wherever they stand.
    with followed:
        followed_run(words)
    _history(words)


@st.fragment(run_every=HEALTH_SECONDS)
def _services(words: Words) -> None:
    """Draw a card for each service, and how many of them work."""
    found = {"dashboard": own_model(predictor().store), **probes().ask(manages_datasets=settings().manages_datasets)}
    working = sum(health.state == "up" for health in found.values())
    key = "pipeline_all_work" if working == len(found) else "pipeline_some_work"
    st.write(words(key, working=working, parts=len(found)))
    links, names = _links(words), list(found)
    for first in range(0, len(names), COLUMNS):
        row = names[first : first + COLUMNS]
        for name, column in zip(row, st.columns(len(row), gap="small"), strict=True):
            with column.container(border=True, height="stretch", key=f"part_{name}"):
                _card(words, name, found[name], links.get(name))


def _card(words: Words, name: str, health: Health, link: str | None) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{words(f'part_{name}')}**", width="content")
        _badge(health.state, words(f"health_{health.state}"))
    st.caption(words(f"part_{name}_purpose"))
    if health.note:
        st.caption(words(health.note, **_filled_in(words, health.values)))
    if health.components:
        with st.container(horizontal=True):
            for component, state in health.components.items():
                _badge(state, words(f"component_{state}", name=words(f"part_airflow_{component}")))
    if link:
        st.markdown(link)


def _badge(state: State, text: str) -> None:
    icon, colour = BADGES[state]
    st.badge(text, icon=icon, color=colour)


def _filled_in(words: Words, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: words.moment(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _links(words: Words) -> dict[str, str]:
    pages = settings()
    addresses = {
        "rest": f"{pages.rest_page}/docs",
        "graphql": f"{pages.rest_page}/graphql",
        "mlflow": experiments_page(pages.mlflow_page),
        "s3": pages.s3_page,
        "airflow": pages.airflow_page,
    }
    links = {
        name: f"[{words('pipeline_open', name=words(f'part_{name}'))}]({address})"
        for name, address in addresses.items()
    }
    return {**links, "grpc": words("pipeline_grpc_address", address=f"`{pages.grpc_address}`")}


@st.fragment
def _history(words: Words) -> None:
    """Draw the newest runs of the DAG that is chosen, each with its steps once it is opened."""
    chosen: str = st.segmented_control(
        words("pipeline_which"),
        [ETL_DAG, TRAINING_DAG],
        format_func=words,
        default=ETL_DAG,
        required=True,
        key="pipeline_history",
        label_visibility="collapsed",
    )
    with section(words):
        runs = run_page(airflow_or_fail_fast(), LISTED_RUNS, dag_id=chosen).runs
        if not runs:
            st.write(words("pipeline_no_runs"))
        for run in runs:
            _entry(words, chosen, run)


def _entry(words: Words, dag_id: str, summary: RunSummary) -> None:
    entry = st.expander(
        _headline(words, summary), icon=RUN_ICONS[summary.state], key=f"run_{summary.id}", on_change="rerun"
    )
    if entry.open:
        run = Run(dag_id, summary.id)
        with entry, section(words):
            show_run(words, run, _run_view(run))


@st.cache_data(ttl=LATEST_SECONDS, max_entries=KEPT_RUNS, show_spinner=False)
def _run_view(run: Run) -> Report:
    return run_view(airflow_or_fail_fast(), run)


def _headline(words: Words, run: RunSummary) -> str:
    took = seconds(run)
    lasted = f" · {duration(words, took)}" if took is not None else ""
    return f"**{words(f'run_{run.state}')}** · {words.moment(run.asked_at)}{lasted}"
