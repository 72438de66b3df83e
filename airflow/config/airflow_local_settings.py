"""Imports what tasks call once, before Airflow forks a process for each of them, which takes it one to three seconds.

Airflow itself imports this module at the start of each of its processes.
"""

import sys
from importlib import import_module

from airflow.configuration import conf

__all__: list[str] = []
"""Names that replace Airflow's own settings."""

CALLED = (
    "song_preference.catalogue.importing",
    "song_preference.catalogue.indexing",
    "song_preference.catalogue.scoring",
    "song_preference.dataset.etl",
    "song_preference.training.steps",
)

# The processes that fork tasks: a worker of Celery, or the scheduler itself.
if "worker" in sys.argv or ("scheduler" in sys.argv and conf.get("core", "executor") == "LocalExecutor"):
    for module in CALLED:
        import_module(module)
