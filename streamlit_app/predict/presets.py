"""Songs of the playlist to start from."""

import numpy as np
import pandas as pd

from song_preference.features import FEATURES, LABEL, Song

Presets = dict[str, Song]
"""By name: the extreme of each feature among the liked songs, and a typical song of each label."""


def presets(songs: pd.DataFrame) -> Presets:
    """Of the songs (n, 4) with their label; both labels must occur."""
    liked, disliked = songs[songs[LABEL] == 1], songs[songs[LABEL] == 0]
    extremes = {feature: _song(liked, int(liked[feature].argmax())) for feature in FEATURES}
    return {
        **extremes,
        "liked": _song(liked, _most_typical(liked)),
        "disliked": _song(disliked, _most_typical(disliked)),
    }


def _most_typical(songs: pd.DataFrame) -> int:
    """Where the song nearest to the median of every feature stands."""
    values = songs[list(FEATURES)].to_numpy()
    return int(np.abs(values - np.median(values, axis=0)).sum(axis=1).argmin())


def _song(songs: pd.DataFrame, position: int) -> Song:
    row = songs.iloc[position]
    return Song(**{feature: float(row[feature]) for feature in FEATURES})
