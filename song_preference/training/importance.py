"""How much the model relies on each feature."""

from collections.abc import Callable

import numpy as np
from sklearn.metrics import roc_auc_score

from song_preference.evaluation import Importance
from song_preference.features import FEATURES
from song_preference.training.data import Features, Probabilities, Songs

Predict = Callable[[Features], Probabilities]
"""The model's probabilities (n,) for (n, 4) features."""

SHUFFLES = 30
SHUFFLE_SEED = 0
EXPLAINED_SONGS = 500
"""Songs that stand for all where each of them is predicted hundreds of times."""


def permutation_importances(songs: Songs, predict: Predict) -> tuple[Importance, ...]:
    """Return by feature the mean and spread of the ROC AUC lost when its values are shuffled among the songs."""
    random = np.random.default_rng(SHUFFLE_SEED)
    explained = songs.at_most(EXPLAINED_SONGS, SHUFFLE_SEED)
    best = roc_auc_score(explained.labels, predict(explained.features))
    losses = np.empty((len(FEATURES), SHUFFLES))
    for (feature, shuffle), _ in np.ndenumerate(losses):
        shuffled = explained.features.copy()
        shuffled[:, feature] = random.permutation(shuffled[:, feature])
        losses[feature, shuffle] = best - roc_auc_score(explained.labels, predict(shuffled))
    return tuple(
        Importance(feature=feature, mean=float(lost.mean()), std=float(lost.std()))
        for feature, lost in zip(FEATURES, losses, strict=True)
    )
