"""Which songs a model learns from and which it is judged by."""

import hashlib
import math
from typing import NamedTuple

import pandas as pd

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES, LABEL


class Split(NamedTuple):
    """The two parts, each in the order of the dataset."""

    train: pd.DataFrame
    test: pd.DataFrame


def split(features: pd.DataFrame, test_size: float, seed: int) -> Split:
    """Stratified split by content: within each class the songs with the smallest digests go to the test part.

    The same songs in another order give the same parts, and an added song moves few of the others. The
    test part holds ceil(test_size * n) songs, as scikit-learn's does, shared out by largest remainder.
    """
    ranks = pd.Series([_digest(row, seed) for row in features[list(FEATURES)].to_numpy()], index=features.index)
    test_index: list[int] = []
    for label, count in _test_counts(features[LABEL], test_size).items():
        in_class = ranks[features[LABEL] == label]
        test_index.extend(in_class.sort_values(kind="stable").index[:count])
    in_test = features.index.isin(test_index)
    return Split(train=features[~in_test], test=features[in_test])


def _digest(row: "pd.Series[float]", seed: int) -> bytes:
    return hashlib.blake2b(row.tobytes(), key=seed.to_bytes(8, "little"), digest_size=16).digest()


def _test_counts(labels: "pd.Series[int]", test_size: float) -> dict[int, int]:
    total = math.ceil(len(labels) * test_size)
    exact = {int(label): count * total / len(labels) for label, count in labels.value_counts().sort_index().items()}
    counts = {label: math.floor(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: exact[label] - counts[label], reverse=True)
    for label in by_remainder[: total - sum(counts.values())]:
        counts[label] += 1
    if any(not 0 < counts[label] < int((labels == label).sum()) for label in counts):
        raise InvalidDataset("There are too few songs of one class for a training and a test part: add some.")
    return counts
