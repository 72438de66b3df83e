"""A dataset version in pictures."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.feature_selection import mutual_info_classif

from song_preference.features import FEATURES, LABEL
from song_preference.plotting import DARK, DISLIKES, LIKES, SEQUENTIAL, drawing

BINS = 25
SONGS_FOR_INFORMATION = 5_000
"""Mutual information compares neighbours; more of them change its second decimal no more."""


def all_pictures(features: pd.DataFrame) -> dict[str, Figure]:
    """Every picture of the features and the label of the songs kept, by its file name."""
    return {
        "distributions.png": distributions(features),
        "correlation.png": correlation(features),
        "mutual_information.png": mutual_information(features),
    }


def distributions(features: pd.DataFrame) -> Figure:
    """How each feature is spread among the liked and the disliked songs."""
    liked = features[LABEL] == 1
    edges = np.linspace(0, 1, BINS + 1)
    with drawing("Features of the songs", 2, 2) as (figure, panels):
        for axes, feature in zip(panels, FEATURES, strict=True):
            likes, dislikes = features.loc[liked, feature], features.loc[~liked, feature]
            axes.hist(
                likes, edges, density=True, color=LIKES, alpha=0.55, histtype="stepfilled",
                label=f"{len(likes):,} likes",
            )  # fmt: skip
            axes.hist(
                dislikes, edges, density=True, color=DISLIKES, histtype="step", linewidth=2,
                label=f"{len(dislikes):,} dislikes",
            )  # fmt: skip
            axes.set(xlabel=feature, xlim=(0, 1))
        for axes in panels[::2]:
            axes.set_ylabel("Density")
        panels[0].legend()
    return figure


def correlation(features: pd.DataFrame) -> Figure:
    """Pearson's correlation of the features and the label."""
    names = [*FEATURES, LABEL]
    values = features[names].corr().to_numpy()
    with drawing("Correlation") as (figure, (axes,)):
        # Shaded by strength, since a sign is told in grey by its number only.
        axes.imshow(np.abs(values), cmap=SEQUENTIAL, vmin=0, vmax=1)
        for (row, column), value in np.ndenumerate(values):
            color = "white" if abs(value) > 0.6 else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=color)
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.grid(visible=False)
    return figure


def mutual_information(features: pd.DataFrame) -> Figure:
    """What each feature by itself tells about the label, in nats; a Kraskov estimate as scikit-learn computes it."""
    songs = features.sample(min(len(features), SONGS_FOR_INFORMATION), random_state=0)
    information = mutual_info_classif(songs[list(FEATURES)], songs[LABEL].astype(int), random_state=0)
    order = np.argsort(information)
    with drawing("Mutual information with the label") as (figure, (axes,)):
        axes.barh([FEATURES[index] for index in order], information[order], color=DARK, height=0.6)
        axes.set(xlabel="nats", xlim=(0, None))
        axes.grid(axis="y", visible=False)
    return figure
