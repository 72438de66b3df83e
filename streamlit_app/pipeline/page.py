"""The pipeline: start a run, follow it, see the state of each service, and the last runs."""

from typing import Any

import streamlit as st

from song_preference.mlflow_pages import experiments_page
from song_preference.pipeline.airflow import Run, RunSummary
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from song_preference.settings import AirflowSettings, ClientSettings, ModelSettings, load
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import section
from streamlit_app.data import LATEST_SECONDS, predictor, settings
from streamlit_app.data.pipeline import airflow_or_fail_fast, hanging
from streamlit_app.health import HANGS, Health, Probes, State, own_model
from streamlit_app.i18n import Locale
from streamlit_app.pipeline.progress import Report, duration, followed_run, run_view, show_run
from streamlit_app.pipeline.start import WAY, start

HEALTH_SECONDS = 10
"""Time between two health checks."""

LISTED_RUNS = 6
KEPT_RUNS = 50
RUNS = Choice("runs", "pipeline_history", [ETL_DAG, TRAINING_DAG], ETL_DAG)
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


def page(locale: Locale) -> None:
    """Draw the page."""
    st.html(CSS)
    address.restore([RUNS, WAY])
    st.title(locale("pipeline_title"), anchor=False)
    st.write(locale("pipeline_intro"))
    st.header(locale("pipeline_learn"), anchor=False)
    start(locale)
    followed = st.container()
    st.header(locale("pipeline_parts"), anchor=False)
    _services(locale)
    st.header(locale("pipeline_history"), anchor=False)
    # Airflow may be slow if it is in trouble: the sections that ask it are filled last, wherever they stand.
    with followed:
        followed_run(locale)
    _history(locale)


@st.cache_resource(show_spinner=False)
def _probes() -> Probes:
    return Probes(load(ClientSettings), load(ModelSettings), load(AirflowSettings))


@st.fragment(run_every=HEALTH_SECONDS)
def _services(locale: Locale) -> None:
    """Draw a card for each service, and how many of them work."""
    others = _probes().ask(manages_datasets=settings().manages_datasets)
    hanging().difference_update(others)
    hanging().update(name for name, health in others.items() if health == HANGS)
    found = {"dashboard": own_model(predictor().store), **others}
    working = sum(health.state == "up" for health in found.values())
    key = "pipeline_all_work" if working == len(found) else "pipeline_some_work"
    st.write(locale(key, working=working, parts=len(found)))
    links, names = _links(locale), list(found)
    for first in range(0, len(names), COLUMNS):
        row = names[first : first + COLUMNS]
        for name, column in zip(row, st.columns(len(row), gap="small"), strict=True):
            with column.container(border=True, height="stretch", key=f"part_{name}"):
                _card(locale, name, found[name], links.get(name))


def _card(locale: Locale, name: str, health: Health, link: str | None) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{locale(f'part_{name}')}**", width="content")
        _badge(health.state, locale(f"health_{health.state}"))
    st.caption(locale(f"part_{name}_purpose"))
    if health.note:
        st.caption(locale(health.note, **health.values))
    if health.components:
        with st.container(horizontal=True):
            for component, state in health.components.items():
                _badge(state, locale(f"component_{state}", name=locale(f"part_airflow_{component}")))
    if link:
        st.markdown(link)


def _badge(state: State, text: str) -> None:
    icon, colour = BADGES[state]
    st.badge(text, icon=icon, color=colour)


def _links(locale: Locale) -> dict[str, str]:
    pages = settings()
    addresses = {
        "rest": f"{pages.rest_page}/docs",
        "graphql": f"{pages.rest_page}/graphql",
        "mlflow": experiments_page(pages.mlflow_page),
        "s3": pages.s3_page,
        "airflow": pages.airflow_page,
    }
    links = {
        name: f"[{locale('pipeline_open', name=locale(f'part_{name}'))}]({address})"
        for name, address in addresses.items()
        if address
    }
    return {**links, "grpc": locale("pipeline_grpc_address", address=f"`{pages.grpc_address}`")}


@st.fragment
def _history(locale: Locale) -> None:
    """Draw the newest runs of the DAG that is chosen, each with its steps once it is opened."""
    chosen: str = RUNS.segments(locale("pipeline_which"), locale, label_visibility="collapsed")
    address.write()
    with section(locale):
        runs = airflow_or_fail_fast().runs(chosen, LISTED_RUNS).runs
        if not runs:
            st.write(locale("pipeline_no_runs"))
        for run in runs:
            _entry(locale, chosen, run)


def _entry(locale: Locale, dag_id: str, summary: RunSummary) -> None:
    entry = st.expander(
        _headline(locale, summary), icon=RUN_ICONS[summary.state], key=f"run_{summary.id}", on_change="rerun"
    )
    if entry.open:
        run = Run(dag_id, summary.id)
        with entry, section(locale):
            show_run(locale, run, _run_view(run))


@st.cache_data(ttl=LATEST_SECONDS, max_entries=KEPT_RUNS, show_spinner=False)
def _run_view(run: Run) -> Report:
    return run_view(airflow_or_fail_fast(), run)


def _headline(locale: Locale, run: RunSummary) -> str:
    seconds = (run.ended_at - run.started_at).total_seconds() if run.started_at and run.ended_at else None
    took = f" · {duration(locale, seconds)}" if seconds is not None else ""
    return f"**{locale(f'run_{run.state}')}** · {locale.moment(run.asked_at)}{took}"
