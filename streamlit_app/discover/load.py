"""Load a catalogue: upload one, or take the example; follow its import until its songs can be searched."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import streamlit as st

from song_preference.errors import RunNotFound
from song_preference.messages import Message
from song_preference.pipeline.report import import_report
from song_preference.run_options import IMPORT_DAG, SCORING_DAG
from song_preference.tls import curl, file_names
from streamlit_app.components import plain, reporting, section, uploader
from streamlit_app.data import predictor, settings
from streamlit_app.data.catalogue import catalogue, has_index
from streamlit_app.data.pipeline import airflow_or_fail_fast
from streamlit_app.data.playlist import management
from streamlit_app.i18n import Locale

EXAMPLE = "incoming/example_catalogue.csv"
SECONDS = 3
"""Time between two looks at an import, or for a catalogue that somebody else loads."""

FOLLOWED, TURN = "discover_followed", "discover_upload_turn"
"""Keys of the session state: the import that is followed, and how many were uploaded before the next."""


class Followed(NamedTuple):
    """An import of this session's."""

    run_id: str
    version: str | None = None
    """The catalogue that it published."""
    asked_at: datetime | None = None
    """When it was asked for, once it has published."""
    failure: Message | None = None


def form(locale: Locale, *, has_example: bool = False) -> None:
    """Draw the uploader, and the example where nothing is lost by it, if this platform manages datasets."""
    if not settings().manages_datasets:
        st.info(locale("discover_only_predicts"), icon=":material/lock:")
        return
    turn = st.session_state.setdefault(TURN, 0)
    largest = min(settings().max_upload_bytes, settings().max_catalogue_bytes)
    limits = locale("discover_limits", size=largest / 1e6)
    file = uploader(locale("discover_file"), locale("discover_choose"), limits, f"discover_file_{turn}")
    followed: Followed | None = st.session_state.get(FOLLOWED)
    is_busy = followed is not None and followed.failure is None and followed.version is None
    with st.container(horizontal=True):
        if file and st.button(
            locale("discover_upload"),
            key="discover_upload",
            type="primary",
            icon=":material/upload:",
            disabled=is_busy,
        ):
            with st.spinner(locale("discover_uploading")):
                _start(lambda: management().upload_catalogue((file.name, file.getvalue())), locale)
        example = locale("discover_example")
        if has_example and st.button(example, key="discover_example", icon=":material/science:", disabled=is_busy):
            _start(lambda: airflow_or_fail_fast().trigger(IMPORT_DAG, {"source": EXAMPLE}).run_id, locale)
    with st.expander(locale("discover_large"), icon=":material/terminal:"):
        st.write(locale("discover_large_text", size=settings().max_catalogue_bytes / 1e6))
        begun = curl(f"{settings().rest_page}/catalogue", file_names())
        command = f'{begun} -H "X-API-Key: $API_KEY" -F file=@songs.csv'
        st.code(command, language="bash", wrap_lines=True)


def _start(begin: Callable[[], str], locale: Locale) -> None:
    """Start an import and follow it, or say why there is none."""
    with reporting(locale):
        st.session_state[FOLLOWED] = Followed(begin())
        st.session_state[TURN] += 1  # the uploader for the next file is empty
        st.rerun()


def follow_import(locale: Locale) -> None:
    """Draw how far this session's import is; without a catalogue, look for one that somebody else loads."""
    followed: Followed | None = st.session_state.get(FOLLOWED)
    if followed and followed.failure:
        reason = plain(followed.failure.text(locale.language))
        st.error(locale("discover_failed", reason=reason), icon=":material/error:")
    elif followed or not has_index():
        st.fragment(_progress, run_every=SECONDS)(locale)


def _progress(locale: Locale) -> None:
    followed: Followed | None = st.session_state.get(FOLLOWED)
    if followed:
        with section(locale):
            (_scoring if followed.version else _reading)(followed, locale)
    elif has_index():
        st.rerun()


def _reading(followed: Followed, locale: Locale) -> None:
    try:
        report = import_report(airflow_or_fail_fast(), followed.run_id)
    except RunNotFound:  # somebody deleted it
        del st.session_state[FOLLOWED]
        st.rerun()
    if report.state == "failed":
        st.session_state[FOLLOWED] = followed._replace(failure=report.explanation() or Message(None, english=""))
        st.rerun()
    if report.version:
        followed = followed._replace(version=report.version, asked_at=report.asked_at)
        st.session_state[FOLLOWED] = followed
        _scoring(followed, locale)
    else:
        st.info(locale("discover_reading"), icon=":material/progress_activity:")


def _scoring(followed: Followed, locale: Locale) -> None:
    index = catalogue().current
    if index and index.catalogue == followed.version:
        del st.session_state[FOLLOWED]
        st.rerun()
    scoring = airflow_or_fail_fast().runs(SCORING_DAG, 1).runs
    link = f"{settings().airflow_page}/dags/{SCORING_DAG}"
    if any(run.state == "failed" and followed.asked_at and run.asked_at > followed.asked_at for run in scoring):
        # Followed all the same, since it may be repeated in Airflow.
        st.error(locale("discover_scoring_failed", page=link), icon=":material/error:")
    elif predictor().store.served:
        st.info(locale("discover_scoring", page=link), icon=":material/progress_activity:")
    else:
        st.info(locale("discover_scoring_later"), icon=":material/hourglass_empty:")
