"""Parts of several pages: a section that degrades, columns, a file uploader in the page's language, escaped texts."""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

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
from song_preference.features import FEATURES, Song
from song_preference.messages import LOOK_UP_CODES, Message
from streamlit_app import address
from streamlit_app.i18n import Locale

log = logging.getLogger(__name__)

MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+.!|~$:&-])")

MISSING: dict[type[SongPreferenceError], str] = {
    NotManaged: "missing_management",
    DatasetNotFound: "missing_dataset",
    StorageUnavailable: "missing_storage",
    ServiceUnavailable: "missing_data",
    RegistryUnavailable: "missing_registry",
    PipelineError: "missing_airflow",
    ModelNotReady: "missing_model",
}
"""The text for each error that a page can meet."""

SONG = "catalogue_song"
"""Key of the session state: id of the song of the catalogue that the sliders on the page "predict" are set to; empty
for any other song."""

MIDDLE, SPEECH = 0.5, 0.33
"""What a feature must exceed to be called high; music has hardly more spoken words than the second, says Spotify."""

# No option sets the uploader's texts, which are English.
UPLOADER_CSS = """<style>
.st-key-{key} [data-testid="stFileUploaderDropzoneInstructions"] span,
/* Another file takes the place of the first: a button that seems to add one would mislead. */
.st-key-{key} [data-testid="stBaseButton-borderlessIcon"] {{ display: none; }}
.st-key-{key} [data-testid="stFileUploaderDropzoneInstructions"]::after {{
  content: {limits}; font-size: 0.875rem; opacity: 0.8;
}}
/* The button's own text stays, unseen: what CSS adds is no name to every screen reader. */
.st-key-{key} [data-testid="stFileUploaderDropzone"] > span p {{ font-size: 0; }}
.st-key-{key} [data-testid="stFileUploaderDropzone"] > span p::after {{ content: {button}; font-size: 0.875rem; }}
</style>"""


@contextmanager
def section(locale: Locale) -> Iterator[None]:
    """Draw a section of a page; if a service that it needs does not answer, say what is missing instead.

    The rest of the page goes on. What was drawn before the error stays.
    """
    try:
        yield
    except tuple(MISSING) as error:
        log.info("A section of a page is missing: %s", error)
        key = next(MISSING[kind] for kind in type(error).__mro__ if kind in MISSING)
        st.warning(locale(key), icon=":material/cloud_off:")


@contextmanager
def reporting(locale: Locale) -> Iterator[None]:
    """Do what the listener asked for; if that fails, say why."""
    try:
        yield
    except SongPreferenceError as error:
        st.error(plain(error.message.text(locale.language)), icon=":material/error:")


def because(feature: str, song: Song, locale: Locale) -> str:
    """Return the feature as the reason of an answer, in words."""
    value = getattr(song, feature)
    level = "high" if value > (SPEECH if feature == "speechiness" else MIDDLE) else "low"
    return locale("because", feature=locale(f"{feature}_{level}"), value=value)


def measures_help(locale: Locale) -> None:
    """Draw, folded, where a song's measures can be found."""
    with st.expander(locale("measures_where"), icon=":material/travel_explore:"):
        st.markdown(locale("measures_where_text"))


def two_by_two() -> list[DeltaGenerator]:
    """Return four columns, row by row, so that their order holds on a phone, where they are stacked."""
    return [*st.columns(2, gap="medium"), *st.columns(2, gap="medium")]


def song_state(features: Iterable[float]) -> dict[str, float]:
    """Return the values of the sliders on the page "predict" by key, for features in the order of `FEATURES`."""
    return {f"song_{name}": round(float(value), 2) for name, value in zip(FEATURES, features, strict=True)}


def open_in_predict(features: Iterable[float], song_id: str = "") -> None:
    """Open the page "predict" with a song, of the catalogue if it has an id; Back leaves it again."""
    st.session_state.update(song_state(features))
    st.session_state[SONG] = song_id
    address.open_page("predict")


def taken_row(button: str, names: pd.DataFrame, locale: Locale) -> int | None:
    """Draw a choice among the rows of a table, whose own buttons no keyboard reaches; return the row to take if any.

    `names` are the columns that name a row, and `button` is the key of the table's column of buttons.
    """
    told = [
        " — ".join(locale.number(cell, 3) if isinstance(cell, float) else str(cell) for cell in row)
        for row in names.fillna("").itertuples(index=False)
    ]
    chosen = st.selectbox(
        locale("take_one"),
        range(len(told)),
        index=None,
        format_func=lambda row: f"{row + 1}. {told[row]}",
        placeholder=locale("take_one_placeholder"),
        key=f"{button}_one",
    )
    click = st.session_state[button]
    return click.row if click else chosen


def uploader(
    label: str, button: str, limits: str, key: str, on_change: Callable[[], None] | None = None
) -> UploadedFile | None:
    """Ask for a file, which the session state then holds under `key`; return it."""
    st.html(UPLOADER_CSS.format(key=key, button=_quoted(button), limits=_quoted(limits)))
    return st.file_uploader(label, key=key, on_change=on_change)


def download(label: str, content: bytes | Callable[[], bytes], name: str, mime: str = "text/csv", **look: Any) -> None:
    """Draw a button that downloads a file, which may be made only then; the page stays as it is."""
    st.download_button(label, content, name, mime, on_click="ignore", icon=":material/download:", **look)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def linked(title: str, url: str | None) -> str:
    """Return a title in bold Markdown, as a link if there is one."""
    return f"[**{plain(title)}**]({url})" if url else f"**{plain(title)}**"


def plain(text: str) -> str:
    """Escape the signs that mean something in Markdown."""
    return MARKDOWN.sub(r"\\\1", text)


def show_notes(notes: Iterable[Message], locale: Locale) -> None:
    """Show how many songs of a file were found in the catalogue, then how its columns and cells were understood."""
    others = []
    for note in notes:
        text = plain(note.text(locale.language))
        if note.is_about(*LOOK_UP_CODES):
            st.info(text, icon=":material/manage_search:")
        else:
            others.append(f"- {text}")
    if others:
        st.markdown("\n".join(others))
