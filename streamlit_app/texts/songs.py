"""Texts of the page "songs"."""

from streamlit_app.texts.language import Texts

TEXTS: Texts = {
    "songs_title": {"es": "Muchas canciones a la vez", "en": "Many songs at once"},
}
