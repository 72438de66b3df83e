"""A dataset version in numbers: how each feature is spread among the liked and the disliked songs."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from song_preference.dataset.spread import Histogram, Spread
from song_preference.dataset.store import DatasetStore
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE

BINS = 20
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def statistics(store: DatasetStore, version: str) -> list[Spread]:
    """Of every feature and label of a published version; raises `DatasetNotFound` and `StorageUnavailable`."""
    return list(_spreads(store.part(version, "features")))


def _spreads(songs: pd.DataFrame) -> Iterator[Spread]:
    edges = np.linspace(0, 1, BINS + 1)
    for feature in FEATURES:
        for label, value in ((LIKE, 1), (DISLIKE, 0)):
            values = songs.loc[songs[LABEL] == value, feature].to_numpy(np.float64)
            counts, _ = np.histogram(values, edges)
            found = np.quantile(values, QUANTILES).tolist()
            yield Spread(
                feature=feature,
                label=label,
                songs=len(values),
                mean=float(values.mean()),
                std=float(values.std(ddof=1)),
                quantiles={f"{share:g}": value for share, value in zip(QUANTILES, found, strict=True)},
                histogram=Histogram(edges=edges.tolist(), counts=counts.tolist()),
            )
