"""The four steps of `process_etl_spotify_data`; each can be repeated without harm."""

import logging
import os
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import NamedTuple

from song_preference.commit import git_commit
from song_preference.dataset.prepare import prepare
from song_preference.dataset.source import fetch, locate
from song_preference.dataset.split import split
from song_preference.dataset.store import RAW, DatasetStore
from song_preference.dataset.version import DatasetVersion, Draft, Parameters, Preparation, Source, named, version_of
from song_preference.errors import SourceUnavailable
from song_preference.messages import Message
from song_preference.settings import DatasetSettings, PlaylistSettings
from song_preference.temporary import temporary_directory

log = logging.getLogger(__name__)


def download(
    store: DatasetStore,
    settings: DatasetSettings,
    parameters: Parameters,
    source: str | None = None,
    name: str | None = None,
) -> Draft:
    """Fetch the playlist and keep its bytes under the version that they belong to.

    The playlist is `source`, which anybody may have named, or where it is empty the operator's own. Raises
    `SourceRejected`, `SourceUnavailable` and `InvalidDataset`.
    """
    with temporary_directory() as directory:
        target = directory / RAW
        if source:
            fetched = fetch(source, target, store.objects, settings, trusted=False)
        else:
            fetched = _fetch_or_sample(store, settings, target)
        version = version_of(fetched.sha256, parameters)
        draft = Draft(version=version, name=named(name or ""), source=fetched, parameters=parameters)
        store.put(draft.version, RAW, target)
    log.info("%s bytes from %s: dataset version %s.", f"{fetched.size_bytes:,}", fetched.uri, draft.version)
    return draft


def _fetch_or_sample(store: DatasetStore, settings: DatasetSettings, target: Path) -> Source:
    """Fetch the operator's playlist, or the bundled sample if Google Drive fails before a real one was published."""
    try:
        return fetch(settings.source, target, store.objects, settings, trusted=True)
    except SourceUnavailable as error:
        # Whoever named a file or a server of their own wants that one; only Drive, the default, may be missed.
        if locate(settings.source, store.objects.bucket, settings, trusted=True).kind != "drive":
            raise
        if any(published.source.kind != "sample" for published in store.published()):
            values = {"reason": error.message.as_json()}
            raise SourceUnavailable(Message("source_unavailable_latest_stays", values)) from error
        log.warning("%s", error)
        log.warning("USING THE BUNDLED SAMPLE of synthetic songs: its model knows nobody's taste. Set DATASET_SOURCE.")
        sample = fetch("sample", target, store.objects, settings, trusted=True)
        return sample.model_copy(update={"fallback_reason": str(error), "fallback": error.message.stored()})


def engineer_features(store: DatasetStore, settings: PlaylistSettings, draft: Draft) -> Draft:
    """Keep each song once, scale columns, keep the four features; raise `InvalidDataset`."""
    with temporary_directory() as directory:
        raw = directory / RAW
        store.fetch(draft.version, RAW, raw)
        test_size = draft.parameters.test_size
        prepared = prepare(
            raw, directory, max_bytes=settings.max_bytes, threads=os.cpu_count() or 1, test_size=test_size
        )
        store.put(draft.version, "scaled", prepared.scaled)
        store.put(draft.version, "features", prepared.features)
    log.info("%s", _kept(prepared.report))
    return draft.model_copy(update={"preparation": prepared.report.published()})


def _kept(report: Preparation) -> str:
    """Return a sentence about the rows that were kept and left out."""
    repeated = sum(note.params["count"] for note in report.normalisations if note.code == "rows_repeated")
    contradicting = report.rows_raw - report.rows_left_out - report.rows_kept - repeated
    counts = [
        (repeated, "duplicate" if repeated == 1 else "duplicates"),
        (contradicting, "both liked and disliked"),
        (report.rows_left_out, "unusable"),
    ]
    left_out = [f"{count:,} {why}" for count, why in counts if count]
    return ", ".join([f"{report.rows_kept:,} of {report.rows_raw:,} songs kept", *left_out]) + "."


def split_dataset(store: DatasetStore, draft: Draft) -> Draft:
    """Write the training and the test table."""
    with temporary_directory() as directory:
        features, train, test = (directory / name for name in ("features", "train", "test"))
        store.fetch(draft.version, "features", features)
        rows = split(features, train, test, **dict(draft.parameters))
        store.put(draft.version, "train", train)
        store.put(draft.version, "test", test)
    log.info("%s songs to train on, %s to test with.", f"{rows.train:,}", f"{rows.test:,}")
    return draft.model_copy(update={"split": rows})


class Registered(NamedTuple):
    """A published dataset and the MLflow run that describes it."""

    dataset: DatasetVersion
    run_id: str
    experiment_id: str


def register(store: DatasetStore, draft: Draft) -> Registered:
    """Publish the version in S3, then log it to MLflow."""
    # The other steps do without MLflow and matplotlib, and their memory.
    from song_preference.dataset.mlflow_run import log_version  # noqa: PLC0415

    described = store.publish(
        DatasetVersion(
            created_at=datetime.now(UTC),
            code_version=f"{installed_version('song-preference')} ({git_commit()})",
            **draft.model_dump(),
        )
    )
    if draft.name and draft.name != described.name:
        described = store.rename(described.version, draft.name)
    run_id, experiment_id = log_version(described, store)
    songs = described.preparation
    counts = f"{songs.likes:,}", f"{songs.dislikes:,}"
    log.info("Dataset version %s is published: %s likes, %s dislikes.", described.version, *counts)
    return Registered(described, run_id, experiment_id)
