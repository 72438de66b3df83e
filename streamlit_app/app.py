"""Run by `streamlit run streamlit_app/app.py`: language and navigation."""

from functools import partial

import streamlit as st

from streamlit_app.texts import LANGUAGES, Language, text
from streamlit_app.views import predict

st.set_page_config(page_title="Song preference", page_icon="🎧", layout="centered")
language: Language = st.sidebar.selectbox("Idioma · Language", list(LANGUAGES), format_func=LANGUAGES.__getitem__)
st.navigation(
    [st.Page(partial(predict.page, language), title=text("predict", language), url_path="predict", icon="🎵")]
).run()
