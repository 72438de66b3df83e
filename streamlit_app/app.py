"""Run by `streamlit run streamlit_app/app.py`: language, navigation, and the banners above every page."""

from functools import partial

import streamlit as st

from streamlit_app import theme
from streamlit_app.banners import show_banners, show_list
from streamlit_app.explore import page as explore
from streamlit_app.i18n import COMMON, LANGUAGES, Language, Locale
from streamlit_app.model import page as model
from streamlit_app.pipeline import page as pipeline
from streamlit_app.predict import page as predict
from streamlit_app.songs import page as songs

PAGES = {
    "predict": (predict.page, ":material/music_note:"),
    "explore": (explore.page, ":material/scatter_plot:"),
    "model": (model.page, ":material/insights:"),
    "songs": (songs.page, ":material/queue_music:"),
    "pipeline": (pipeline.page, ":material/account_tree:"),
}


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Song preference", page_icon="🎧", layout="wide")
    theme.style()
    language = _language()
    locale = Locale(language, COMMON)
    page = st.navigation(
        [
            st.Page(partial(draw, language), title=locale(f"page_{name}"), url_path=name, icon=icon)
            for name, (draw, icon) in PAGES.items()
        ]
    )
    show_banners(locale)
    of_list = st.container()
    page.run()
    # Drawn last, wherever it stands: it asks for more than the page needs.
    with of_list:
        show_list(locale)


def _language() -> Language:
    """Draw the choice of language and return it; it is kept in the address, so that a link keeps it too."""
    asked = st.query_params.get("lang", "es")
    st.session_state.setdefault("language", asked if asked in LANGUAGES else "es")
    chosen: Language = st.sidebar.selectbox(
        "Idioma · Language", list(LANGUAGES), format_func=LANGUAGES.__getitem__, key="language"
    )
    return chosen


if __name__ == "__main__":
    main()
