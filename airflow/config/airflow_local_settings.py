"""Imports what tasks call once, before Airflow forks a process for each, where that would take one to three seconds.

Airflow itself imports this module at the start of each of its processes.
"""

import os
import sys
from importlib import import_module

from airflow.configuration import conf

__all__: list[str] = []
"""Names that replace Airflow's own settings."""

# Read by MLflow when it is imported.
os.environ |= {
    # Its own handler writes to stderr, which Airflow shows as errors; without it, each line keeps its level.
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # They would lead to where the tasks find MLflow; the page of the task has the link that a browser takes.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # A machine without git, such as an image, is no fault; the code's commit is known from elsewhere.
    "GIT_PYTHON_REFRESH": "quiet",
}

is_forking = "worker" in sys.argv or ("scheduler" in sys.argv and conf.get("core", "executor") == "LocalExecutor")
# On macOS, each task starts an interpreter of its own.
if is_forking and sys.platform != "darwin":
    from song_preference.run_options import STEPS

    for module in STEPS:
        import_module(module)
