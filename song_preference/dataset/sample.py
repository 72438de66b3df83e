"""The bundled sample: 750 synthetic songs, for a first run without any playlist.

Each class is drawn from a Gaussian copula: a normal vector with the measured rank correlations, passed
through the measured quantiles of every column. Only these statistics of a real playlist are shipped,
never one of its rows.
"""

import json
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from song_preference.features import LABEL

SEED = 20261123
ROWS = 750
QUANTILES = np.linspace(0.02, 0.98, 25)
"""The outermost values of the playlist are left out: they would be values of single songs."""

WHOLE_NUMBERS = ["duration", "key", "mode", "time_signature"]
STATISTICS = "sample_statistics.json"


def draw(statistics: dict[str, Any], rows: int = ROWS, seed: int = SEED) -> pd.DataFrame:
    """Return synthetic songs in random order, the same for the same statistics and seed."""
    random = np.random.default_rng(seed)
    parts = []
    for label, of_class in statistics["classes"].items():
        count = round(rows * of_class["share"])
        normal = random.standard_normal((count, len(statistics["columns"]))) @ _root(of_class["correlation"]).T
        values = {
            name: np.interp(ndtr(normal[:, index]), QUANTILES, of_class["quantiles"][name])
            for index, name in enumerate(statistics["columns"])
        }
        parts.append(pd.DataFrame(values).assign(**{LABEL: int(label)}))
    songs = pd.concat(parts, ignore_index=True).round(6)
    songs[WHOLE_NUMBERS] = songs[WHOLE_NUMBERS].round().astype("int64")
    return songs.iloc[random.permutation(len(songs))].reset_index(drop=True)


def _root(correlation: list[list[float]]) -> NDArray[np.float64]:
    """Return a matrix R with R @ R.T near the correlation; rounding may have cost it its definiteness."""
    values, vectors = np.linalg.eigh(np.array(correlation))
    return np.asarray(vectors * np.sqrt(np.clip(values, 0, None)))


def statistics() -> dict[str, Any]:
    """Return the statistics that are shipped."""
    measured: dict[str, Any] = json.loads(files("song_preference.dataset").joinpath(STATISTICS).read_text())
    return measured


def bundled() -> pd.DataFrame:
    """Return the sample's songs."""
    return draw(statistics())


def csv() -> bytes:
    """Return the sample as the CSV that a listener would upload."""
    return bundled().to_csv(index=False, lineterminator="\n").encode()
