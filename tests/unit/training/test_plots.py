from matplotlib.figure import Figure

from song_preference.evaluation import Evaluation
from song_preference.training.data import Songs
from song_preference.training.plots import all_plots
from tests.support.training import likes_to_dance


def test_every_plot_is_drawn(evaluation: Evaluation, test: Songs) -> None:
    plots = all_plots(evaluation, test, likes_to_dance)
    assert set(plots) == {
        "confusion_matrix.png",
        "roc.png",
        "precision_recall.png",
        "calibration.png",
        "permutation_importance.png",
        "partial_dependence.png",
    }
    for plot in plots.values():
        plot.draw_without_rendering()
    assert texts(plots["permutation_importance.png"])[-1] == "danceability"
    counted = evaluation.confusion(evaluation.threshold)
    assert f"{counted.true_positives}\n{counted.recall:.0%}" in texts(plots["confusion_matrix.png"])
    (axes,) = plots["roc.png"].axes
    assert axes.get_legend_handles_labels()[1][1] == f"this model: area {evaluation.curves['model'].roc.area:.3f}"


def texts(plot: Figure) -> list[str]:
    (axes,) = plot.axes
    return [text.get_text() for text in (*axes.texts, *axes.get_yticklabels())]
