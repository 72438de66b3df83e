"""A playlist that the listener hands in: checked first, then learned from."""

from typing import NamedTuple

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from song_preference.dataset.version import Preparation
from song_preference.errors import Finding, InvalidDataset, InvalidUpload, ServiceUnavailable, StorageUnavailable
from song_preference.pipeline import ETL_DAG, Run
from streamlit_app.pipeline.findings import findings_table
from streamlit_app.pipeline.follow import begin, is_working
from streamlit_app.pipeline.markup import note_list, show
from streamlit_app.sources import datasets, settings
from streamlit_app.uploader import uploader
from streamlit_app.words import Words

CHECKED, TURN = "pipeline_checked", "pipeline_upload_turn"
"""What the session remembers: the answer on the file that lies there, and how many were handed in before it."""


class Checked(NamedTuple):
    """What the check said of a file."""

    file_id: str
    preparation: Preparation | None
    findings: tuple[Finding, ...] = ()


def upload(words: Words) -> None:
    """Draw the place for a file, what was found in it, and the button that hands it in."""
    st.subheader(words("pipeline_own"))
    st.write(words("pipeline_own_intro"))
    turn = st.session_state.setdefault(TURN, 0)
    limits = words("pipeline_file_limits", size=words.number(settings().max_dataset_bytes / 1e6))
    file = uploader(words("pipeline_file"), words("pipeline_choose"), limits, f"pipeline_file_{turn}")
    if file is None:
        return
    try:
        checked = _checked(words, file)
        if checked.preparation is None:
            findings_table(words, checked.findings)
        else:
            _tell(words, checked.preparation)
            _hand_in(words, file)
    except InvalidUpload as error:
        st.error(words("pipeline_upload_refused", reason=error), icon=":material/error:")
    except (ServiceUnavailable, StorageUnavailable) as error:
        st.warning(words("pipeline_upload_impossible", reason=error), icon=":material/cloud_off:")


def _checked(words: Words, file: UploadedFile) -> Checked:
    """Asked once for each file; raises what `Datasets.check` does where there is no answer."""
    known: Checked | None = st.session_state.get(CHECKED)
    if known is not None and known.file_id == file.file_id:
        return known
    with st.spinner(words("pipeline_checking")):
        try:
            checked = Checked(file.file_id, datasets().check(file.getvalue()))
        except InvalidDataset as error:
            checked = Checked(file.file_id, None, error.findings)
    st.session_state[CHECKED] = checked
    return checked


def _tell(words: Words, found: Preparation) -> None:
    counts = {name: words.number(getattr(found, name)) for name in ("rows_kept", "likes", "dislikes")}
    st.success(words("pipeline_file_is_good", **counts), icon=":material/check_circle:")
    notes = [note.text(words.language) for note in found.notes()]
    if dropped := found.rows_raw - found.rows_kept:
        notes.append(words("pipeline_repeated", count=words.number(dropped)))
    if notes:
        show(note_list(notes))


def _hand_in(words: Words, file: UploadedFile) -> None:
    if st.button(
        words("pipeline_hand_in"),
        type="primary",
        icon=":material/upload:",
        disabled=is_working(),
        help=words("pipeline_busy") if is_working() else None,
        key="pipeline_hand_in",
    ):
        with st.spinner(words("pipeline_handing_in")):
            run_id = datasets().hand_in(file.getvalue())
        st.session_state[TURN] += 1  # the next file finds an empty place
        begin(Run(ETL_DAG, run_id))
