"""Fitting that comes to the same bits on every machine.

Sums are taken in another order by another CPU (BLAS kernels), and `exp` rounds its last bit differently with
fused multiply-add than without. Such a difference of 1e-16 matters in two places. A tree of gradient boosting
that finds two splits equally good takes another one, and from there on it is another model: we saw probabilities
differ by 0.24. So the gradients that its trees are fitted to are rounded. And weights differ in the digits behind
the fifteenth: they are rounded to six decimals, which changes no probability by more than about 1e-5.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn._loss.loss import HalfBinomialLoss
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from song_preference.training.data import Features, Probabilities, Songs

DECIMALS = 6
DECIMALS_OF_PROBABILITY = 9
MAX_LEAVES = 700
"""About the most leaves of a tree: the default, two forests of 100 trees, then has less than 5 MB as an ONNX file."""


def fit(estimator: Any, songs: Songs) -> Any:
    """Fit one of the candidates in double precision, and return it."""
    _fit(estimator, songs.features.astype(np.float64), songs.labels)
    return estimator


def probability_of(estimator: Any, features: Features) -> Probabilities:
    """Return the probability of "like" (n,) as the estimator has it, the same on every machine."""
    probability: Probabilities = estimator.predict_proba(features.astype(np.float64))[:, 1]
    return np.round(probability, DECIMALS_OF_PROBABILITY)


def _fit(estimator: Any, features: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
    match estimator:
        case Pipeline():
            scaler, classifier = (step for _, step in estimator.steps)
            _fit(scaler, features, labels)
            _fit(classifier, scaler.transform(features), labels)
        case VotingClassifier():
            for _, forest in estimator.estimators:
                _bound_leaves(forest, len(labels))
            estimator.fit(features, labels)
        case ExtraTreesClassifier() | RandomForestClassifier():
            _bound_leaves(estimator, len(labels))
            estimator.fit(features, labels)
        case GradientBoostingClassifier():
            _fit_boosting(estimator, features, labels)
        case KNeighborsClassifier():
            # Of very few songs all are neighbours.
            estimator.set_params(n_neighbors=min(estimator.n_neighbors, len(labels))).fit(features, labels)
        case MLPClassifier():
            with warnings.catch_warnings():
                # A fixed number of passes is what bounds the network.
                warnings.simplefilter("ignore", ConvergenceWarning)
                estimator.fit(features, labels)
            _round(*estimator.coefs_, *estimator.intercepts_)
        case _:
            estimator.fit(features, labels)
            if isinstance(estimator, StandardScaler):
                _round(estimator.mean_, estimator.scale_, estimator.var_)
            elif isinstance(estimator, LogisticRegression):
                _round(estimator.coef_, estimator.intercept_)


def _bound_leaves(forest: ExtraTreesClassifier | RandomForestClassifier, songs: int) -> None:
    forest.set_params(min_samples_leaf=max(forest.min_samples_leaf, songs // MAX_LEAVES))


def _round(*weights: NDArray[np.float64]) -> None:
    for array in weights:
        np.round(array, DECIMALS, out=array)


class _RoundedGradients(HalfBinomialLoss):  # type: ignore[misc]
    def gradient(self, *args: Any, **kwargs: Any) -> Any:
        return np.round(super().gradient(*args, **kwargs), DECIMALS)


def _fit_boosting(
    estimator: GradientBoostingClassifier, features: NDArray[np.float64], labels: NDArray[np.int64]
) -> None:
    # Private API (`sklearn._loss`, `_get_loss`, `_loss`): scikit-learn has no public way to pass a loss. Afterwards it
    # is an estimator like any other. tests/unit/training/test_fit.py says what an upgrade has taken away.
    estimator._get_loss = lambda sample_weight: _RoundedGradients(sample_weight=sample_weight)
    try:
        estimator.fit(features, labels)
    finally:
        del estimator._get_loss
    estimator._loss = HalfBinomialLoss()
    for tree in estimator.estimators_.flat:
        _round(tree.tree_.value)
