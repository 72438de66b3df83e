"""The run at work, step by step, until it ends; then what came of it."""

from contextlib import suppress
from datetime import UTC, datetime

import streamlit as st

from song_preference.errors import ModelRefused, RegistryUnavailable, RunNotFound
from song_preference.pipeline import Run
from streamlit_app.components import part
from streamlit_app.data.model import predictor
from streamlit_app.data.pipeline import airflow_at_hand
from streamlit_app.pipeline.runs import found_at_work, outcome, told
from streamlit_app.pipeline.tell import airflow_link, duration, tell_outcome, tell_steps
from streamlit_app.words import Words

FOLLOWED, WORKING = "pipeline_followed", "pipeline_working"
"""What the session remembers: the run, and whether it was at work when it was looked at last."""

AT_WORK_SECONDS, IDLE_SECONDS = 2, 10
"""Between two looks; the second one is for a run that somebody else starts."""


def follow(words: Words) -> None:
    """Draw the run that this session started, or one that is at work."""
    every = AT_WORK_SECONDS if is_working() else IDLE_SECONDS
    st.fragment(_look, run_every=every)(words)


def begin(run: Run) -> None:
    """Follow this run from now on, and draw the page anew."""
    st.session_state[FOLLOWED], st.session_state[WORKING] = run, True
    st.rerun()


def is_working() -> bool:
    """Whether the session follows a run that has not ended."""
    return bool(st.session_state.get(WORKING))


def _look(words: Words) -> None:
    with part(words):
        if not is_working() and (run := found_at_work(airflow_at_hand())):
            begin(run)
        if followed := st.session_state.get(FOLLOWED):
            _tell(words, followed)


def _tell(words: Words, run: Run) -> None:
    try:
        found = told(airflow_at_hand(), run)
    except RunNotFound:  # somebody deleted it
        _stop(None)
        return
    now = datetime.now(UTC)
    works = outcome(found, now) == "working"
    if is_working() and not works:
        _stop(run)
    st.subheader(words("pipeline_now" if works else "pipeline_ended"))
    if works:
        since = found.started_at
        st.write(
            words("pipeline_since", time=duration(words, (now - since).total_seconds()))
            if since
            else words("pipeline_queued")
        )
    tell_outcome(words, found)
    tell_steps(words, found)
    airflow_link(words, run)


def _stop(run: Run | None) -> None:
    """Look less often, and let the rest of the page show what has changed, a new champion first of all."""
    with suppress(RegistryUnavailable, ModelRefused):
        predictor().store.refresh()
    st.session_state[FOLLOWED], st.session_state[WORKING] = run, False
    st.rerun()
