"""A run on the page: its steps, its end and the reason; and the run that is followed until it ends."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote

import streamlit as st

from song_preference.errors import DiskFull, RegistryUnavailable, RunNotFound
from song_preference.messages import Message
from song_preference.pipeline.airflow import Airflow, Run, TaskReport
from song_preference.pipeline.report import RunReport, TrainingOutcome, TrainingReport, report, training_outcome
from song_preference.run_options import ETL_DAG, TASKS, TRAINING_DAG
from streamlit_app.components import plain, section
from streamlit_app.data import predictor, settings
from streamlit_app.data.pipeline import (
    FOLLOWED,
    airflow_or_fail_fast,
    follow,
    is_at_work,
    is_following,
    run_at_work,
)
from streamlit_app.data.playlist import list_names
from streamlit_app.i18n import Locale

BUSY_SECONDS, IDLE_SECONDS = 2, 10
"""Time between two requests to Airflow: while a run is followed, and for a run that somebody else starts."""

PATIENCE = timedelta(seconds=90)
"""Longest expected time between a dataset and the start of its training."""

Report = RunReport | TrainingOutcome
Outcome = Literal["working", "failed", "untrained", "training_failed", "promoted", "kept", "skipped", "other"]

OUTCOMES = {
    "promoted": (st.success, ":material/emoji_events:"),
    "kept": (st.info, ":material/shield:"),
    "skipped": (st.info, ":material/redo:"),
    "other": (st.info, ":material/info:"),
    "untrained": (st.warning, ":material/hourglass_empty:"),
    "failed": (st.error, ":material/error:"),
    "training_failed": (st.error, ":material/error:"),
}

STEPS: dict[str | None, tuple[str, str]] = {
    "running": ("running", ":primary[:material/progress_activity:]"),
    "restarting": ("running", ":primary[:material/progress_activity:]"),
    "success": ("done", ":green[:material/check_circle:]"),
    "failed": ("failed", ":red[:material/cancel:]"),
    "up_for_retry": ("retrying", ":orange[:material/refresh:]"),
    "skipped": ("skipped", ":material/redo:"),
    "upstream_failed": ("unreached", ":material/block:"),
}
"""The state of a step, and its icon, by Airflow's state of the task."""

WAITING = ("waiting", ":material/radio_button_unchecked:")
"""The state of a step in any other state of the task."""


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
        elapsed = duration(locale, (now - view.started_at).total_seconds()) if view.started_at else ""
        st.write(locale("pipeline_since" if elapsed else "pipeline_queued", time=elapsed))
    show_run(locale, run, view)


def _stop(run: Run | None) -> None:
    """Follow no run any more; the whole page is drawn again, with the new champion if there is one."""
    with suppress(RegistryUnavailable, DiskFull):
        predictor().store.refresh()
    follow(run, is_working=False)


def show_run(locale: Locale, run: Run, view: Report) -> None:
    """Draw how a run ended, its steps and those of the training that follows it, and a link to Airflow."""
    result = outcome(view, datetime.now(UTC))
    # A step without a state then was never reached.
    if has_ended := result != "working":
        _show_outcome(locale, result, view)
    if isinstance(view, RunReport):
        prepared, trained = st.columns(2, gap="large")
        with prepared:
            _steps(locale, ETL_DAG, view.tasks, has_ended=has_ended)
        with trained:
            _steps(locale, TRAINING_DAG, view.training.tasks if view.training else [], has_ended=has_ended)
    else:
        _steps(locale, TRAINING_DAG, view.tasks, has_ended=has_ended)
    st.markdown(f"[{locale('pipeline_see_in_airflow')}]({address(settings().airflow_page, run)})")


def _show_outcome(locale: Locale, result: Outcome, view: Report) -> None:
    draw, icon = OUTCOMES[result]
    dataset = view.dataset_version or ""
    names = list_names(locale) if result in {"promoted", "kept", "untrained"} else {}
    name = plain(names.get(dataset, dataset))
    draw(locale(f"pipeline_{result}", dataset=name, model=view.model_version), icon=icon)
    if why := reason(view):
        st.caption(locale("pipeline_reason", reason=plain(locale.reason(why))))


def run_view(airflow: Airflow, run: Run) -> Report:
    """Return what Airflow knows of a run of either DAG; raise `PipelineError`."""
    return (report if run.dag_id == ETL_DAG else training_outcome)(airflow, run.run_id)


def outcome(found: Report, now: datetime) -> Outcome:
    """Return how a run ended, or that it is at work."""
    training = _training(found)
    if is_at_work(found) or (training and is_at_work(training)):
        return "working"
    if isinstance(found, RunReport) and found.state == "failed":
        return "failed"
    if training is None:
        return "working" if found.ended_at is None or now - found.ended_at < PATIENCE else "untrained"
    if training.state == "failed":
        return "training_failed"
    if found.promoted is not None:
        return "promoted" if found.promoted else "kept"
    return "skipped" if any(task.state == "skipped" for task in training.tasks) else "other"


def _training(found: Report) -> TrainingReport | None:
    return found.training if isinstance(found, RunReport) else found


def reason(found: Report) -> Message | None:
    """Return why it ended as it did; None if nothing was recorded."""
    training = _training(found)
    return found.explanation() or (training.explanation() if training else None)


def steps(dag_id: str, tasks: list[TaskReport]) -> list[TaskReport]:
    """Return the DAG's tasks in their order, with those that Airflow does not list yet."""
    known = {task.id: task for task in tasks}
    expected = [known.pop(name, TaskReport(id=name, state=None, seconds=None)) for name in TASKS[dag_id]]
    return [*expected, *known.values()]


def address(airflow_page: str, run: Run) -> str:
    """Return the address of the run in Airflow's own pages."""
    return f"{airflow_page}/dags/{run.dag_id}/runs/{quote(run.run_id, safe='')}"


def duration(locale: Locale, seconds: float) -> str:
    """Return a time in seconds, or in minutes and seconds."""
    if round(seconds) < 60:
        return f"{locale.number(seconds, 1 if seconds < 10 else 0)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{locale.number(minutes)} min {rest} s"


def _steps(locale: Locale, dag_id: str, tasks: list[TaskReport], *, has_ended: bool) -> None:
    st.markdown(f"**{locale(dag_id)}**")
    lines = (_step(locale, dag_id, task, has_ended=has_ended) for task in steps(dag_id, tasks))
    st.markdown("  \n".join(lines))


def _step(locale: Locale, dag_id: str, task: TaskReport, *, has_ended: bool) -> str:
    state, icon = STEPS.get(task.state or ("upstream_failed" if has_ended else None), WAITING)
    name = TASKS[dag_id].get(task.id, {locale.language: task.id})[locale.language]
    took = f" · {duration(locale, task.seconds)}" if task.seconds is not None and state in {"done", "failed"} else ""
    emphasis = "**" if state == "running" else ""
    return f"{icon} {emphasis}{name}{emphasis} :small[· {locale(f'step_{state}')}{took}]"
