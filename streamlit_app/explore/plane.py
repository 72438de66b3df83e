"""Two features of the listener's choice: the songs by them, over what the model says."""

import pandas as pd
import streamlit as st

from song_preference.features import FEATURES
from song_preference.prediction import Batch
from streamlit_app.components import part
from streamlit_app.data import model as sources
from streamlit_app.explore.markup import scatter_legend
from streamlit_app.explore.scatter import SHOWN_SONGS, scatter, scatter_rows
from streamlit_app.explore.surface import Plane
from streamlit_app.theme import colours, draw_rows
from streamlit_app.words import Words

START = 1
"""Energy and, of the others, danceability: songs spread wider by these than by spoken words."""


@st.fragment
def show(songs: pd.DataFrame, words: Words) -> None:
    """Draw it; a choice leaves the rest of the page as it is."""
    st.header(words("explore_plane"))
    left, right = st.columns(2)
    x = left.selectbox(words("explore_x"), FEATURES, START, format_func=words, key="explore_x")
    others = [feature for feature in FEATURES if feature != x]
    y = right.selectbox(words("explore_y"), others, START, format_func=words, key="explore_y")
    plane, answers = Plane.through(songs, x, y), None
    with part(words):
        answers = sources.predictor().predict_rows(plane.corners())
        st.write(_told(plane, answers, words))
    st.html(scatter_legend(colours(), words, has_surface=answers is not None))
    drawing = scatter(colours(), words, plane.x, plane.y)
    told = words("explore_songs_alt", x=words(x), y=words(y))
    draw_rows(scatter_rows(songs, plane, answers), drawing, key="plane", alt=told)
    if len(songs) > SHOWN_SONGS:
        st.caption(words("explore_sampled", shown=words.number(SHOWN_SONGS), songs=words.number(len(songs))))


def _told(plane: Plane, answers: Batch, words: Words) -> str:
    held = " · ".join(f"{words(name)} {words.number(value, 2)}" for name, value in plane.held.items())
    threshold = words.number(answers.threshold, 2)
    is_parted = 0 < answers.liked.sum() < len(answers.liked)
    line = words("explore_border", threshold=threshold) if is_parted else words("explore_one_sided")
    return f"{words('explore_surface', held=held)} {line}"
