"""Every text of the dashboard, in Spanish and English: one catalogue, a module for each page."""

from streamlit_app.texts import common, explore, model, pipeline, predict, songs
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
