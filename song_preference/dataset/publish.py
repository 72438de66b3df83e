"""The last step of `process_etl_spotify_data`; by itself, since only it needs MLflow and pictures in memory."""

import logging
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from typing import NamedTuple

from song_preference.commit import git_commit
from song_preference.dataset.mlflow_run import log_version
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion, Draft

log = logging.getLogger(__name__)


class Registered(NamedTuple):
    """A published dataset and the MLflow run that tells of it."""

    dataset: DatasetVersion
    run_id: str
    experiment_id: str


def register(store: DatasetStore, draft: Draft) -> Registered:
    """Publish the version in S3, then log it to MLflow."""
    described = store.publish(
        DatasetVersion(
            created_at=datetime.now(UTC),
            code_version=f"{installed_version('song-preference')} ({git_commit()})",
            **draft.model_dump(),
        )
    )
    run_id, experiment_id = log_version(described, store)
    log.info("Published %s; MLflow run %s.", store.objects.uri(store.key(described.version, "")), run_id)
    return Registered(described, run_id, experiment_id)
