"""Texts of the page "pipeline"."""

from streamlit_app.texts.language import Texts

TEXTS: Texts = {
    "pipeline_title": {"es": "El sistema por dentro", "en": "How it runs"},
}
