"""MLflow's model registry, and the predictor that follows its champion; only entry points import this module."""

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.environment_variables import (
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    MLFLOW_HTTP_REQUEST_TIMEOUT,
)
from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from song_preference.errors import RegistryUnavailable
from song_preference.evaluation import (
    EVALUATED_ON,
    EVALUATION_FILE,
    OWN_SONGS_FILE,
    Evaluation,
    Interval,
    read_evaluation,
)
from song_preference.messages import Message
from song_preference.prediction import ModelRef
from song_preference.serving.model_store import ModelCache, ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.versions import DescribedVersion, RegisteredVersion
from song_preference.settings import ModelSettings, ServingSettings
from song_preference.temporary import temporary_directory

log = logging.getLogger(__name__)

MISSING = "RESOURCE_DOES_NOT_EXIST"
GRAPH_FILE = "model.onnx"
EXPERIMENT_TAG = "experiment_id"
CARD_TAG = "card_params"
"""Tag of a version with the values of its model card; the text is its description."""
CARD_CODE_TAG = "card_code"
"""Tag of a version with the code of its card; the first cards, `model_card`, have none."""
METRIC_PREFIX = "test_"
"""Prefix of the tags of the model's metrics, as opposed to those of the baselines."""


class MlflowRegistry:
    """The registry of an MLflow server, which also serves the artifacts, so that no S3 keys are needed."""

    def __init__(self, settings: ModelSettings) -> None:
        self._name, self._alias = settings.name, settings.alias
        self._tracking_uri = settings.tracking_uri
        self._client = connect(settings)
        MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)  # type: ignore[no-untyped-call]

    def champion(self) -> ModelRef | None:
        """Return the version behind the alias, None before the first; raise `RegistryUnavailable`."""
        try:
            version = find_version(self._client, self._name, self._alias)
        except MlflowException as error:
            raise RegistryUnavailable(f"MLflow at {self._tracking_uri} does not answer.") from error
        if version is None:
            return None
        return ModelRef(self._name, str(version.version), self._alias, str(version.run_id or ""))

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
            raise RegistryUnavailable(
                f"The artifacts of {ref.name} version {ref.version} cannot be read. "
                "Check that S3 runs and still has them, or roll back to another version."
            ) from error

    def versions(self, limit: int) -> list[RegisteredVersion]:
        """Return at most `limit` versions, the newest first; raise `RegistryUnavailable`."""
        return [described.registered for described in self.described(limit)]

    def described(self, limit: int) -> list[DescribedVersion]:
        """Return at most `limit` versions, the newest first; raise `RegistryUnavailable`."""
        try:
            # A search does not return the aliases.
            aliases = self._client.get_registered_model(self._name).aliases
            found = self._client.search_model_versions(
                f"name = '{self._name}'", max_results=limit, order_by=["version_number DESC"]
            )
        except MlflowException as error:
            if error.error_code == MISSING:
                return []
            raise RegistryUnavailable(f"MLflow at {self._tracking_uri} does not answer.") from error
        return [_described(version, aliases) for version in found]

    def evaluation(self, run_id: str) -> Evaluation | None:
        """Return the evaluation of the run's model, None if the run has none; raise `RegistryUnavailable`."""
        content = self._artifact(run_id, EVALUATION_FILE)
        try:
            return None if content is None else read_evaluation(content)
        except ValidationError as error:
            log.warning("%s of run %s failed validation: %s", EVALUATION_FILE, run_id, error)
            return None

    def own_songs(self, run_id: str) -> bytes | None:
        """Return the Parquet file with the listener's songs and the answers of models that were not trained on them.

        None if the run has none; raise `RegistryUnavailable`.
        """
        return self._artifact(run_id, OWN_SONGS_FILE)

    def _artifact(self, run_id: str, name: str) -> bytes | None:
        try:
            # A download of a file that does not exist would be retried for minutes: see decision 4.
            if name not in {item.path for item in self._client.list_artifacts(run_id)}:
                return None
            with temporary_directory() as directory:
                return Path(self._client.download_artifacts(run_id, name, str(directory))).read_bytes()
        except (MlflowException, OSError) as error:
            if isinstance(error, MlflowException) and error.error_code == MISSING:
                return None
            raise RegistryUnavailable(f"The artifacts of run {run_id} cannot be read.") from error


def _described(version: ModelVersion, aliases: Mapping[str, str]) -> DescribedVersion:
    tags = version.tags
    return DescribedVersion(
        registered=_registered(version, aliases),
        run_id=str(version.run_id or ""),
        candidate=tags.get("candidate"),
        threshold=float(tags["threshold"]) if "threshold" in tags else None,
        metrics=model_metrics(tags),
        card=_card(version),
        experiment_id=tags.get(EXPERIMENT_TAG),
        evaluated_on=tags.get(EVALUATED_ON),
    )


def _card(version: ModelVersion) -> Message:
    values, english = version.tags.get(CARD_TAG), str(version.description or "")
    code = version.tags.get(CARD_CODE_TAG, "model_card")
    return Message(code, json.loads(values), english) if values else Message(None, english=english)


def model_metrics(values: Mapping[str, str | float]) -> dict[str, Interval]:
    """Return the model's metrics by name, from the tags of its version or the metrics of its run."""
    return {
        name.removeprefix(METRIC_PREFIX): Interval(*(float(values[f"{name}{end}"]) for end in ("", "_low", "_high")))
        for name in values
        if name.startswith(METRIC_PREFIX) and values.keys() >= {f"{name}_low", f"{name}_high"}
    }


def _registered(version: ModelVersion, aliases: Mapping[str, str]) -> RegisteredVersion:
    tags = version.tags
    return RegisteredVersion(
        version=str(version.version),
        created_at=datetime.fromtimestamp((version.creation_timestamp or 0) / 1000, UTC),
        aliases=tuple(sorted(alias for alias, named in aliases.items() if str(named) == str(version.version))),
        dataset_version=tags.get("dataset_version"),
        source_kind=tags.get("source_kind"),
        roc_auc=float(tags["test_roc_auc"]) if "test_roc_auc" in tags else None,
    )


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


def following_champion(settings: ServingSettings) -> Predictor:
    """Return a predictor that follows the champion in MLflow; call `store.start()` to begin."""
    cache = ModelCache(settings.cache_dir, settings.name, settings.alias)
    store = ModelStore(MlflowRegistry(settings), settings.refresh_seconds, settings.name, cache)
    return Predictor(store, settings.max_batch_size)
