"""A run in words: its steps, how long it took, and what came of it."""

from datetime import UTC, datetime

import streamlit as st

from song_preference.pipeline import Run
from song_preference.pipeline.report import RunReport, TaskReport
from song_preference.run_options import ETL_DAG, TASKS, TRAINING_DAG
from streamlit_app.pipeline.markup import Step, show, small, step_list
from streamlit_app.pipeline.runs import STEP_STATES, Report, address, outcome, reason, steps
from streamlit_app.sources import settings
from streamlit_app.words import Words

LEVELS = {
    "promoted": (st.success, ":material/emoji_events:"),
    "kept": (st.info, ":material/shield:"),
    "skipped": (st.info, ":material/redo:"),
    "other": (st.info, ":material/info:"),
    "untrained": (st.warning, ":material/hourglass_empty:"),
    "failed": (st.error, ":material/error:"),
    "training_failed": (st.error, ":material/error:"),
}


def tell_steps(words: Words, found: Report) -> None:
    """Draw the steps of a run, and of the training that follows it."""
    if isinstance(found, RunReport):
        prepared, trained = st.columns(2, gap="large")
        with prepared:
            _steps(words, ETL_DAG, found.tasks)
        with trained:
            _steps(words, TRAINING_DAG, found.training.tasks if found.training else [])
    else:
        _steps(words, TRAINING_DAG, found.tasks)


def tell_outcome(words: Words, found: Report) -> None:
    """Say what came of it and why, once it has ended."""
    result = outcome(found, datetime.now(UTC))
    if result == "working":
        return
    draw, icon = LEVELS[result]
    values = {"dataset": found.dataset_version, "model": found.model_version}
    draw(words(f"pipeline_{result}", **values), icon=icon)
    if why := reason(found):
        show(small(words("pipeline_reason", reason=why.text(words.language))))


def airflow_link(words: Words, run: Run) -> None:
    """Lead to the run in Airflow."""
    st.markdown(f"[{words('pipeline_see_in_airflow')}]({address(settings().airflow_page, run)})")


def duration(words: Words, seconds: float) -> str:
    """In seconds, or minutes and seconds."""
    if round(seconds) < 60:
        return f"{words.number(seconds, 1 if seconds < 10 else 0)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{words.number(minutes)} min {rest} s"


def _steps(words: Words, dag_id: str, tasks: list[TaskReport]) -> None:
    st.markdown(f"**{words(dag_id)}**")
    show(step_list(_step(words, dag_id, task) for task in steps(dag_id, tasks)))


def _step(words: Words, dag_id: str, task: TaskReport) -> Step:
    kind = STEP_STATES.get(task.state, "waiting")
    took = duration(words, task.seconds) if task.seconds is not None and kind in {"done", "failed"} else None
    name = TASKS[dag_id].get(task.id, {words.language: task.id})
    return Step(kind, name[words.language], words(f"step_{kind}"), took)
