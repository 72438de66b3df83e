"""The versions of the registered model with all that their trainings recorded, for the dashboard."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from song_preference.errors import RegistryUnavailable
from song_preference.evaluation import EVALUATION_FILE, Evaluation, Interval, read_evaluation
from song_preference.messages import Message
from song_preference.prediction import RegisteredVersion
from song_preference.serving.registry import MISSING, MlflowRegistry
from song_preference.temporary import temporary_directory

log = logging.getLogger(__name__)

EXPERIMENT_TAG = "experiment_id"
CARD_TAG = "card_params"
"""Tag of a version with the values of its model card; the text is its description."""
CARD_CODE_TAG = "card_code"
"""Tag of a version with the code of its card; the first cards, `model_card`, have none."""
METRIC_PREFIX = "test_"
"""Prefix of the tags of metrics on the test table."""


@dataclass(frozen=True, slots=True)
class DescribedVersion:
    """A version with all values that its training recorded; a missing one is None, or not in `metrics`."""

    registered: RegisteredVersion
    run_id: str
    """The MLflow run that made it; empty if none did."""
    candidate: str | None
    """The kind of estimator, such as 'extra_trees'."""
    threshold: float | None
    metrics: dict[str, Interval]
    """Metrics on the test table of its dataset: roc_auc, pr_auc, accuracy, f1, brier, log_loss, calibration_slope,
    calibration_intercept and `DIFFERENCES`; calibration_error if an earlier version was trained.
    """
    card: Message
    """The model card, in Markdown; empty if there is none."""
    experiment_id: str | None = None
    """The MLflow experiment of that run; None for a version from before 0.2."""


class DescribedRegistry(MlflowRegistry):
    """The registry with the records of each version's training."""

    def described(self, limit: int) -> list[DescribedVersion]:
        """Return at most `limit` versions, the newest first; raise `RegistryUnavailable`."""
        return [_described(version, registered) for version, registered in self.newest(limit)]

    def evaluation(self, run_id: str) -> Evaluation | None:
        """Return the evaluation of the run's model, None if the run has none; raise `RegistryUnavailable`."""
        try:
            # A download of a file that does not exist would be retried for minutes: see decision 4.
            if EVALUATION_FILE not in {item.path for item in self._client.list_artifacts(run_id)}:
                return None
            with temporary_directory() as directory:
                path = self._client.download_artifacts(run_id, EVALUATION_FILE, str(directory))
                return read_evaluation(Path(path).read_bytes())
        except ValidationError as error:
            log.warning("%s of run %s failed validation: %s", EVALUATION_FILE, run_id, error)
            return None
        except (MlflowException, OSError) as error:
            if isinstance(error, MlflowException) and error.error_code == MISSING:
                return None
            raise RegistryUnavailable(f"The artifacts of run {run_id} cannot be read.") from error


def _described(version: ModelVersion, registered: RegisteredVersion) -> DescribedVersion:
    tags = version.tags
    return DescribedVersion(
        registered=registered,
        run_id=str(version.run_id or ""),
        candidate=tags.get("candidate"),
        threshold=float(tags["threshold"]) if "threshold" in tags else None,
        metrics=model_metrics(tags),
        card=_card(version),
        experiment_id=tags.get(EXPERIMENT_TAG),
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
