"""Predict one song: with the dashboard's own model, and through each protocol."""

import streamlit as st

from song_preference.clients import EXAMPLE
from song_preference.features import FEATURES, Song
from streamlit_app.parts import part
from streamlit_app.sources import predictor
from streamlit_app.words import Words


def page(words: Words) -> None:
    """Draw the page."""
    st.title(words("predict_title"))
    st.write(words("predict_intro"))
    start = EXAMPLE.model_dump()
    song = Song(**{name: st.slider(words(name), 0.0, 1.0, start[name], 0.01, key=name) for name in FEATURES})
    with part(words):
        answer = predictor().predict(song)
        st.subheader(words(f"predict_{answer.label}"))
        st.metric(words("probability"), words.percent(answer.probability))
