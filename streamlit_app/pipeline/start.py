"""Start the pipeline: on the playlist that is configured, or on a file of the listener's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from song_preference.dataset.version import CheckedPlaylist, named
from song_preference.errors import (
    DatasetNotFound,
    Finding,
    InvalidDataset,
    InvalidUpload,
    ModelNotReady,
    ServiceUnavailable,
    StorageUnavailable,
)
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from song_preference.pipeline.airflow import Run
from song_preference.run_options import ETL_DAG, ETL_OPTIONS, NAME, NEW_LISTENER, Option
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import plain, section, show_notes, uploader
from streamlit_app.data import predictor, settings
from streamlit_app.data.pipeline import airflow_or_fail_fast, follow, is_following
from streamlit_app.data.playlist import NamedFile, management, own_dataset
from streamlit_app.i18n import Locale

CHECKED, TURN = "pipeline_checked", "pipeline_upload_turn"
"""Keys of the session state: the files in the uploaders, by id, with the result of their check, and how many were
uploaded before them."""

WAYS: dict[str, tuple[str, ...]] = {"one": ("file",), "two": ("liked", "disliked")}
"""Fields of the upload by the way that the listener's songs are given: in one file with labels, or in two."""

WAY = Choice("files", "pipeline_way", list(WAYS), "one")


@st.fragment
def start(locale: Locale) -> None:
    """Draw both forms, if this platform manages datasets."""
    if not settings().manages_datasets:
        st.info(locale("pipeline_only_predicts"), icon=":material/lock:")
        return
    configured, own = st.columns(2, gap="medium")
    with configured.container(border=True, height="stretch"):
        _configured(locale)
    with own.container(border=True, height="stretch"):
        _upload(locale)


def _configured(locale: Locale) -> None:
    st.subheader(locale("pipeline_configured"), anchor=False)
    st.write(locale("pipeline_configured_intro"))
    button = st.container()
    with st.expander(locale("pipeline_options"), icon=":material/tune:"):
        # The card beside this one takes a playlist.
        chosen = options_form(locale, [option for option in ETL_OPTIONS if option.name != "source"])
    button.caption(_what_happens(locale, chosen.get(NEW_LISTENER.name), "configured"))
    with button:
        is_pressed = _start_button(locale, "start_pipeline", ":material/play_arrow:", "pipeline_start")
    if is_pressed:
        with section(locale):
            follow(airflow_or_fail_fast().trigger(ETL_DAG, chosen))


def _start_button(locale: Locale, text: str, icon: str, key: str) -> bool:
    """Draw a button that starts a run, unless one is followed."""
    is_busy = is_following()
    why = locale("pipeline_busy") if is_busy else None
    return st.button(locale(text), type="primary", icon=icon, disabled=is_busy, help=why, key=key)


def _what_happens(locale: Locale, new_listener: bool | None, playlist: Literal["configured", "own"]) -> str:
    """Return what the run will do to the model in use, in one sentence; empty if REST does not know."""
    try:
        ref = predictor().store.current().model.ref
        own = own_dataset()
    except ModelNotReady:
        return locale("pipeline_will_first")
    except (DatasetNotFound, ServiceUnavailable, StorageUnavailable):
        return ""
    said = "unsaid" if new_listener is None else "other" if new_listener else "same"
    key = f"sample_{playlist}" if own.source.kind == "sample" else said
    return locale(f"pipeline_will_{key}", name=plain(own.name), version=ref.version)


def options_form(locale: Locale, options: Iterable[Option], form: str = "pipeline") -> dict[str, Any]:
    """Draw a field for each option; return the values that differ from the defaults."""
    chosen = {option: _field(locale, option, form) for option in options}
    return {option.name: value for option, value in chosen.items() if value != option.default}


def _field(locale: Locale, option: Option, form: str) -> Any:
    title, help_text = option.title[locale.language], option.help(locale.language)
    default: Any = option.default
    low, high = option.bounds or (None, None)
    if option.type is bool and default is None:
        return st.segmented_control(
            title,
            [True, False],
            format_func=lambda value: locale("pipeline_yes" if value else "pipeline_no"),
            help=help_text,
            key=f"{form}_{option.name}",
        )
    if option.type is bool:
        return st.toggle(title, default, help=help_text)
    if option.type is int:
        return st.number_input(title, low, high, default, placeholder=locale("pipeline_default"), help=help_text)
    if option.type is float and option.bounds:  # a share
        low, high, default = (round(value * 100) for value in (*option.bounds, default))
        return st.slider(title, low, high, default, format=locale("percent_format"), help=help_text) / 100
    key, label = f"{form}_{option.name}", locale("pipeline_default")
    return st.text_input(title, default, option.longest, key, placeholder=label, help=help_text) or None


def _upload(locale: Locale) -> None:
    """Draw the uploaders, the check of the files in them, and the button that uploads them."""
    st.subheader(locale("pipeline_own"), anchor=False)
    st.write(locale("pipeline_own_intro"))
    if service := settings().features_api:
        # Said here, since a file is checked, and its songs are looked up, as soon as it is chosen.
        host = plain(urlsplit(service).netloc)
        st.caption(f":material/travel_explore: {locale('pipeline_features_api', host=host)}")
    turn = st.session_state.setdefault(TURN, 0)
    way = WAY.segments(locale("pipeline_way"), lambda way: locale(f"pipeline_way_{way}"))
    address.write()
    limits = locale("pipeline_file_limits", size=settings().max_dataset_bytes / 1e6)
    asked = {
        field: uploader(locale(f"pipeline_{field}"), locale("pipeline_choose"), limits, f"pipeline_{field}_{turn}")
        for field in WAYS[way]
    }
    files = {field: file for field, file in asked.items() if file is not None}
    if len(files) < len(asked):
        return
    try:
        _show_preparation(locale, _checked(locale, files))
        _upload_button(locale, files)
    except InvalidDataset as error:
        _findings_table(locale, error.findings)
    except InvalidUpload as error:
        reason = plain(error.message.text(locale.language))
        st.error(locale("pipeline_upload_rejected", reason=reason), icon=":material/error:")
    except (ServiceUnavailable, StorageUnavailable) as error:
        reason = plain(error.message.text(locale.language))
        st.warning(locale("pipeline_upload_impossible", reason=reason), icon=":material/cloud_off:")


def _checked(locale: Locale, files: Mapping[str, UploadedFile]) -> CheckedPlaylist:
    """Check the same files once; raise what `ManagementClient.check` does."""
    result: CheckedPlaylist | tuple[Finding, ...]
    file_ids = [file.file_id for file in files.values()]
    checked, result = st.session_state.get(CHECKED, (None, ()))
    if checked != file_ids:
        with st.spinner(locale("pipeline_checking")):
            try:
                result = management().check(_contents(files))
            except InvalidDataset as error:
                result = error.findings
        st.session_state[CHECKED] = (file_ids, result)
    if isinstance(result, tuple):
        raise InvalidDataset(*result)
    return result


def _contents(files: Mapping[str, UploadedFile]) -> dict[str, NamedFile]:
    return {field: (file.name, file.getvalue()) for field, file in files.items()}


def _show_preparation(locale: Locale, found: CheckedPlaylist) -> None:
    text = locale("pipeline_file_is_good", songs=found.rows_kept, likes=found.likes, dislikes=found.dislikes)
    st.success(text, icon=":material/check_circle:")
    show_notes(found.notes(), locale)
    st.caption(locale("pipeline_first_songs"))
    st.dataframe(first_songs(found.first_songs, locale), hide_index=True)


def first_songs(songs: Sequence[Mapping[str, Any]], locale: Locale) -> pd.DataFrame:
    """Return songs with names of columns, labels and numbers in the language."""
    rows = pd.DataFrame(songs)
    rows[LABEL] = rows[LABEL].map({1: locale(LIKE), 0: locale(DISLIKE)})
    for feature in FEATURES:
        rows[feature] = [locale.number(value, 3) for value in rows[feature]]
    return rows.rename(columns={name: locale(name) for name in rows if name in locale.texts})


def _upload_button(locale: Locale, files: Mapping[str, UploadedFile]) -> None:
    first = next(iter(files.values()))
    name = _field(locale, replace(NAME, default=named(PurePath(first.name).stem)), f"pipeline_upload_{first.file_id}")
    chosen = options_form(locale, [NEW_LISTENER], f"pipeline_upload_{st.session_state[TURN]}")
    if name:
        chosen[NAME.name] = name
    st.caption(_what_happens(locale, chosen.get(NEW_LISTENER.name), "own"))
    if _start_button(locale, "pipeline_upload", ":material/upload:", "pipeline_upload"):
        with st.spinner(locale("pipeline_uploading")):
            run_id = management().upload(_contents(files), chosen)
        st.session_state[TURN] += 1  # the uploader for the next file is empty
        follow(Run(ETL_DAG, run_id))


def _findings_table(locale: Locale, findings: Sequence[Finding]) -> None:
    """List what must be mended before a playlist can be used."""
    st.error(locale("pipeline_file_is_bad"), icon=":material/error:")
    st.table(pd.DataFrame([finding_row(locale, finding) for finding in findings]).set_index(locale("finding_column")))


def finding_row(locale: Locale, finding: Finding) -> dict[str, str]:
    """Return one finding by the names of the table's columns."""
    named = ", ".join(map(locale.number, finding.rows)) + (" …" if finding.count > len(finding.rows) else "")
    return {
        locale("finding_column"): finding.column or locale("finding_file"),
        locale("finding_rule"): finding.rule.text(locale.language),
        locale("finding_count"): locale.number(finding.count) if finding.rows else "",
        locale("finding_rows"): named if finding.rows else "",
    }
