"""Which songs a model learns from and which it is judged by."""

import hashlib
import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from song_preference.errors import Finding, InvalidDataset
from song_preference.features import FEATURES, LABEL


class Split(NamedTuple):
    """The two parts, each in the order of the dataset."""

    train: pd.DataFrame
    test: pd.DataFrame


def split(features: pd.DataFrame, test_size: float, seed: int) -> Split:
    """Stratified split by content: within each class the songs with the smallest digests go to the test part.

    The same songs in another order give the same parts, and an added song moves few of the others. Songs that
    are liked and disliked at once all stay in the training part, so that no model is judged by a song it knows.
    The test part holds ceil(test_size * n) songs, as scikit-learn's does, shared out by largest remainder.
    """
    labels = features[LABEL].to_numpy()
    digests = np.array([_digest(row, seed) for row in features[list(FEATURES)].to_numpy()])
    contradicting = np.isin(digests, np.intersect1d(digests[labels == 0], digests[labels == 1]))
    in_test = np.zeros(len(labels), dtype=bool)
    for label, count in _test_counts(labels, test_size).items():
        eligible = np.flatnonzero((labels == label) & ~contradicting)
        in_test[eligible[np.argsort(digests[eligible], kind="stable")[:count]]] = True
    return Split(train=features[~in_test], test=features[in_test])


def _digest(row: NDArray[np.float32], seed: int) -> int:
    key = seed.to_bytes(8, "little")
    return int.from_bytes(hashlib.blake2b(row.tobytes(), key=key, digest_size=8).digest(), "little")


def _test_counts(labels: NDArray[np.float32], test_size: float) -> dict[int, int]:
    total = math.ceil(len(labels) * test_size)
    sizes = {int(label): int(size) for label, size in zip(*np.unique(labels, return_counts=True), strict=True)}
    exact = {label: size * total / len(labels) for label, size in sizes.items()}
    counts = {label: math.floor(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: exact[label] - counts[label], reverse=True)
    for label in by_remainder[: total - sum(counts.values())]:
        counts[label] += 1
    if any(not 0 < counts[label] < sizes[label] for label in sizes):
        raise InvalidDataset(Finding(LABEL, "has too few songs of one class for a training and a test part", 1))
    return counts
