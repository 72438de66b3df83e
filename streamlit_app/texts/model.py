"""Texts of the page "model"."""

from streamlit_app.texts.language import Texts

TEXTS: Texts = {
    "model_title": {"es": "Lo que sabe el modelo", "en": "What the model knows"},
}
