"""Versions of the registered model, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version of the registered model; what its training did not note is None."""

    version: str
    created_at: datetime
    aliases: tuple[str, ...]
    dataset_version: str | None
    source_kind: str | None
    roc_auc: float | None
    """On the test part of its dataset."""


class Measured(NamedTuple):
    """A metric with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DescribedVersion:
    """A version with all that its training noted; what is missing there is None, or not among `metrics`."""

    registered: RegisteredVersion
    run_id: str
    """The MLflow run that made it; empty where none did."""
    candidate: str | None
    """The kind of estimator, such as 'extra_trees'."""
    threshold: float | None
    metrics: dict[str, Measured]
    """On the test part of its dataset: accuracy, f1, roc_auc, pr_auc, brier, calibration_error."""
    card: str
    """Markdown."""
    experiment_id: str | None = None
    """The MLflow experiment of that run; None for a version of before 0.2."""
