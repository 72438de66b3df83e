"""A part of a page that does without what does not answer."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from song_preference.errors import (
    DatasetNotFound,
    ModelNotReady,
    NotManaged,
    PipelineError,
    RegistryUnavailable,
    ServiceUnavailable,
    SongPreferenceError,
    StorageUnavailable,
)
from streamlit_app.words import Words

log = logging.getLogger(__name__)

MISSING: dict[type[SongPreferenceError], str] = {
    NotManaged: "missing_management",
    DatasetNotFound: "missing_dataset",
    StorageUnavailable: "missing_storage",
    ServiceUnavailable: "missing_data",
    RegistryUnavailable: "missing_registry",
    PipelineError: "missing_airflow",
    ModelNotReady: "missing_model",
}
"""What to say of each error that a page can meet."""


@contextmanager
def part(words: Words) -> Iterator[None]:
    """Draw what is inside; where something that it needs does not answer, say what is missing instead.

    The rest of the page goes on. What was drawn before the error stays.
    """
    try:
        yield
    except tuple(MISSING) as error:
        log.info("A part of a page is missing: %s", error)
        key = next(MISSING[kind] for kind in type(error).__mro__ if kind in MISSING)
        st.warning(words(key), icon=":material/cloud_off:")
