"""How much the model relies on each feature."""

from collections.abc import Callable

import numpy as np

from song_preference.evaluation import Importance
from song_preference.features import FEATURES
from song_preference.training.data import Features, Probabilities, Songs
from song_preference.training.evaluate import roc_auc

Ask = Callable[[Features], Probabilities]
"""The model's probabilities (n,) for (n, 4) features."""

SHUFFLES = 30
SHUFFLE_SEED = 0
EXPLAINED_SONGS = 500
"""As many songs stand for all where each of them is asked hundreds of times."""


def permutation_importances(songs: Songs, ask: Ask) -> tuple[Importance, ...]:
    """ROC AUC lost when one feature's values are dealt out anew among the songs; mean and spread by feature."""
    random = np.random.default_rng(SHUFFLE_SEED)
    explained = songs.at_most(EXPLAINED_SONGS, SHUFFLE_SEED)
    best = roc_auc(explained.labels, ask(explained.features))
    losses = np.empty((len(FEATURES), SHUFFLES))
    for (feature, shuffle), _ in np.ndenumerate(losses):
        dealt = explained.features.copy()
        dealt[:, feature] = random.permutation(dealt[:, feature])
        losses[feature, shuffle] = best - roc_auc(explained.labels, ask(dealt))
    return tuple(
        Importance(feature=feature, mean=float(lost.mean()), std=float(lost.std()))
        for feature, lost in zip(FEATURES, losses, strict=True)
    )
