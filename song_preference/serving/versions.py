"""The versions of the registered model with all that their trainings recorded, for the dashboard."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.entities.model_registry import ModelVersion
from pydantic import ValidationError

from song_preference.evaluation import EVALUATED_ON, EVALUATION_FILE, Evaluation, Interval, read_evaluation
from song_preference.messages import Message
from song_preference.prediction import RegisteredVersion
from song_preference.serving.registry import MlflowRegistry, recorded

log = logging.getLogger(__name__)

EXPERIMENT_TAG = "experiment_id"
CARD_TAG = "card_params"
"""Tag of a version with the values of its model card; the text is its description."""
CARD_CODE_TAG = "card_code"
"""Name of the code of a version's card; the first cards, `model_card`, have none."""
REASON, REASON_CODE, REASON_PARAMS = "decision_reason", "decision_code", "decision_params"
"""Records of a version: why it was made champion or not, in English and as data."""
REPLACED, ROLLED_BACK, DECLINED = "replaced", "rolled_back_at", "declined_at"
"""Records of a version: the champion before it, when somebody rolled back from it, and when somebody chose to keep the
champion instead of it."""
METRIC_PREFIX = "test_"
"""Prefix of the names of the model's metrics, as opposed to those of the baselines."""


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
    """Metrics on songs of its dataset that the evaluated model did not know: roc_auc, pr_auc, accuracy, f1, brier,
    log_loss, calibration_slope, calibration_intercept and `DIFFERENCES`; of an earlier version also calibration_error.
    """
    card: Message
    """The model card, in Markdown; empty if there is none."""
    experiment_id: str | None = None
    """The MLflow experiment of that run; None for a version from before 0.2."""
    evaluated_on: str | None = None
    """Which songs its metrics are of, and of which model: see `EVALUATED_ON`; None for a version from before 0.2."""
    reason: Message | None = None
    """Why it was made champion or not; None before that is decided."""
    replaced: str | None = None
    """The champion before it."""
    is_rolled_back: bool = False
    """Whether somebody rolled back from it."""
    is_declined: bool = False
    """Whether somebody chose to keep the champion instead of it."""


class DescribedRegistry(MlflowRegistry):
    """The registry with the records of each version's training."""

    def described(self, limit: int) -> list[DescribedVersion]:
        """Return at most `limit` versions, the newest first, and an older champion; raise `RegistryUnavailable`."""
        return [_described(version, registered) for version, registered in self.newest(limit, with_champion=True)]

    def evaluation(self, run_id: str) -> Evaluation | None:
        """Return the evaluation of the run's model, None if the run has none; raise `RegistryUnavailable`."""
        content = self.artifact(run_id, EVALUATION_FILE)
        try:
            return None if content is None else read_evaluation(content)
        except ValidationError as error:
            log.warning("%s of run %s failed validation: %s", EVALUATION_FILE, run_id, error)
            return None


def _described(version: ModelVersion, registered: RegisteredVersion) -> DescribedVersion:
    values = recorded(version)
    return DescribedVersion(
        registered=registered,
        run_id=str(version.run_id or ""),
        candidate=values.get("candidate"),
        threshold=float(values["threshold"]) if "threshold" in values else None,
        metrics=model_metrics(values),
        card=_card(values, str(version.description or "")),
        experiment_id=values.get(EXPERIMENT_TAG),
        evaluated_on=values.get(EVALUATED_ON),
        reason=stored_reason(values),
        replaced=values.get(REPLACED),
        is_rolled_back=ROLLED_BACK in values,
        is_declined=DECLINED in values,
    )


def stored_reason(values: Mapping[str, Any]) -> Message | None:
    """Return why the version with these records was made champion or not; None before that is decided."""
    if REASON not in values:
        return None
    params = values.get(REASON_PARAMS, {})
    # The first versions have it as a tag of its own.
    return Message(values.get(REASON_CODE), json.loads(params) if isinstance(params, str) else params, values[REASON])


def _card(values: Mapping[str, Any], english: str) -> Message:
    if CARD_TAG not in values:
        return Message(None, english=english)
    return Message(values.get(CARD_CODE_TAG, "model_card"), json.loads(values[CARD_TAG]), english)


def model_metrics(values: Mapping[str, str | float]) -> dict[str, Interval]:
    """Return the model's metrics by name, from what is recorded of its version or the metrics of its run."""
    return {
        name.removeprefix(METRIC_PREFIX): Interval(*(float(values[f"{name}{end}"]) for end in ("", "_low", "_high")))
        for name in values
        if name.startswith(METRIC_PREFIX) and values.keys() >= {f"{name}_low", f"{name}_high"}
    }
