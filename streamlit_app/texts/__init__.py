"""Every text of the dashboard, in Spanish and English: one catalogue, a module for each page."""

from streamlit_app.explore import texts as explore
from streamlit_app.model import texts as model
from streamlit_app.pipeline import texts as pipeline
from streamlit_app.predict import texts as predict
from streamlit_app.songs import texts as songs
from streamlit_app.texts import common
from streamlit_app.texts.language import LANGUAGES, Language, Texts

TEXTS: Texts = {
    **common.TEXTS,
    **predict.TEXTS,
    **explore.TEXTS,
    **model.TEXTS,
    **songs.TEXTS,
    **pipeline.TEXTS,
}

__all__ = ["LANGUAGES", "TEXTS", "Language", "Texts"]
