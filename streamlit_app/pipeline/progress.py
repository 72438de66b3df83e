"""A run on the page: its steps, how long they took, how it ended; and the run that is followed until it ends."""

from contextlib import suppress
from datetime import UTC, datetime

import streamlit as st

from song_preference.errors import ModelRefused, RegistryUnavailable, RunNotFound
from song_preference.pipeline import Run
from song_preference.pipeline.report import RunReport, TaskReport
from song_preference.run_options import ETL_DAG, TASKS, TRAINING_DAG
from streamlit_app.components import plain, section
from streamlit_app.data import settings
from streamlit_app.data.model import predictor
from streamlit_app.data.pipeline import (
    FOLLOWED,
    airflow_or_fail_fast,
    follow,
    is_following,
    run_at_work,
    stop_following,
)
from streamlit_app.i18n import Locale
from streamlit_app.pipeline.runs import STEP_STATES, Report, StepState, address, outcome, reason, run_view, steps

BUSY_SECONDS, IDLE_SECONDS = 2, 10
"""Time between two requests to Airflow: while a run is followed, and for a run that somebody else starts."""

OUTCOMES = {
    "promoted": (st.success, ":material/emoji_events:"),
    "kept": (st.info, ":material/shield:"),
    "skipped": (st.info, ":material/redo:"),
    "other": (st.info, ":material/info:"),
    "untrained": (st.warning, ":material/hourglass_empty:"),
    "failed": (st.error, ":material/error:"),
    "training_failed": (st.error, ":material/error:"),
}

ICONS: dict[StepState, str] = {
    "waiting": ":material/radio_button_unchecked:",
    "running": ":primary[:material/progress_activity:]",
    "done": ":green[:material/check_circle:]",
    "failed": ":red[:material/cancel:]",
    "retrying": ":orange[:material/refresh:]",
    "skipped": ":material/redo:",
    "unreached": ":material/block:",
}


def followed_run(locale: Locale) -> None:
    """Draw the run that this session started, or one that is at work."""
    every = BUSY_SECONDS if is_following() else IDLE_SECONDS
    st.fragment(_followed_run, run_every=every)(locale)


def _followed_run(locale: Locale) -> None:
    with section(locale):
        if not is_following() and (run := run_at_work(airflow_or_fail_fast())):
            follow(run)
        if followed := st.session_state.get(FOLLOWED):
            _progress(locale, followed)


def _progress(locale: Locale, run: Run) -> None:
    try:
        view = run_view(airflow_or_fail_fast(), run)
    except RunNotFound:  # somebody deleted it
        _stop(None)
        return
    now = datetime.now(UTC)
    is_working = outcome(view, now) == "working"
    if is_following() and not is_working:
        _stop(run)
    st.subheader(locale("pipeline_now" if is_working else "pipeline_ended"), anchor=False)
    if is_working:
        since = view.started_at
        st.write(
            locale("pipeline_since", time=duration(locale, (now - since).total_seconds()))
            if since
            else locale("pipeline_queued")
        )
    show_run(locale, run, view)


def _stop(run: Run | None) -> None:
    """Follow no run any more; the whole page is drawn again, with the new champion if there is one."""
    with suppress(RegistryUnavailable, ModelRefused):
        predictor().store.refresh()
    stop_following(run)


def show_run(locale: Locale, run: Run, view: Report) -> None:
    """Draw how a run ended, its steps and those of the training that follows it, and a link to Airflow."""
    _outcome(locale, view)
    if isinstance(view, RunReport):
        prepared, trained = st.columns(2, gap="large")
        with prepared:
            _steps(locale, ETL_DAG, view.tasks)
        with trained:
            _steps(locale, TRAINING_DAG, view.training.tasks if view.training else [])
    else:
        _steps(locale, TRAINING_DAG, view.tasks)
    st.markdown(f"[{locale('pipeline_see_in_airflow')}]({address(settings().airflow_page, run)})")


def _outcome(locale: Locale, view: Report) -> None:
    result = outcome(view, datetime.now(UTC))
    if result == "working":
        return
    draw, icon = OUTCOMES[result]
    values = {"dataset": view.dataset_version, "model": view.model_version}
    draw(locale(f"pipeline_{result}", **values), icon=icon)
    if why := reason(view):
        st.caption(locale("pipeline_reason", reason=plain(why.text(locale.language))))


def duration(locale: Locale, seconds: float) -> str:
    """Return a time in seconds, or in minutes and seconds."""
    if round(seconds) < 60:
        return f"{locale.number(seconds, 1 if seconds < 10 else 0)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{locale.number(minutes)} min {rest} s"


def _steps(locale: Locale, dag_id: str, tasks: list[TaskReport]) -> None:
    st.markdown(f"**{locale(dag_id)}**")
    st.markdown("  \n".join(_step(locale, dag_id, task) for task in steps(dag_id, tasks)))


def _step(locale: Locale, dag_id: str, task: TaskReport) -> str:
    state = STEP_STATES.get(task.state, "waiting")
    name = TASKS[dag_id].get(task.id, {locale.language: task.id})[locale.language]
    took = f" · {duration(locale, task.seconds)}" if task.seconds is not None and state in {"done", "failed"} else ""
    emphasis = "**" if state == "running" else ""
    return f"{ICONS[state]} {emphasis}{name}{emphasis} :small[· {locale(f'step_{state}')}{took}]"
