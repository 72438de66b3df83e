"""The steps of `process_etl_spotify_data` up to `publish.register`; each can be repeated without harm."""

import logging
from pathlib import Path

from song_preference.dataset.prepare import prepare
from song_preference.dataset.source import fetch, locate
from song_preference.dataset.split import split
from song_preference.dataset.store import RAW, DatasetStore
from song_preference.dataset.version import Draft, Parameters, Source, version_of
from song_preference.errors import SourceUnavailable
from song_preference.messages import Message
from song_preference.settings import DatasetSettings, S3Settings
from song_preference.storage import ObjectStore, s3_client
from song_preference.temporary import temporary_directory

log = logging.getLogger(__name__)


def open_store() -> DatasetStore:
    """The store that the environment names."""
    settings = S3Settings()
    return DatasetStore(ObjectStore(s3_client(settings), settings.data_bucket))


def download(
    store: DatasetStore, settings: DatasetSettings, parameters: Parameters, source: str | None = None
) -> Draft:
    """Fetch the playlist and keep its bytes under the version that they belong to.

    The playlist is `source`, which anybody may have named, or where it is empty the operator's own. Raises
    `SourceRefused`, `SourceUnavailable` and `InvalidDataset`.
    """
    with temporary_directory() as directory:
        target = directory / RAW
        if source:
            fetched = fetch(source, target, store.objects, settings, trusted=False)
        else:
            fetched = _fetch_or_sample(store, settings, target)
        draft = Draft(version=version_of(fetched.sha256, parameters), source=fetched, parameters=parameters)
        store.put(draft.version, RAW, target)
    log.info("Dataset version %s: %d bytes from %s.", draft.version, fetched.size_bytes, fetched.uri)
    return draft


def _fetch_or_sample(store: DatasetStore, settings: DatasetSettings, target: Path) -> Source:
    """The operator's playlist; the bundled sample where Google Drive fails before anything real was published."""
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


def engineer_features(store: DatasetStore, draft: Draft) -> Draft:
    """Deduplicate and scale the rows, keep the four features; raises `InvalidDataset`."""
    with temporary_directory() as directory:
        raw = directory / RAW
        store.fetch_raw(draft.version, raw)
        prepared = prepare(raw, directory)
        store.put_part(draft.version, "scaled", prepared.scaled)
        store.put_part(draft.version, "features", prepared.features)
    log.info("%d of %d rows kept.", prepared.report.rows_kept, prepared.report.rows_raw)
    return draft.model_copy(update={"preparation": prepared.report})


def split_dataset(store: DatasetStore, draft: Draft) -> Draft:
    """Write the training and the test part."""
    with temporary_directory() as directory:
        features = directory / "features.parquet"
        store.fetch_part(draft.version, "features", features)
        parts = split(features, directory, draft.parameters.test_size, draft.parameters.seed)
        store.put_part(draft.version, "train", parts.train)
        store.put_part(draft.version, "test", parts.test)
    log.info("%d songs to train on, %d to test with.", parts.rows.train, parts.rows.test)
    return draft.model_copy(update={"split": parts.rows})
