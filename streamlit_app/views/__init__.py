"""One short file for each page; not called "pages", which Streamlit would list by itself."""

from streamlit_app.views import explore, model, pipeline, predict, songs

__all__ = ["explore", "model", "pipeline", "predict", "songs"]
