"""Compare recipes of a model on a playlist by nested cross-validation: `python -m benchmarks.recipes PLAYLIST.csv`.

Each is fitted on four fifths of the songs, calibrated there as a training does it, and asked about the last fifth, for
each fold of three repeats. Prints means, and the differences to the default with their corrected standard errors. Then
the whole search is run on the training tables of five seeds, beside what was chosen before, as it was served.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from song_preference.dataset.prepare import prepare
from song_preference.dataset.split import split
from song_preference.training.candidates import CANDIDATES, DEFAULT
from song_preference.training.choose import choose
from song_preference.training.cross_validation import calibrate, corrected_error, folds, out_of_fold
from song_preference.training.data import Songs
from song_preference.training.fit import fit, probability_of
from song_preference.training.logistic import losses
from song_preference.training.search import search

SEED, SEEDS = 7, range(5)
TRIALS, TEST_SIZE = 25, 0.3
MAX_BYTES = 10**9
BEFORE = "extra trees, leaf 2"
RECIPES = {
    **{name: (name, candidate.default) for name, candidate in CANDIDATES.items()},
    # What the search by one cross-validation and ROC AUC alone chose before.
    BEFORE: ("extra_trees", {"extra_trees_min_samples_leaf": 2, "extra_trees_max_features": 1}),
}


def main(playlist: Path) -> None:
    """Print both comparisons."""
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        features = prepare(playlist, directory, max_bytes=MAX_BYTES).features
        songs = Songs.of(pd.read_parquet(features))
        compare_recipes(songs)
        print_seeds(features, directory)


def compare_recipes(songs: Songs) -> None:
    """Print a line for each recipe."""
    scores = {name: measured(songs, name) for name in RECIPES}
    print(f"{'':22}{'ROC AUC':>8}{'Brier':>8}{'log loss':>9}   default minus it, with standard errors")
    for name, by_fold in scores.items():
        means = by_fold.mean(axis=1)
        leads = scores[DEFAULT] - by_fold
        differences = (f"{lead.mean():+.4f} ({corrected_error(lead):.4f})" for lead in leads)
        print(f"{name:22}{means[0]:8.4f}{means[1]:8.4f}{means[2]:9.4f}   {'  '.join(differences)}", flush=True)


def print_seeds(features: Path, directory: Path) -> None:
    """Print ROC AUC and Brier score of the twin that is chosen for each seed, of what was chosen before, and means."""
    found, tables = [], (directory / "train", directory / "test")
    for seed in SEEDS:
        split(features, *tables, test_size=TEST_SIZE, seed=seed)
        train, test = (Songs.of(pd.read_parquet(table)) for table in tables)
        choice = choose(search(train, TRIALS, seed), train, test, seed)
        candidate, parameters = RECIPES[BEFORE]
        before = fit(CANDIDATES[candidate].estimator(seed, parameters), train)
        scores = [
            score
            for probability in (choice.twin.predict(test.features), probability_of(before, test.features))
            for score in (roc_auc_score(test.labels, probability), losses(test.labels, probability)[0].mean())
        ]
        found.append(scores)
        print(f"seed {seed}  {choice.trial.candidate:20}", *(f"{score:8.4f}" for score in scores), flush=True)
    print(f"{'mean':28}", *(f"{score:8.4f}" for score in np.mean(found, axis=0)))


def measured(songs: Songs, name: str) -> NDArray[np.float64]:
    """Return ROC AUC, Brier score and log loss of a recipe by fold (3, k)."""
    candidate, parameters = RECIPES[name]
    estimator = CANDIDATES[candidate].estimator(SEED, parameters)
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
