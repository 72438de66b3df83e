"""A file uploader that speaks the page's language: Streamlit's own says "Upload" and names its own limit."""

import json
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

CSS = """<style>
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


def uploader(
    label: str, button: str, limits: str, key: str, on_change: Callable[[], None] | None = None
) -> UploadedFile | None:
    """Ask for a file, which the session state then holds under `key`."""
    st.html(CSS.format(key=key, button=_quoted(button), limits=_quoted(limits)))
    return st.file_uploader(label, key=key, on_change=on_change)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
