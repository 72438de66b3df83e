"""Simulate what is said of short playlists: `python -m benchmarks.short_lists [PLAYLISTS]`.

Each playlist of 20 or 40 made-up songs goes through search, training and the evaluation on songs left out of training.
Printed are how often the 95 % interval of the ROC AUC holds that of the served model on 5,000 more songs, and how
often labels by chance alone make a first champion. All cores are used.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from scipy.special import expit

from song_preference.dataset.split import choose_test, song_digests
from song_preference.training.choose import REPEAT_COLUMNS, choose, own_songs
from song_preference.training.data import Songs
from song_preference.training.evaluate import evaluate_left_out, roc_auc
from song_preference.training.search import search

SIZES = (20, 40)
MORE_SONGS = 5_000
STEEPNESS = {"taste": 6.0, "chance": 0.0}
"""How much the label depends on the features: the best ROC AUC is then about 0.88, or 0.5."""

TRIALS = 7
"""The default of each candidate: what more trials add is decided by the same rule."""

TEST_SIZE, SEED = 0.3, 42
LEAST = 8


def draw(random: np.random.Generator, songs: int, steepness: float) -> Songs:
    """Draw songs of a listener who likes what can be danced to, unless it is spoken, or quiet and energetic."""
    features = random.beta([1, 2.5, 3, 1], [8, 2, 2, 2], (songs, 4)).astype(np.float32)
    speechiness, energy, danceability, acousticness = features.T
    taste = danceability - 0.52 - speechiness + 0.8 * (energy - 0.55) * (0.35 - acousticness)
    return Songs(features, (random.random(songs) < expit(steepness * 2 * taste)).astype(np.int64))


def train(songs: int, steepness: float, number: int) -> tuple[float, float, float]:
    """Train on one playlist as the platform does; return the model's ROC AUC, and the interval of its evaluation."""
    random = np.random.default_rng([SEED, number])
    playlist = draw(random, songs, steepness)
    # Cross-validation needs five songs of each class in the training table.
    while min(playlist.labels.sum(), (1 - playlist.labels).sum()) < LEAST:
        playlist = draw(random, songs, steepness)
    in_test = choose_test(playlist.labels == 1, song_digests(playlist.features), TEST_SIZE)
    known, test = playlist.take(~in_test), playlist.take(in_test)
    choice = choose(search(known, TRIALS, SEED), known, test, SEED)
    table = own_songs(choice, known, test, SEED)
    left_out = table[list(REPEAT_COLUMNS)].to_numpy().T
    found = evaluate_left_out(Songs.of(table), left_out, choice.threshold, SEED).metrics["test_roc_auc"]
    more = draw(random, MORE_SONGS, steepness)
    # No model knows labels by chance better than another one.
    true = roc_auc(more.labels, choice.model.predict(more.features)) if steepness else 0.5
    return true, found.low, found.high


def main(playlists: int) -> None:
    """Print a line for each size and kind of labels."""
    print("songs  labels  playlists  true ROC AUC  covered  first champion")
    for songs in SIZES:
        for labels, steepness in STEEPNESS.items():
            with ProcessPoolExecutor() as processes:
                found = np.array([*processes.map(partial(train, songs, steepness), range(playlists))])
            true, low, high = found.T
            covered, promoted = np.mean((low <= true) & (true <= high)), np.mean(low > 0.5)
            rates = f"{true.mean():12.3f}  {covered:7.3f}  {promoted:14.3f}"
            print(f"{songs:5}  {labels:6}  {playlists:9}  {rates}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
