"""TODO."""

import streamlit as st

from streamlit_app.words import Words


def page(words: Words) -> None:
    """Draw the page."""
    st.title(words("pipeline_title"))
