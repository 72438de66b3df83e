"""The evaluation of a model on songs that it did not know: training writes `evaluation.json`, the dashboard draws it.

The format, in JSON: `Evaluation`. Version 0.1 wrote its first five fields, `Answers`, and no more.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, TypeAdapter, model_validator

from song_preference.messages import Message

EVALUATION_FILE = "evaluation.json"
"""Name of the file among the artifacts of the training run."""

EVALUATED_ON, TEST_TABLE, LEFT_OUT = "evaluated_on", "test_table", "left_out"
"""Tag of a version, and its values: metrics of its twin on the test table, or, where that has too few songs, of models
of cross-validation on all songs, each left out in turn. A version from before 0.2 has neither tag nor twin."""

THRESHOLDS = tuple(step / 100 for step in range(101))
"""Thresholds at which true and false positives and negatives are counted, beside the model's own."""

DIFFERENCES = ("roc_auc_difference", "brier_difference", "log_loss_difference")
"""Metrics of the model minus those of a plain logistic regression on the same songs; recorded since version 0.2."""

CALIBRATION_BINS = 10
MAX_POINTS = 400
"""Most points of a stored curve: more cannot be distinguished in a chart."""

Numbers = NDArray[np.float64]


class Interval(NamedTuple):
    """A metric with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def by_ends(metrics: Mapping[str, Interval]) -> dict[str, float]:
    """Return the metrics as MLflow logs them: `test_roc_auc` with `test_roc_auc_low` and `test_roc_auc_high`, etc."""
    return {
        f"{name}{suffix}": value
        for name, interval in metrics.items()
        for suffix, value in zip(("", "_low", "_high"), interval, strict=True)
    }


def comparison(metrics: Mapping[str, Interval]) -> Message:
    """Return whether the model is better than a plain logistic regression, from metrics that hold `DIFFERENCES`.

    It is where the whole interval of the difference in ROC AUC lies above 0.
    """
    is_better = metrics["roc_auc_difference"].low > 0
    values = by_ends({name: metrics[name] for name in DIFFERENCES})
    return Message("better_than_logistic_regression" if is_better else "no_better_than_logistic_regression", values)


class Stored(BaseModel, frozen=True):
    """Base of the parts of the file."""


class Importance(Stored):
    """Mean and standard deviation of the ROC AUC lost when one feature's values are shuffled among the songs."""

    feature: str
    mean: float
    std: float


class Curve(Stored):
    """Points from left to right, each in [0, 1], and the area below all of them."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float

    @classmethod
    def of(cls, x: Numbers, y: Numbers, area: float) -> Self:
        """Return the curve through (n,) points, evenly thinned to `MAX_POINTS`."""
        kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MAX_POINTS)).round().astype(int))
        return cls(x=tuple(x[kept].tolist()), y=tuple(y[kept].tolist()), area=area)


class Bin(Stored):
    """The songs whose probability lies in one bin of the calibration, which holds its lower edge."""

    low: float
    """Lower edge of the bin."""
    songs: int
    probability: float
    """Mean of the predicted probabilities."""
    liked: float
    """Share of the songs that the listener likes."""


class Curves(Stored):
    """The ROC, precision-recall and calibration curve of one model."""

    roc: Curve
    """True positive rate (y) by false positive rate (x)."""
    precision_recall: Curve
    """Precision (y) by recall (x); the area is the average precision."""
    calibration: tuple[Bin, ...]
    """Bins of equal width that hold a song, from the lowest."""

    @classmethod
    def of(cls, labels: NDArray[np.int64], probability: Numbers) -> Self:
        """Return the curves of probabilities (n,), without scikit-learn, which the dashboard has not."""
        likes, dislikes = (np.sort(probability[labels == label]) for label in (1, 0))
        thresholds = np.unique(probability)[::-1]
        positives, false_positives = (len(of) - np.searchsorted(of, thresholds) for of in (likes, dislikes))
        recall, precision = positives / len(likes), positives / (positives + false_positives)
        x, y = np.append(0, false_positives / len(dislikes)), np.append(0, recall)
        return cls(
            roc=Curve.of(x, y, float(np.trapezoid(y, x))),
            precision_recall=Curve.of(recall, precision, float(np.diff(recall, prepend=0) @ precision)),
            calibration=_calibration(labels, probability),
        )


def _calibration(labels: NDArray[np.int64], probability: Numbers) -> tuple[Bin, ...]:
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)
    songs, announced, liked = (
        np.histogram(probability, edges, weights=weights)[0] for weights in (None, probability, labels)
    )
    return tuple(
        Bin(
            low=float(edges[at]),
            songs=int(songs[at]),
            probability=float(announced[at] / songs[at]),
            liked=float(liked[at] / songs[at]),
        )
        for at in np.flatnonzero(songs)
    )


class Confusion(Stored):
    """Songs by the model's answer at a threshold, and by the listener's."""

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @classmethod
    def of(cls, labels: NDArray[np.int64], probability: Numbers, threshold: float) -> Self:
        """Count where songs from `threshold` on are labelled as liked; labels and probabilities are (n,)."""
        recommended, liked = probability >= threshold, labels == 1
        return cls(
            threshold=threshold,
            true_positives=int(np.sum(recommended & liked)),
            false_positives=int(np.sum(recommended & ~liked)),
            false_negatives=int(np.sum(~recommended & liked)),
            true_negatives=int(np.sum(~recommended & ~liked)),
        )

    @property
    def recommended(self) -> int:
        """Songs that the model labels as liked."""
        return self.true_positives + self.false_positives

    @property
    def liked(self) -> int:
        """Songs that the listener likes."""
        return self.true_positives + self.false_negatives

    @property
    def songs(self) -> int:
        """All songs of the evaluation."""
        return self.liked + self.false_positives + self.true_negatives

    @property
    def precision(self) -> float | None:
        """Share of the recommended songs that are liked; None where nothing is recommended."""
        return self.true_positives / self.recommended if self.recommended else None

    @property
    def recall(self) -> float:
        """Share of the liked songs that are recommended."""
        return self.true_positives / self.liked

    @property
    def accuracy(self) -> float:
        """Share of the songs that the model labels correctly."""
        return (self.true_positives + self.true_negatives) / self.songs

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing is recommended."""
        return 2 * self.true_positives / (self.recommended + self.liked)


class Answers(Stored):
    """Labels by the listener and probabilities by both models for n songs that neither was trained on."""

    labels: tuple[Literal[0, 1], ...]
    """(n,) 1 for like; both occur."""
    model: tuple[float, ...]
    """(n,) predicted probabilities of "like"."""
    baseline: tuple[float, ...]
    """(n,) predicted probabilities of a plain logistic regression."""
    threshold: float
    """Decision threshold of the model: the lowest probability that it labels as a like."""
    importances: tuple[Importance, ...]
    """Permutation importance of each feature."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not len(self.labels) == len(self.model) == len(self.baseline):
            raise ValueError("labels and probabilities are of different songs")
        if len(set(self.labels)) < 2:
            raise ValueError("there are not both likes and dislikes")
        return self


class Evaluation(Answers):
    """The answers, and the metrics and curves that were computed from them."""

    metrics: dict[str, Interval]
    """Metrics by their names in MLflow, such as `test_roc_auc`; empty where version 0.1 wrote the file."""
    curves: dict[Literal["model", "baseline"], Curves]
    confusions: tuple[Confusion, ...]
    """Counts of the model at `THRESHOLDS` and at its own threshold, from the lowest."""

    @classmethod
    def of(cls, answers: Answers, metrics: dict[str, Interval]) -> Self:
        """Compute the curves and counts of answers; the metrics are computed elsewhere."""
        labels, model, baseline = map(np.array, (answers.labels, answers.model, answers.baseline))
        return cls(
            **dict(answers),
            metrics=metrics,
            curves={"model": Curves.of(labels, model), "baseline": Curves.of(labels, baseline)},
            confusions=tuple(Confusion.of(labels, model, each) for each in sorted({*THRESHOLDS, answers.threshold})),
        )

    def confusion(self, threshold: float) -> Confusion:
        """Return the counts at one of the thresholds of `confusions`."""
        return next(counted for counted in self.confusions if counted.threshold == threshold)


_STORED: TypeAdapter[Evaluation | Answers] = TypeAdapter(Evaluation | Answers)


def read_evaluation(content: bytes) -> Evaluation:
    """Return the evaluation that a file holds, whichever version wrote it; raise `ValidationError`."""
    stored = _STORED.validate_json(content)
    return stored if isinstance(stored, Evaluation) else Evaluation.of(stored, {})
