"""Airflow for a page, which must not wait for it long."""

from song_preference.errors import PipelineUnavailable
from song_preference.pipeline import Airflow
from streamlit_app.data.model import airflow, probes


def airflow_at_hand() -> Airflow:
    """The pipeline; raises `PipelineUnavailable` where it hung when its health was asked for.

    Who asks it then waits half a minute, and the page with him.
    """
    if probes().hung("airflow"):
        raise PipelineUnavailable("Airflow takes too long to answer: look at its log.")
    return airflow()
