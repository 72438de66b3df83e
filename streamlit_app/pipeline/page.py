"""The platform at work: start it, follow it, and see how each part fares."""

import streamlit as st

from streamlit_app.pipeline.follow import follow
from streamlit_app.pipeline.history import history
from streamlit_app.pipeline.markup import style
from streamlit_app.pipeline.parts_grid import parts_grid
from streamlit_app.pipeline.start import start
from streamlit_app.words import Words


def page(words: Words) -> None:
    """Draw the page."""
    style()
    st.title(words("pipeline_title"))
    st.write(words("pipeline_intro"))
    st.header(words("pipeline_learn"))
    start(words)
    followed = st.container()
    st.header(words("pipeline_parts"))
    parts_grid(words)
    st.header(words("pipeline_history"))
    # Airflow may take its time where it is in trouble: what asks it comes last, wherever it stands.
    with followed:
        follow(words)
    history(words)
