"""MLflow's model registry, and the predictor that follows its champion; only entry points import this module."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.environment_variables import (
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    MLFLOW_HTTP_REQUEST_TIMEOUT,
)
from mlflow.exceptions import MlflowException

from song_preference.errors import RegistryUnavailable
from song_preference.messages import Message
from song_preference.prediction import ModelRef, RegisteredVersion
from song_preference.serving.model_store import ModelCache, ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.song_index import IndexStore
from song_preference.settings import ModelSettings, ServingSettings
from song_preference.temporary import raising_disk_full, temporary_directory

MISSING = "RESOURCE_DOES_NOT_EXIST"
GRAPH_FILE = "model.onnx"
OWN_SONGS_FILE = "own_songs.parquet"
"""Artifact of a training run: the listener's songs, and what models answered that were not trained on them."""

CHALLENGER = "challenger"
"""Alias that training gives the version that was compared with the champion last."""

INDEX_FILE = "catalogue.sqlite"
INDEX_TAG = "catalogue_index"
"""Tag of the registered model: the run that has the index of its catalogue as an artifact, `INDEX_FILE`."""

RUN_ID = re.compile("[0-9a-f]{32}")

TRAINING, METRICS, PROMOTION = "training", "metrics", "promotion"
"""Tags of a version that hold several values, as JSON. The first versions have each of these values as a tag."""


class MlflowRegistry:
    """The registry of an MLflow server, which also serves the artifacts, so that no S3 keys are needed."""

    def __init__(self, settings: ModelSettings) -> None:
        self._name, self._alias = settings.name, settings.alias
        self._tracking_uri = settings.tracking_uri
        self._client = connect(settings)
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)  # type: ignore[no-untyped-call]

    def champion(self) -> ModelRef | None:
        """Return the version behind the alias, None before the first; raise `RegistryUnavailable`."""
        with reaching(self._tracking_uri):
            version = find_version(self._client, self._name, self._alias)
        if version is None:
            return None
        trained_on = version.tags.get("dataset_version")
        return ModelRef(self._name, str(version.version), self._alias, str(version.run_id or ""), trained_on)

    def graph(self, ref: ModelRef) -> bytes:
        """Return the version's ONNX graph; raise `RegistryUnavailable` and `DiskFull`."""
        uri = f"models:/{ref.name}/{ref.version}/{GRAPH_FILE}"
        try:
            with temporary_directory() as directory:
                path = mlflow.artifacts.download_artifacts(
                    uri, dst_path=str(directory), tracking_uri=self._tracking_uri
                )
                return Path(path).read_bytes()
        except (MlflowException, OSError) as error:
            values = {"model": ref.name, "version": ref.version}
            raise RegistryUnavailable(Message("version_unreadable", values)) from error

    def versions(self, limit: int) -> list[RegisteredVersion]:
        """Return at most `limit` versions, the newest first; raise `RegistryUnavailable`."""
        return [registered for _, registered in self.newest(limit)]

    def newest(self, limit: int, *, with_champion: bool = False) -> list[tuple[ModelVersion, RegisteredVersion]]:
        """Return at most `limit` versions as MLflow holds them and as plain values, the newest first.

        `with_champion` adds the champion if it is older.
        """
        try:
            # A search does not return the aliases.
            aliases = self._client.get_registered_model(self._name).aliases
            found = self._client.search_model_versions(
                f"name = '{self._name}'", max_results=limit, order_by=["version_number DESC"]
            )
            champion = str(aliases.get(self._alias, ""))
            if with_champion and champion and champion not in {str(version.version) for version in found}:
                found.append(self._client.get_model_version(self._name, champion))
        except MlflowException as error:
            if error.error_code == MISSING:
                return []
            raise RegistryUnavailable.at(self._tracking_uri) from error
        return [(version, _registered(version, aliases)) for version in found]

    def index_run(self) -> str | None:
        """Return the run that has the index of the catalogue, None without one; raise `RegistryUnavailable`."""
        try:
            found: str = self._client.get_registered_model(self._name).tags.get(INDEX_TAG, "")
        except MlflowException as error:
            if error.error_code == MISSING:
                return None
            raise RegistryUnavailable.at(self._tracking_uri) from error
        # It becomes the name of a file, and anybody who reaches MLflow may have written the tag.
        return found if RUN_ID.fullmatch(found) else None

    def download_index(self, run_id: str, directory: Path) -> Path:
        """Write the run's index into a directory; raise `RegistryUnavailable` and `DiskFull`."""
        try:
            with raising_disk_full():
                return Path(self._client.download_artifacts(run_id, INDEX_FILE, str(directory)))
        except (MlflowException, OSError) as error:
            raise RegistryUnavailable(Message("run_unreadable", {"run": run_id})) from error

    def artifact(self, run_id: str, name: str) -> bytes | None:
        """Return a file of a training run, None if the run has none; raise `RegistryUnavailable`."""
        try:
            # A download of a file that does not exist would be retried for minutes: see decision 4.
            if name not in {item.path for item in self._client.list_artifacts(run_id)}:
                return None
            with temporary_directory() as directory:
                return Path(self._client.download_artifacts(run_id, name, str(directory))).read_bytes()
        except (MlflowException, OSError) as error:
            if isinstance(error, MlflowException) and error.error_code == MISSING:
                return None
            raise RegistryUnavailable(Message("run_unreadable", {"run": run_id})) from error


def recorded(version: ModelVersion) -> dict[str, Any]:
    """Return the tags of a version, and the values in those that hold several."""
    values: dict[str, Any] = dict(version.tags)
    for name in (TRAINING, METRICS, PROMOTION):
        values |= json.loads(version.tags.get(name, "{}"))
    return values


def _registered(version: ModelVersion, aliases: Mapping[str, str]) -> RegisteredVersion:
    values = recorded(version)
    return RegisteredVersion(
        version=str(version.version),
        created_at=datetime.fromtimestamp((version.creation_timestamp or 0) / 1000, UTC),
        aliases=sorted(alias for alias, named in aliases.items() if str(named) == str(version.version)),
        dataset_version=values.get("dataset_version"),
        source_kind=values.get("source_kind"),
        roc_auc=float(values["test_roc_auc"]) if "test_roc_auc" in values else None,
    )


@contextmanager
def reaching(uri: str) -> Iterator[None]:
    """Raise `RegistryUnavailable` in place of an error of the MLflow at this address."""
    try:
        yield
    except MlflowException as error:
        raise RegistryUnavailable.at(uri) from error


def connect(settings: ModelSettings) -> MlflowClient:
    """Return a client with short timeouts, since its caller polls, or is a person who waits."""
    MLFLOW_HTTP_REQUEST_MAX_RETRIES.set(1)  # type: ignore[no-untyped-call]
    MLFLOW_HTTP_REQUEST_TIMEOUT.set(5)  # type: ignore[no-untyped-call]
    return MlflowClient(tracking_uri=settings.tracking_uri)


def find_version(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    """Return the version behind an alias, None if there is no such model or alias yet."""
    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in {MISSING, "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def following_index(settings: ServingSettings, service: str) -> IndexStore:
    """Return a store that follows the index of the catalogue in MLflow; call `start()` to begin."""
    # In a directory of the service's own, since each removes what it needs no more.
    return IndexStore(MlflowRegistry(settings), settings.refresh_seconds, settings.cache_dir / f"catalogue-{service}")


def following_champion(settings: ServingSettings, *, with_challenger: bool = False) -> Predictor:
    """Return a predictor that follows the champion in MLflow; call `store.start()` to begin.

    `with_challenger` if callers may name a version: the challenger's model takes memory of its own.
    """
    cache = ModelCache(settings.cache_dir, settings.name, settings.alias)
    challenger = None
    if with_challenger:
        registry = MlflowRegistry(settings.model_copy(update={"alias": CHALLENGER}))
        # Its failures do not concern the champion's store. No cache: without MLflow, a start serves the champion alone.
        challenger = ModelStore(registry, settings.refresh_seconds, settings.name)
        challenger.goes_with_alias = True
    store = ModelStore(MlflowRegistry(settings), settings.refresh_seconds, settings.name, cache, challenger)
    return Predictor(store, settings.max_batch_size)
