"""Versions of the registered model, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from song_preference.evaluation import Interval
from song_preference.messages import Message


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version of the registered model; a value that its training did not record is None."""

    version: str
    created_at: datetime
    aliases: tuple[str, ...]
    dataset_version: str | None
    source_kind: str | None
    roc_auc: float | None
    """ROC AUC on songs of its dataset that the evaluated model did not know, in [0, 1]."""


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
    """Metrics on such songs: roc_auc, pr_auc, accuracy, f1, brier, log_loss, calibration_slope,
    calibration_intercept and `DIFFERENCES`; calibration_error if an earlier version was trained.
    """
    card: Message
    """The model card, in Markdown; empty if there is none."""
    experiment_id: str | None = None
    """The MLflow experiment of that run; None for a version from before 0.2."""
    evaluated_on: str | None = None
    """Which songs its metrics are of, and of which model: see `EVALUATED_ON`; None for a version from before 0.2."""
