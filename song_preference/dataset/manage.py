"""Check a playlist before its upload; rename a dataset version, and remove one that nothing needs."""

from pathlib import Path

from mlflow import MlflowClient

from song_preference.dataset.incoming import forget
from song_preference.dataset.prepare import preparation
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import NAME_TAG, CheckedPlaylist, DatasetVersion, named
from song_preference.errors import DatasetInUse, DatasetNotFound, InvalidDataset
from song_preference.isolation import isolated
from song_preference.messages import Message
from song_preference.serving.lookup import Sources, completed
from song_preference.serving.registry import reaching
from song_preference.temporary import temporary_directory


def check(playlist: Path, max_bytes: int) -> CheckedPlaylist:
    """Return what the pipeline will make of a file, of at most `max_bytes` unpacked.

    Raise `InvalidDataset` with every finding, and `DiskFull`.
    """
    # The directory is made here: it goes even if the process that reads the file crashes.
    with temporary_directory() as directory:
        return isolated(preparation, playlist, directory, max_bytes)


def check_or_complete(playlist: Path, max_bytes: int, sources: Sources) -> tuple[Path, CheckedPlaylist]:
    """Return the file that the pipeline can use and what it will make of it, as `check` does.

    That is the file itself, or a copy beside it with features from the sources if it has none.
    """
    try:
        return playlist, check(playlist, max_bytes)
    except InvalidDataset as error:
        copy = completed(error, playlist, max_bytes, sources)
    return copy, check(copy, max_bytes)


def rename(store: DatasetStore, registry: MlflowClient, version: str, name: str) -> DatasetVersion:
    """Give a published version another name, in MLflow too; raise `DatasetNotFound` and `RegistryUnavailable`."""
    found = store.find(version)
    with reaching(registry.tracking_uri):
        experiments = [experiment.experiment_id for experiment in registry.search_experiments()]
        for run in registry.search_runs(experiments, f"tags.dataset_version = '{found.version}'"):
            registry.set_tag(run.info.run_id, NAME_TAG, named(name))
    return store.rename(found.version, name)


def trained_on(registry: MlflowClient, version: str) -> list[str]:
    """Return the registered models, as `name/version`, that were trained on a dataset.

    Raise `RegistryUnavailable`.
    """
    with reaching(registry.tracking_uri):
        found = registry.search_model_versions(f"tags.dataset_version = '{version}'")
    return [f"{model.name}/{model.version}" for model in found]


def remove(store: DatasetStore, registry: MlflowClient, version: str) -> None:
    """Delete a version, published or left unfinished by a run that was ended, and the playlist uploaded for it.

    Raises `DatasetInUse` for the latest version and for one that a registered model was trained on, since neither the
    model could be explained nor a candidate be compared with it; and `DatasetNotFound`.
    """
    published = {found.version: found.source.sha256 for found in store.published()}
    if version not in published and version not in store.unfinished():
        raise DatasetNotFound(Message("no_such_dataset", {"version": version}))
    if version in published and version == store.latest().version:
        raise DatasetInUse(Message("dataset_is_latest", {"version": version}))
    if models := trained_on(registry, version):
        raise DatasetInUse(Message("dataset_trained_on", {"version": version, "models": models}))
    store.remove(version)
    content = published.pop(version, None)
    # Another version of the same songs, with another seed, came from the same file.
    if content and content not in published.values():
        forget(content, store.objects)
