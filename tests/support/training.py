"""A listener whose taste is known, a model of it, and datasets in memory."""

import numpy as np
import pandas as pd
from scipy.special import expit

from song_preference.dataset.store import DatasetStore, PreparedTable
from song_preference.errors import DatasetNotFound
from song_preference.features import FEATURES
from song_preference.training.data import Features, Labels, Probabilities, Songs
from tests.support.datasets import MemoryObjects


def listener(rows: int, seed: int) -> Songs:
    """Someone who likes what can be danced to, more or less."""
    random = np.random.default_rng(seed)
    features = random.random((rows, 4), dtype=np.float32)
    liked = features[:, 2] + 0.3 * features[:, 3] + random.normal(0, 0.25, rows) > 0.6
    return Songs(features, liked.astype(np.int64))


def likes_to_dance(features: Features) -> Probabilities:
    """The probability of a model that looks at danceability alone."""
    return features[:, 2].astype(np.float64)


def answers(songs: int, seed: int) -> tuple[Labels, Probabilities, Probabilities]:
    """Return labels, the probabilities that they were drawn by, and those of a model that knows less."""
    random = np.random.default_rng(seed)
    logits = random.normal(0.55, 2.2, songs)
    labels = (random.random(songs) < expit(logits)).astype(np.int64)
    return labels, expit(logits), expit(0.7 * logits + random.normal(0, 0.9, songs))


class MemoryDatasets(DatasetStore):
    """Datasets by version, each a training and a test table."""

    def __init__(self, **versions: tuple[Songs, Songs]) -> None:
        super().__init__(MemoryObjects())
        self.versions = versions

    def table(self, version: str, table: PreparedTable, at_most: int | None = None) -> pd.DataFrame:  # noqa: ARG002
        if version not in self.versions:
            raise DatasetNotFound(version)
        train, test = self.versions[version]
        songs = {"train": train, "test": test}[table]
        return pd.DataFrame(songs.features, columns=list(FEATURES)).assign(label=songs.labels)
