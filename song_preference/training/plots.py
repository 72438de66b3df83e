"""How the model answers the songs of the test part, in pictures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_curve

from song_preference.evaluation import Importance
from song_preference.features import FEATURES
from song_preference.plotting import DARK, LIGHT, QUIET, SEQUENTIAL, drawing, unit_square
from song_preference.training.data import Probabilities, Songs
from song_preference.training.evaluate import CALIBRATION_BINS, Judged
from song_preference.training.importance import EXPLAINED_SONGS, SHUFFLE_SEED, SHUFFLES, Ask


def all_pictures(judged: Judged, importances: Sequence[Importance], songs: Songs, ask: Ask) -> dict[str, Figure]:
    """Every picture by its file name; `ask` gives the model's probabilities for (n, 4) features of `songs`' kind."""
    return {
        "confusion_matrix.png": confusion_matrix(judged),
        "roc.png": roc(judged),
        "precision_recall.png": precision_recall(judged),
        "calibration.png": calibration(judged),
        "permutation_importance.png": permutation_importance(importances),
        "partial_dependence.png": partial_dependence(songs.at_most(EXPLAINED_SONGS, SHUFFLE_SEED), ask),
    }


def confusion_matrix(judged: Judged) -> Figure:
    """Counts of what the listener says against what the model says, coloured by share of the row."""
    answers = judged.model >= judged.threshold
    counts = np.array([[np.sum((judged.labels == said) & (answers == answer)) for answer in (0, 1)] for said in (0, 1)])
    shares = counts / counts.sum(axis=1, keepdims=True)
    with drawing(f"Confusion matrix (threshold {judged.threshold:.2f})") as (figure, (axes,)):
        axes.imshow(shares, cmap=SEQUENTIAL, vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            share = shares[row, column]
            axes.text(
                column,
                row,
                f"{count}\n{share:.0%}",
                ha="center",
                va="center",
                color="white" if share > 0.5 else "black",
            )
        axes.set(xlabel="The model says", ylabel="The listener says")
        axes.set_xticks([0, 1], ["dislike", "like"])
        axes.set_yticks([0, 1], ["dislike", "like"])
        axes.grid(visible=False)
    return figure


def roc(judged: Judged) -> Figure:
    """Share of the likes found against share of the dislikes mistaken for likes."""
    with drawing("Receiver operating characteristic") as (figure, (axes,)):
        axes.plot([0, 1], [0, 1], color=QUIET, linestyle=":", linewidth=1.2)
        for probability, color, dashes, name in _series(judged):
            false_likes, found, _ = roc_curve(judged.labels, probability)
            axes.plot(
                false_likes, found, color=color, linestyle=dashes, label=f"{name}: area {auc(false_likes, found):.3f}"
            )
        unit_square(axes, "Dislikes called likes", "Likes found")
        axes.legend(loc="lower right")
    return figure


def precision_recall(judged: Judged) -> Figure:
    """How many of the songs called likes are, against how many of the likes are found."""
    with drawing("Precision and recall") as (figure, (axes,)):
        axes.axhline(judged.labels.mean(), color=QUIET, linestyle=":", linewidth=1.2)
        for probability, color, dashes, name in _series(judged):
            precision, recall, _ = precision_recall_curve(judged.labels, probability)
            area = average_precision_score(judged.labels, probability)
            axes.step(
                recall, precision, where="post", color=color, linestyle=dashes, label=f"{name}: average {area:.3f}"
            )
        unit_square(axes, "Recall: likes found", "Precision: likes among those found")
        axes.legend(loc="lower left")
    return figure


def calibration(judged: Judged) -> Figure:
    """How often songs are liked that the model gives some probability, and how many of them there are."""
    with drawing("Calibration") as (figure, (axes,)):
        axes.plot([0, 1], [0, 1], color=QUIET, linestyle=":", linewidth=1.2)
        edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
        shares = np.histogram(judged.model, edges)[0] / len(judged.model)
        axes.bar(
            edges[:-1], shares, 1 / CALIBRATION_BINS, align="edge", color="#d5dae1", edgecolor="white", label="Songs"
        )
        for probability, color, dashes, name in _series(judged):
            bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
            filled = [bins == index for index in range(CALIBRATION_BINS) if np.any(bins == index)]
            mean = [probability[members].mean() for members in filled]
            liked = [judged.labels[members].mean() for members in filled]
            axes.plot(mean, liked, color=color, linestyle=dashes, marker="o", markersize=4, label=name)
        unit_square(axes, "Probability given", "Share of the songs liked")
        axes.legend(loc="upper left")
    return figure


def permutation_importance(importances: Sequence[Importance]) -> Figure:
    """ROC AUC lost when one feature's values are dealt out anew among the songs; mean and spread."""
    ordered = sorted(importances, key=lambda found: found.mean)
    names, means, spreads = ([getattr(found, name) for found in ordered] for name in ("feature", "mean", "std"))
    with drawing("Permutation importance") as (figure, (axes,)):
        axes.barh(names, means, xerr=spreads, color=DARK, height=0.6, capsize=4, ecolor=LIGHT)
        axes.axvline(0, color=QUIET, linewidth=1)
        axes.set(xlabel=f"ROC AUC lost (mean and standard deviation of {SHUFFLES})")
        axes.grid(axis="y", visible=False)
    return figure


def partial_dependence(songs: Songs, ask: Ask) -> Figure:
    """Mean probability over the songs where one feature is set to each value; below, where the songs lie."""
    grid = np.linspace(0, 1, 41, dtype=np.float32)
    with drawing("Partial dependence", 2, 2) as (figure, panels):
        for index, (axes, feature) in enumerate(zip(panels, FEATURES, strict=True)):
            means = []
            for value in grid:
                changed = songs.features.copy()
                changed[:, index] = value
                means.append(ask(changed).mean())
            axes.plot(grid, means, color=DARK)
            rug = songs.features[:, index]
            axes.plot(rug, np.zeros(len(rug)), "|", color=QUIET, alpha=0.4, markersize=9, clip_on=False)
            axes.set(xlabel=feature, xlim=(-0.02, 1.02), ylim=(0, 1))
        for axes in panels[::2]:
            axes.set_ylabel("Mean probability of like")
    return figure


def _series(judged: Judged) -> list[tuple[Probabilities, str, str, str]]:
    return [(judged.baseline, LIGHT, "--", "logistic regression"), (judged.model, DARK, "-", "this model")]
