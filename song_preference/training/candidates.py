"""The estimators that compete; each takes (n, 4) features and converts exactly to ONNX.

Every number to be chosen is an integer, or a power of two of one. So no rounding of the search's own arithmetic
reaches an estimator, and the same choice is recognised when it comes again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from optuna.trial import BaseTrial, FixedTrial
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Chosen = dict[str, int]

TREES = 100
"""Trees of a forest: 300 lower the log loss of test songs by .0005 only (the default, mean of five splits)."""


class Candidate(NamedTuple):
    """A family of estimators: how one is made of a trial's choices and a seed, and where its search begins."""

    make: Callable[[BaseTrial, int], Any]
    default: Chosen

    def estimator(self, seed: int, chosen: Chosen | None = None) -> Any:
        """Return the estimator of these choices, or of the default ones, not fitted."""
        return self.make(FixedTrial(self.default if chosen is None else chosen), seed)


def _logistic_regression(trial: BaseTrial, seed: int) -> Any:
    strength = 2.0 ** trial.suggest_int("logistic_regression_log2_c", -8, 6)
    # Newton steps end at the same weights whatever the order of a sum.
    regression = LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-8, random_state=seed)
    return make_pipeline(StandardScaler(), regression)


def _forests(name: str, *kinds: type[RandomForestClassifier] | type[ExtraTreesClassifier]) -> Candidate:
    """Return a forest, or the mean of several with the same parameters."""

    def make(trial: BaseTrial, seed: int) -> Any:
        chosen = {
            "min_samples_leaf": trial.suggest_int(f"{name}_min_samples_leaf", 2, 20),
            "max_features": trial.suggest_int(f"{name}_max_features", 1, 4),
        }
        forests = {kind.__name__: kind(n_estimators=TREES, random_state=seed, **chosen) for kind in kinds}
        return VotingClassifier([*forests.items()], voting="soft") if len(forests) > 1 else forests[kinds[0].__name__]

    return Candidate(make, {f"{name}_min_samples_leaf": 3, f"{name}_max_features": 2})


def _gradient_boosting(trial: BaseTrial, seed: int) -> Any:
    return GradientBoostingClassifier(
        n_estimators=trial.suggest_int("gradient_boosting_n_estimators", 20, 120, step=20),
        learning_rate=2.0 ** trial.suggest_int("gradient_boosting_log2_learning_rate", -6, -3),
        max_depth=trial.suggest_int("gradient_boosting_max_depth", 1, 4),
        min_samples_leaf=10,
        random_state=seed,
    )


def _k_nearest_neighbors(trial: BaseTrial, seed: int) -> Any:  # noqa: ARG001 - there is no chance in it
    # Uniform weights: by distance, skl2onnx converts wrongly. A tree of songs: no matrix product that CPUs round
    # differently.
    neighbors = trial.suggest_int("k_nearest_neighbors_neighbors", 5, 61, step=4)
    return make_pipeline(StandardScaler(), KNeighborsClassifier(neighbors, algorithm="kd_tree"))


def _neural_network(trial: BaseTrial, seed: int) -> Any:
    network = MLPClassifier(
        (trial.suggest_int("neural_network_units", 8, 32, step=8),),
        alpha=2.0 ** trial.suggest_int("neural_network_log2_alpha", -10, 1),
        learning_rate_init=0.01,
        max_iter=80,
        random_state=seed,
    )
    return make_pipeline(StandardScaler(), network)


DEFAULT = "averaged_forests"
CANDIDATES = {
    DEFAULT: _forests(DEFAULT, ExtraTreesClassifier, RandomForestClassifier),
    "logistic_regression": Candidate(_logistic_regression, {"logistic_regression_log2_c": 0}),
    "extra_trees": _forests("extra_trees", ExtraTreesClassifier),
    "random_forest": _forests("random_forest", RandomForestClassifier),
    "gradient_boosting": Candidate(
        _gradient_boosting,
        {
            "gradient_boosting_n_estimators": 60,
            "gradient_boosting_log2_learning_rate": -4,
            "gradient_boosting_max_depth": 2,
        },
    ),
    "k_nearest_neighbors": Candidate(_k_nearest_neighbors, {"k_nearest_neighbors_neighbors": 25}),
    "neural_network": Candidate(_neural_network, {"neural_network_units": 16, "neural_network_log2_alpha": -7}),
}
"""Candidates by name, in the order in which the first trials try their defaults; `DEFAULT` is to be beaten."""

SKOPS_TRUSTED_TYPES = [
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
]
"""Types that skops must trust, beyond its own defaults, to load the estimators above."""
