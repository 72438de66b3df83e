"""Texts of the page "explore"."""

from streamlit_app.texts.language import Texts

TEXTS: Texts = {
    "explore_title": {"es": "Explora tu lista", "en": "Explore your playlist"},
}
