"""A model's evaluation in plots, for MLflow's page of its training run."""

import numpy as np
from matplotlib.figure import Figure

from song_preference.evaluation import CALIBRATION_BINS, Curves, Evaluation
from song_preference.features import FEATURES
from song_preference.plotting import DARK, LIGHT, QUIET, drawing, heat_map, unit_square
from song_preference.training.data import Predict, Songs
from song_preference.training.evaluate import EXPLAINED_SONGS, SHUFFLE_SEED, SHUFFLES


def all_plots(evaluation: Evaluation, songs: Songs, predict: Predict) -> dict[str, Figure]:
    """Return every plot by its file name; `predict` gives the model's probabilities for features like `songs`'."""
    plots = {
        "confusion_matrix.png": confusion_matrix(evaluation),
        "roc.png": roc(evaluation),
        "precision_recall.png": precision_recall(evaluation),
        "calibration.png": calibration(evaluation),
        "partial_dependence.png": partial_dependence(songs.at_most(EXPLAINED_SONGS, SHUFFLE_SEED), predict),
    }
    if evaluation.importances:
        plots["permutation_importance.png"] = permutation_importance(evaluation)
    return plots


def confusion_matrix(evaluation: Evaluation) -> Figure:
    """Draw counts by the listener's and the model's label, coloured by share of the row."""
    counted = evaluation.confusion(evaluation.threshold)
    counts = np.array(
        [[counted.true_negatives, counted.false_positives], [counted.false_negatives, counted.true_positives]]
    )
    shares = counts / counts.sum(axis=1, keepdims=True)
    with drawing(f"Confusion matrix (threshold {evaluation.threshold:.2f})") as (figure, (axes,)):
        rows = zip(counts, shares, strict=True)
        heat_map(axes, shares, [[f"{count}\n{share:.0%}" for count, share in zip(*row, strict=True)] for row in rows])
        axes.set(xlabel="The model says", ylabel="The listener says")
        axes.set_xticks([0, 1], ["dislike", "like"])
        axes.set_yticks([0, 1], ["dislike", "like"])
    return figure


def roc(evaluation: Evaluation) -> Figure:
    """Draw the true positive rate against the false positive rate."""
    with drawing("Receiver operating characteristic") as (figure, (axes,)):
        axes.plot([0, 1], [0, 1], color=QUIET, linestyle=":", linewidth=1.2)
        for curves, color, dashes, name in _series(evaluation):
            curve = curves.roc
            axes.plot(curve.x, curve.y, color=color, linestyle=dashes, label=f"{name}: area {curve.area:.3f}")
        unit_square(axes, "False positive rate: dislikes labelled like", "True positive rate: likes labelled like")
        axes.legend(loc="lower right")
    return figure


def precision_recall(evaluation: Evaluation) -> Figure:
    """Draw precision against recall."""
    with drawing("Precision and recall") as (figure, (axes,)):
        axes.axhline(np.mean(evaluation.labels), color=QUIET, linestyle=":", linewidth=1.2)
        for curves, color, dashes, name in _series(evaluation):
            curve = curves.precision_recall
            axes.step(
                curve.x, curve.y, where="pre", color=color, linestyle=dashes, label=f"{name}: average {curve.area:.3f}"
            )
        unit_square(axes, "Recall", "Precision")
        axes.legend(loc="lower left")
    return figure


def calibration(evaluation: Evaluation) -> Figure:
    """Draw the share of liked songs by predicted probability, above the share of all songs in each bin."""
    with drawing("Calibration") as (figure, (axes,)):
        axes.plot([0, 1], [0, 1], color=QUIET, linestyle=":", linewidth=1.2)
        bins = evaluation.curves["model"].calibration
        shares = [each.songs / len(evaluation.labels) for each in bins]
        lows = [each.low for each in bins]
        axes.bar(lows, shares, 1 / CALIBRATION_BINS, align="edge", color="#d5dae1", edgecolor="white", label="Songs")
        for curves, color, dashes, name in _series(evaluation):
            mean, liked = zip(*((each.probability, each.liked) for each in curves.calibration), strict=True)
            axes.plot(mean, liked, color=color, linestyle=dashes, marker="o", markersize=4, label=name)
        unit_square(axes, "Predicted probability", "Share of the songs liked")
        axes.legend(loc="upper left")
    return figure


def permutation_importance(evaluation: Evaluation) -> Figure:
    """Draw mean and standard deviation of the ROC AUC lost by shuffling each feature."""
    ordered = sorted(evaluation.importances, key=lambda importance: importance.mean)
    names, means, spreads = ([getattr(found, name) for found in ordered] for name in ("feature", "mean", "std"))
    with drawing("Permutation importance") as (figure, (axes,)):
        axes.barh(names, means, xerr=spreads, color=DARK, height=0.6, capsize=4, ecolor=LIGHT)
        axes.axvline(0, color=QUIET, linewidth=1)
        axes.set(xlabel=f"ROC AUC lost (mean and standard deviation of {SHUFFLES})")
        axes.grid(axis="y", visible=False)
    return figure


def partial_dependence(songs: Songs, predict: Predict) -> Figure:
    """Draw the mean probability over the songs with one feature set to each value; below, where the songs lie."""
    grid = np.linspace(0, 1, 41, dtype=np.float32)
    with drawing("Partial dependence", 2, 2) as (figure, panels):
        for index, (axes, feature) in enumerate(zip(panels, FEATURES, strict=True)):
            means = []
            for value in grid:
                changed = songs.features.copy()
                changed[:, index] = value
                means.append(predict(changed).mean())
            axes.plot(grid, means, color=DARK)
            rug = songs.features[:, index]
            axes.plot(rug, np.zeros(len(rug)), "|", color=QUIET, alpha=0.4, markersize=9, clip_on=False)
            axes.set(xlabel=feature, xlim=(-0.02, 1.02), ylim=(0, 1))
        for axes in panels[::2]:
            axes.set_ylabel("Mean probability of like")
    return figure


def _series(evaluation: Evaluation) -> list[tuple[Curves, str, str, str]]:
    return [
        (evaluation.curves["baseline"], LIGHT, "--", "logistic regression"),
        (evaluation.curves["model"], DARK, "-", "this model"),
    ]
