"""Compare recipes of a model on a playlist by nested cross-validation: `python -m benchmarks.recipes PLAYLIST.csv`.

Each is fitted on four fifths of the songs, calibrated there as a training does it, and asked about the last fifth, for
each fold of three repeats. Prints means, and the differences to the default with their corrected standard errors.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from optuna.trial import FixedTrial
from sklearn.metrics import roc_auc_score

from song_preference.dataset.prepare import prepare
from song_preference.training.candidates import CANDIDATES, DEFAULT
from song_preference.training.cross_validation import calibrate, corrected_error, folds, out_of_fold
from song_preference.training.data import Songs
from song_preference.training.fit import fit, probability_of
from song_preference.training.logistic import losses

SEED = 7
MAX_BYTES = 10**9
RECIPES = {
    **{name: (name, candidate.default) for name, candidate in CANDIDATES.items()},
    # What the search by one cross-validation and ROC AUC alone chose before.
    "extra trees, leaf 2": ("extra_trees", {"extra_trees_min_samples_leaf": 2, "extra_trees_max_features": 1}),
}


def main(playlist: Path) -> None:
    """Print a line for each recipe."""
    with TemporaryDirectory() as directory:
        songs = Songs.of(pd.read_parquet(prepare(playlist, Path(directory), max_bytes=MAX_BYTES).features))
    scores = {name: measured(songs, name) for name in RECIPES}
    print(f"{'':22}{'ROC AUC':>8}{'Brier':>8}{'log loss':>9}   default minus it, with standard errors")
    for name, by_fold in scores.items():
        means = by_fold.mean(axis=1)
        leads = scores[DEFAULT] - by_fold
        differences = (f"{lead.mean():+.4f} ({corrected_error(lead):.4f})" for lead in leads)
        print(f"{name:22}{means[0]:8.4f}{means[1]:8.4f}{means[2]:9.4f}   {'  '.join(differences)}", flush=True)


def measured(songs: Songs, name: str) -> NDArray[np.float64]:
    """Return ROC AUC, Brier score and log loss of a recipe by fold (3, k)."""
    candidate, parameters = RECIPES[name]
    estimator = CANDIDATES[candidate].make(FixedTrial(parameters), SEED)
    scores = []
    for trained_on, left_out in folds(songs, SEED):
        train, labels = songs.take(trained_on), songs.labels[left_out]
        line, _ = calibrate(train, out_of_fold(estimator, train, SEED), SEED)
        probability = probability_of(fit(estimator, train), songs.features[left_out])
        if line:
            probability = line.of(probability)
        scores.append([roc_auc_score(labels, probability), *losses(labels, probability).mean(axis=1)])
    return np.transpose(scores)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
