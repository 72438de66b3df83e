"""Run by `streamlit run streamlit_app/app.py`: language, navigation, and the banners above every page."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from song_preference.clients import clients
from song_preference.prediction import PredictionClient
from song_preference.settings import ClientSettings, load
from streamlit_app import address, theme
from streamlit_app.address import LANGUAGE, Choice
from streamlit_app.banners import show_banners, show_list
from streamlit_app.discover import page as discover
from streamlit_app.explore import page as explore
from streamlit_app.i18n import COMMON, LANGUAGES, Language, Locale, texts
from streamlit_app.model import page as model
from streamlit_app.pipeline import page as pipeline
from streamlit_app.predict import page as predict
from streamlit_app.songs import page as songs
from streamlit_app.songs.file import read_within_limits


@st.cache_resource(show_spinner=False)
def protocols() -> dict[str, PredictionClient]:
    """Return a client for each protocol of the other services, by the protocol's name."""
    return clients(load(ClientSettings))


PAGES: dict[str, tuple[Callable[[Locale], None], str]] = {
    "predict": (partial(predict.page, protocols), ":material/music_note:"),
    "discover": (discover.page, ":material/recommend:"),
    "explore": (explore.page, ":material/scatter_plot:"),
    "model": (model.page, ":material/insights:"),
    "songs": (partial(songs.page, read_within_limits), ":material/queue_music:"),
    "pipeline": (pipeline.page, ":material/account_tree:"),
}


def main() -> None:
    """Draw the page that the address names."""
    theme.style()
    address.start()
    language = _language()
    locale = Locale(language, COMMON)
    # Above the pages: the browser would fetch an icon of theirs from a server of others. Without an entry of its own,
    # there would be no menu, and no other way to choose a theme.
    st.set_page_config(page_icon="🎧", layout="wide", menu_items={"About": locale("about")})
    pages = {
        name: st.Page(
            partial(draw, Locale(language, texts(name))), title=locale(f"page_{name}"), url_path=name, icon=icon
        )
        for name, (draw, icon) in PAGES.items()
    }
    page = st.navigation(list(pages.values()))
    st.set_page_config(page_title=f"{page.title} · Song preference")
    st.session_state.update({address.PAGES: pages, address.PAGE: page.url_path})
    show_banners(locale)
    of_list = st.container()
    page.run()
    # Drawn last, wherever it stands: it asks for more than the page needs.
    with of_list:
        show_list(locale)
    address.write()


def _language() -> Language:
    """Draw the choice of language and return it: the browser's own at first, if it is one of ours."""
    is_english = (st.context.locale or "").startswith("en")
    choice = Choice("lang", LANGUAGE, list(LANGUAGES), "en" if is_english else "es")
    address.restore([choice])
    with st.sidebar:
        chosen: Language = choice.select("Idioma · Language", LANGUAGES.__getitem__)
    return chosen


if __name__ == "__main__":
    main()
