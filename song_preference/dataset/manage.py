"""Upload a playlist for the pipeline, and remove a dataset version that nothing needs."""

import hashlib
from pathlib import Path

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from song_preference.dataset.prepare import preparation
from song_preference.dataset.source import FOLDER
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import CheckedPlaylist
from song_preference.errors import DatasetInUse, DatasetNotFound, RegistryUnavailable
from song_preference.isolation import isolated
from song_preference.song_table.files import PIECE_BYTES, extension_of
from song_preference.storage import ObjectStore
from song_preference.temporary import temporary_directory


def check(playlist: Path, max_bytes: int) -> CheckedPlaylist:
    """Return what the pipeline will make of a file, of at most `max_bytes` unpacked.

    Raise `InvalidDataset` with every finding, and `DiskFull`.
    """
    # The directory is made here: it goes even if the process that reads the file crashes.
    with temporary_directory() as directory:
        return isolated(preparation, playlist, directory, max_bytes)


def keep(playlist: Path, objects: ObjectStore) -> str:
    """Keep the file below incoming/ in S3, named by its content's digest; return its address for the pipeline.

    Raise `StorageUnavailable`.
    """
    with playlist.open("rb") as file:
        extension = extension_of(file.read(PIECE_BYTES))
        file.seek(0)
        key = f"{_key(hashlib.file_digest(file, 'sha256').hexdigest())}{extension}"
        file.seek(0)
        objects.put_new(key, file)
    return objects.uri(key)


def forget(sha256: str, objects: ObjectStore) -> None:
    """Remove the upload with this content, if there is one; raise `StorageUnavailable`."""
    for key in objects.keys(_key(sha256)):
        objects.remove(key)


def _key(sha256: str) -> str:
    return f"{FOLDER}{sha256[:32]}."


def trained_on(registry: MlflowClient, version: str) -> list[str]:
    """Return the registered models, as `name/version`, that were trained on a dataset.

    Raise `RegistryUnavailable`.
    """
    try:
        found = registry.search_model_versions(f"tags.dataset_version = '{version}'")
    except MlflowException as error:
        raise RegistryUnavailable(
            "MLflow does not answer, so the models trained on it are unknown: is it running?"
        ) from error
    return [f"{model.name}/{model.version}" for model in found]


def remove(store: DatasetStore, registry: MlflowClient, version: str) -> None:
    """Delete a version, published or left unfinished by a run that was ended, and the playlist uploaded for it.

    Raises `DatasetInUse` for the latest version and for one that a registered model was trained on, since neither the
    model could be explained nor a candidate be compared with it; and `DatasetNotFound`.
    """
    published = {found.version: found.source.sha256 for found in store.published()}
    if version not in published and version not in store.unfinished():
        raise DatasetNotFound(f"There is no dataset version '{version}'.")
    if version in published and version == store.latest().version:
        raise DatasetInUse(f"Dataset version '{version}' is the latest: publish another one first.")
    if models := trained_on(registry, version):
        raise DatasetInUse(f"Dataset version '{version}' stays: {', '.join(models)} was trained on it.")
    store.remove(version)
    content = published.pop(version, None)
    # Another version of the same songs, with another seed, came from the same file.
    if content and content not in published.values():
        forget(content, store.objects)
