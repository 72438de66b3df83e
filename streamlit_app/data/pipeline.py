"""Airflow without long waits, and the run that a session follows."""

import streamlit as st

from song_preference.errors import PipelineUnavailable
from song_preference.messages import Message
from song_preference.pipeline.airflow import Airflow, Run, RunSummary
from song_preference.pipeline.report import report
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from song_preference.settings import AirflowSettings, load

FOLLOWED, WORKING = "pipeline_followed", "pipeline_working"
"""Keys of the session state: the run that is followed, and whether it had not ended at the last request."""

NEWEST_RUNS = 5


@st.cache_resource(show_spinner=False)
def hanging() -> set[str]:
    """Return the services that did not answer their last health check in time, as the page "pipeline" notes them."""
    return set()


@st.cache_resource(show_spinner=False)
def _airflow() -> Airflow:
    return Airflow(load(AirflowSettings))


def airflow_or_fail_fast() -> Airflow:
    """Return the client of Airflow; raise `PipelineUnavailable` if Airflow hung at its last health check.

    A request to an Airflow that hangs would keep the page waiting for half a minute.
    """
    if "airflow" in hanging():
        raise PipelineUnavailable(Message("airflow_slow"))
    return _airflow()


def is_at_work(run: RunSummary) -> bool:
    """Return whether the run has not ended."""
    return run.state not in {"success", "failed"}


def run_at_work(airflow: Airflow) -> Run | None:
    """Return the run to follow, whoever started it: the ETL run before the training that it led to.

    Raises `PipelineError`.
    """
    etl = airflow.runs(ETL_DAG, NEWEST_RUNS).runs
    if busy := _first_at_work(etl):
        return Run(ETL_DAG, busy.id)
    training = _first_at_work(airflow.runs(TRAINING_DAG, NEWEST_RUNS).runs)
    if training is None:
        return None
    origin = report(airflow, etl[0].id) if etl else None
    if origin and origin.training and origin.training.id == training.id:
        return Run(ETL_DAG, origin.id)
    return Run(TRAINING_DAG, training.id)


def _first_at_work(newest_first: list[RunSummary]) -> RunSummary | None:
    return next((run for run in reversed(newest_first) if is_at_work(run)), None)


def follow(run: Run | None, *, is_working: bool = True) -> None:
    """Follow this run in the session, remember it if it has ended, or forget one if None; draw the page again."""
    st.session_state[FOLLOWED], st.session_state[WORKING] = run, is_working
    st.rerun()


def is_following() -> bool:
    """Return whether the session follows a run that has not ended."""
    return bool(st.session_state.get(WORKING))
