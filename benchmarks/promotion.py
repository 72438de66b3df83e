"""Simulate how often a candidate becomes champion: `python -m benchmarks.promotion`.

Scores of the models are normal in each class and correlated by 0.9; the champion's true ROC AUC is 0.89. "Today" is the
rule of before: the bootstrap on one test table, against the champion alone. Takes some minutes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from song_preference.training.compare import MAX_SHARE_WORSE, Comparison, compare
from song_preference.training.data import Predict, Songs

ROC_AUC, CORRELATION = 0.89, 0.9
CLASSES = {20: (10, 10), 60: (36, 24), 221: (133, 88)}
"""Likes and dislikes by the number of test songs: ten of each, and as in the playlist of `DATASET_SOURCE`."""

DIFFERENCES = (0.02, 0.0, -0.01, -0.02, -0.03)
REPETITIONS = 2000
SEED = 0


class Models(NamedTuple):
    """The scores (k, n) of k models on the songs of some test tables."""

    tables: list[Songs]
    scores: NDArray[np.float64]

    def compare(self, own: int, other: int, tables: int | None = None) -> Comparison:
        """Compare two of the models on the first tables, or on all."""
        return compare(self.tables[:tables], self._predict(own), self._predict(other))

    def _predict(self, model: int) -> Predict:
        """Return the model; it knows each song by its number, the first feature."""
        scores = self.scores[model]
        return lambda features: np.asarray(scores[features[:, 0].astype(int)])


def draw(random: np.random.Generator, differences: Sequence[float], songs: int, tables: int = 1) -> Models:
    """Draw test tables of so many songs each, and the scores of models whose true ROC AUC differs so from 0.89."""
    likes, dislikes = CLASSES[songs]
    labels = np.tile(np.repeat([1, 0], [likes, dislikes]), tables)
    shifts = np.sqrt(2) * ndtri(ROC_AUC + np.array(differences))[:, np.newaxis]
    shared, own = random.normal(size=len(labels)), random.normal(size=(len(differences), len(labels)))
    scores = np.sqrt(CORRELATION) * shared + np.sqrt(1 - CORRELATION) * own + shifts * labels
    features = np.repeat(np.arange(len(labels), dtype=np.float32)[:, np.newaxis], 4, axis=1)
    all_songs = Songs(features, labels)
    return Models([all_songs.take(part) for part in np.split(np.arange(len(labels)), tables)], scores)


def step(models: Models, candidate: int, champion: int, best: int) -> tuple[int, int]:
    """Return champion and best champion once the rule has decided about a candidate."""
    found = models.compare(candidate, champion)
    last = found if best == champion else models.compare(candidate, best)
    if not (found.is_not_inferior and last.is_not_inferior):
        return champion, best
    return candidate, candidate if last.roc_auc >= last.other_roc_auc else best


def step_today(models: Models, candidate: int, champion: int) -> int:
    """Return the champion once the rule of before has decided about a candidate."""
    return candidate if models.compare(candidate, champion, tables=1).share_worse <= MAX_SHARE_WORSE else champion


def champions(models: Models) -> tuple[list[int], list[int]]:
    """Return the first model, and the champion after each other one is tried in turn: today, and by the rule."""
    today, rule, best = [0], [0], 0
    for candidate in range(1, len(models.scores)):
        champion, best = step(models, candidate, rule[-1], best)
        rule.append(champion)
        today.append(step_today(models, candidate, today[-1]))
    return today, rule


def shares(songs: int, differences: Sequence[float], tables: int = 1, *, every: bool = False) -> tuple[float, float]:
    """Return how often the last model, or every one, becomes champion in its turn: today, and by the rule."""
    random, order = np.random.default_rng(SEED), [*range(len(differences))]
    wins = np.zeros(2)
    for _ in range(REPETITIONS):
        tried = champions(draw(random, differences, songs, tables))
        wins += [found == order if every else found[-1] == order[-1] for found in tried]
    today, rule = wins / REPETITIONS
    return float(today), float(rule)


def main() -> None:
    """Print the tables."""
    print(f"{'':40}" + "".join(f"{difference:>+14.2f} " for difference in DIFFERENCES))
    for title, earlier, tables in (
        ("one table of", 0, 1),
        ("two tables, each of", 0, 2),
        ("after 3 equal candidates, of", 3, 1),
    ):
        for songs in CLASSES:
            line = f"{title} {songs} songs"
            cells = (shares(songs, [0.0] * (1 + earlier) + [difference], tables) for difference in DIFFERENCES)
            print(f"{line:40}" + "".join(f"{today:>8.2f} {rule:.2f}  " for today, rule in cells), flush=True)
    for songs in CLASSES:
        today, rule = shares(songs, [-0.01 * number for number in range(6)], every=True)
        print(f"five steps of -0.01, {songs} songs: {today:.3f} {rule:.3f}", flush=True)


if __name__ == "__main__":
    main()
