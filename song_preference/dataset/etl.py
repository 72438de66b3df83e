"""The four steps of `process_etl_spotify_data`; each can be repeated without harm."""

import logging
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from tempfile import TemporaryDirectory

from song_preference.dataset.lineage import log_version
from song_preference.dataset.prepare import prepare, read_playlist
from song_preference.dataset.source import fetch, locate
from song_preference.dataset.split import split
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion, Draft, Parameters, Source, SplitRows, version_of
from song_preference.errors import SourceUnavailable
from song_preference.settings import DatasetSettings, S3Settings
from song_preference.storage import ObjectStore, s3_client

log = logging.getLogger(__name__)


def open_store() -> DatasetStore:
    """The store that the environment names."""
    settings = S3Settings()
    return DatasetStore(ObjectStore(s3_client(settings), settings.data_bucket))


def download(store: DatasetStore, settings: DatasetSettings, parameters: Parameters) -> Draft:
    """Fetch the playlist and keep its bytes under the version that they belong to."""
    with TemporaryDirectory() as directory:
        target = Path(directory) / "raw.csv"
        source = _fetch_or_sample(store, settings, target)
        draft = Draft(version=version_of(source.sha256, parameters), source=source, parameters=parameters)
        store.put_raw(draft.version, target.read_bytes())
    log.info("Dataset version %s: %d bytes from %s.", draft.version, source.size_bytes, source.uri)
    return draft


def _fetch_or_sample(store: DatasetStore, settings: DatasetSettings, target: Path) -> Source:
    try:
        return fetch(settings.source, target, store.objects, settings.max_bytes)
    except SourceUnavailable as error:
        # Whoever named a file or a server of their own wants that one; only Drive, the default, may be missed.
        if locate(settings.source).kind != "drive":
            raise
        if any(published.source.kind != "sample" for published in store.published()):
            raise SourceUnavailable(f"{error} The dataset published last stays in force.") from error
        log.warning("%s", error)
        log.warning("USING THE BUNDLED SAMPLE of synthetic songs: its model knows nobody's taste. Set DATASET_SOURCE.")
        source = fetch("sample", target, store.objects, settings.max_bytes)
        return source.model_copy(update={"fallback_reason": str(error)})


def engineer_features(store: DatasetStore, draft: Draft) -> Draft:
    """Deduplicate and scale the rows, keep the four features; raises `InvalidDataset`."""
    prepared = prepare(read_playlist(store.raw(draft.version)))
    store.put_part(draft.version, "scaled", prepared.scaled)
    store.put_part(draft.version, "features", prepared.features)
    log.info("%d of %d rows kept.", prepared.report.rows_kept, prepared.report.rows_raw)
    return draft.model_copy(update={"preparation": prepared.report})


def split_dataset(store: DatasetStore, draft: Draft) -> Draft:
    """Write the training and the test part."""
    parts = split(store.part(draft.version, "features"), draft.parameters.test_size, draft.parameters.seed)
    store.put_part(draft.version, "train", parts.train)
    store.put_part(draft.version, "test", parts.test)
    log.info("%d songs to train on, %d to test with.", len(parts.train), len(parts.test))
    return draft.model_copy(update={"split": SplitRows(train=len(parts.train), test=len(parts.test))})


def register(store: DatasetStore, draft: Draft) -> DatasetVersion:
    """Publish the version in S3, then log it to MLflow."""
    described = store.publish(
        DatasetVersion(
            created_at=datetime.now(UTC),
            code_version=installed_version("song-preference"),
            **draft.model_dump(),
        )
    )
    run_id = log_version(described, store)
    log.info("Published %s; MLflow run %s.", store.objects.uri(store.key(described.version, "")), run_id)
    return described
