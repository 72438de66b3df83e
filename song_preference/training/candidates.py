"""The estimators that compete; each takes (n, 4) float32 and converts exactly to ONNX."""

from collections.abc import Callable
from typing import Any

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CANDIDATES: dict[str, Callable[[int], Any]] = {
    "logistic_regression": lambda seed: make_pipeline(StandardScaler(), LogisticRegression(random_state=seed)),
    "random_forest": lambda seed: RandomForestClassifier(n_estimators=200, min_samples_leaf=3, random_state=seed),
}
"""Name and factory, by seed."""

SKOPS_TRUSTED_TYPES = ["sklearn.tree._tree.Tree"]
"""What skops must be told to trust beyond its own defaults to load the estimators above."""
