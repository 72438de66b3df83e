"""Which dataset versions may be removed."""

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from song_preference.dataset import manage
from song_preference.dataset.store import DatasetStore
from song_preference.errors import DatasetInUse, DatasetNotFound, RegistryUnavailable


def learned_from(registry: MlflowClient, version: str) -> list[str]:
    """The registered models, as `name/version`, that learned from a dataset; raises `RegistryUnavailable`."""
    try:
        found = registry.search_model_versions(f"tags.dataset_version = '{version}'")
    except MlflowException as error:
        raise RegistryUnavailable("MLflow does not tell which models learned from it: is it running?") from error
    return [f"{model.name}/{model.version}" for model in found]


def remove(store: DatasetStore, registry: MlflowClient, version: str) -> None:
    """Delete a version, published or left unfinished by a run that was ended, and the playlist handed in for it.

    Raises `DatasetInUse` for the latest version and for one that a registered model learned from, since neither the
    model could be explained nor a contender be compared with it; and `DatasetNotFound`.
    """
    published = {found.version: found.source.sha256 for found in store.published()}
    if version not in published and version not in store.unfinished():
        raise DatasetNotFound(f"There is no dataset version '{version}'.")
    if version in published and version == store.latest().version:
        raise DatasetInUse(f"Dataset version '{version}' is the latest: publish another one first.")
    if models := learned_from(registry, version):
        raise DatasetInUse(f"Dataset version '{version}' is what {', '.join(models)} learned from: it stays.")
    store.remove(version)
    content = published.pop(version, None)
    # Another version of the same songs, with another seed, came from the same file.
    if content and content not in published.values():
        manage.forget(content, store.objects)
