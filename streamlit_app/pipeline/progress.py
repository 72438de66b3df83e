"""A run on the page: its steps, how long they took, how it ended; and the run that is followed until it ends."""

from contextlib import suppress
from datetime import UTC, datetime

import streamlit as st

from song_preference.errors import ModelRejected, RegistryUnavailable, RunNotFound
from song_preference.pipeline.airflow import Run
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
from streamlit_app.i18n import Words
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


def followed_run(words: Words) -> None:
    """Draw the run that this session started, or one that is at work."""
    every = BUSY_SECONDS if is_following() else IDLE_SECONDS
    st.fragment(_followed_run, run_every=every)(words)


def _followed_run(words: Words) -> None:
    with section(words):
        if not is_following() and (run := run_at_work(airflow_or_fail_fast())):
            follow(run)
        if followed := st.session_state.get(FOLLOWED):
            _progress(words, followed)


def _progress(words: Words, run: Run) -> None:
    try:
        view = run_view(airflow_or_fail_fast(), run)
    except RunNotFound:  # somebody deleted it
        _stop(None)
        return
    now = datetime.now(UTC)
    is_working = outcome(view, now) == "working"
    if is_following() and not is_working:
        _stop(run)
    st.subheader(words("pipeline_now" if is_working else "pipeline_ended"), anchor=False)
    if is_working:
        since = view.started_at
        st.write(
            words("pipeline_since", time=duration(words, (now - since).total_seconds()))
            if since
            else words("pipeline_queued")
        )
    show_run(words, run, view)


def _stop(run: Run | None) -> None:
    """Follow no run any more; the whole page is drawn again, with the new champion if there is one."""
    with suppress(RegistryUnavailable, ModelRejected):
        predictor().store.refresh()
    stop_following(run)


def show_run(words: Words, run: Run, view: Report) -> None:
    """Draw how a run ended, its steps and those of the training that follows it, and a link to Airflow."""
    _outcome(words, view)
    if isinstance(view, RunReport):
        prepared, trained = st.columns(2, gap="large")
        with prepared:
            _steps(words, ETL_DAG, view.tasks)
        with trained:
            _steps(words, TRAINING_DAG, view.training.tasks if view.training else [])
    else:
        _steps(words, TRAINING_DAG, view.tasks)
    st.markdown(f"[{words('pipeline_see_in_airflow')}]({address(settings().airflow_page, run)})")


def _outcome(words: Words, view: Report) -> None:
    result = outcome(view, datetime.now(UTC))
    if result == "working":
        return
    draw, icon = OUTCOMES[result]
    values = {"dataset": view.dataset_version, "model": view.model_version}
    draw(words(f"pipeline_{result}", **values), icon=icon)
    if why := reason(view):
        st.caption(words("pipeline_reason", reason=plain(why.text(words.language))))


def duration(words: Words, seconds: float) -> str:
    """Return a time in seconds, or in minutes and seconds."""
    if round(seconds) < 60:
        return f"{words.number(seconds, 1 if seconds < 10 else 0)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{words.number(minutes)} min {rest} s"


def _steps(words: Words, dag_id: str, tasks: list[TaskReport]) -> None:
    st.markdown(f"**{words(dag_id)}**")
    st.markdown("  \n".join(_step(words, dag_id, task) for task in steps(dag_id, tasks)))


def _step(words: Words, dag_id: str, task: TaskReport) -> str:
    state = STEP_STATES.get(task.state, "waiting")
    name = TASKS[dag_id].get(task.id, {words.language: task.id})[words.language]
    took = f" · {duration(words, task.seconds)}" if task.seconds is not None and state in {"done", "failed"} else ""
    emphasis = "**" if state == "running" else ""
    return f"{ICONS[state]} {emphasis}{name}{emphasis} :small[· {words(f'step_{state}')}{took}]"
