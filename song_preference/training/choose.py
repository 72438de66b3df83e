"""Train the best trial that can be served, on the training table as a twin, and for the services on all songs."""

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import onnx
import pandas as pd
from threadpoolctl import threadpool_limits

from song_preference.errors import ModelRejected, TrainingFailed
from song_preference.features import FEATURES, LABEL
from song_preference.messages import Message
from song_preference.serving.model import open_graph
from song_preference.training.cross_validation import REPEATS, Calibration, calibrate, out_of_fold, recalibrated
from song_preference.training.data import MAX_TRAINING_SONGS, Features, Labels, Probabilities, Songs, are_enough
from song_preference.training.export import build_graph, check_parity, describe, run_graph
from song_preference.training.fit import fit
from song_preference.training.search import Trial

log = logging.getLogger(__name__)

REPEAT_COLUMNS = tuple(f"probability_{repeat}" for repeat in range(1, REPEATS + 1))


class Trained(NamedTuple):
    """A fitted estimator, its graph, and the largest difference of their probabilities."""

    estimator: Any
    graph: onnx.ModelProto
    parity_error: float
    songs: Songs
    """Those that it was trained on."""

    def predict(self, features: Features) -> Probabilities:
        """Return the graph's probabilities (n,) for (n, 4) features."""
        return run_graph(open_graph(self.graph.SerializeToString()), features).probability


class Choice(NamedTuple):
    """The trial to be served, trained twice with the same calibration and threshold, and why others were rejected."""

    trial: Trial
    model: Trained
    """Trained on all songs, or as many as a training takes; with that many in the training table, the twin itself."""
    twin: Trained
    """Trained on the training table alone."""
    threshold: float
    calibration: Calibration | None
    left_out: Probabilities
    """Probabilities (repeats, n) of the songs of the training table by models that were trained without them."""
    rejected: list[Message]


def choose(ranking: Iterable[Trial], train: Songs, test: Songs, seed: int) -> Choice:
    """Train the best trial and its twin and convert both; one that ONNX answers differently gives way to the next.

    Calibration and threshold come from the training table, for both, so that what is evaluated is what is served.
    Raises `TrainingFailed` where no trial is left.
    """
    rejected: list[Message] = []
    both = train.plus(test)
    with threadpool_limits(1):
        for trial in ranking:
            calibration, left_out = calibrate(train, out_of_fold(trial.estimator(seed), train, seed), seed)
            threshold = decision_threshold(train.labels, left_out)
            try:
                twin = model = _train(trial.estimator(seed), train, both, threshold, calibration)
                if (more := MAX_TRAINING_SONGS - len(train.labels)) > 0:
                    songs = train.plus(test.at_most(more, seed))
                    model = _train(trial.estimator(seed), songs, both, threshold, calibration)
            except ModelRejected as error:
                values = {"number": trial.number, "candidate": trial.candidate, "reason": error.message.as_json()}
                rejected.append(Message("trial_rejected", values))
                log.warning("Rejected: %s", rejected[-1])
                continue
            return Choice(trial, model, twin, threshold, calibration, left_out, rejected)
    raise TrainingFailed(Message("no_candidate_exported", {"details": [reason.as_json() for reason in rejected]}))


def _train(estimator: Any, songs: Songs, known: Songs, threshold: float, calibration: Calibration | None) -> Trained:
    """Train on `songs` and convert, with parity checked on `known` songs and random ones; raises `ModelRejected`."""
    graph = build_graph(fit(estimator, songs), threshold, calibration)
    describe(graph, songs)
    error = check_parity(estimator, graph, threshold, known.features, calibration)
    return Trained(estimator, graph, error, songs)


def own_songs(choice: Choice, train: Songs, test: Songs, seed: int) -> pd.DataFrame:
    """Return features and label of each song, and what models answered that were not trained on it.

    Columns: `REPEAT_COLUMNS`, their mean `probability`, and `predicted`, the label that it makes. The models are those
    of cross-validation on the training table, and the twin on the test table; where the test table has too few songs
    to say anything, those of cross-validation on all songs.
    """
    songs = train.plus(test)
    if are_enough(test):
        twin = choice.twin.predict(test.features)
        answers = np.hstack([choice.left_out, np.tile(twin, (REPEATS, 1))])
    else:
        with threadpool_limits(1):
            answers = out_of_fold(choice.trial.estimator(seed), songs, seed)
        answers = recalibrated(songs, answers, seed) if choice.calibration else answers
    table = pd.DataFrame(songs.features, columns=list(FEATURES)).assign(**{LABEL: songs.labels})
    table[list(REPEAT_COLUMNS)] = answers.T
    table["probability"] = answers.mean(axis=0)
    table["predicted"] = (table["probability"] >= choice.threshold).astype(np.int64)
    return table


def decision_threshold(labels: Labels, probability: Probabilities) -> float:
    """Return the threshold nearest 0.5 whose balanced accuracy is within one standard error of the best.

    Balanced accuracy (mean of sensitivity and specificity; its maximum is that of Youden's J) gives likes and
    dislikes the same weight: accuracy or F1 would answer "like" to everything for a listener who likes nearly
    everything. Its maximum over a few hundred songs is a matter of chance, so a threshold that chance explains
    as well is taken where it lies nearer 0.5 (the one-standard-error rule of Breiman et al., "Classification and
    Regression Trees", 1984). Candidates are 0.5 and the midpoints between neighbouring distinct probabilities, so
    that no song lies on the edge. `probability` (repeats, n) must come from models that did not know the songs.
    """
    repeats = len(np.atleast_2d(probability))
    labels, probability = np.tile(labels, repeats), probability.ravel()
    distinct = np.unique(probability)
    candidates = np.unique([0.5, *((distinct[:-1] + distinct[1:]) / 2)])
    liked, disliked = np.sort(probability[labels == 1]), np.sort(probability[labels == 0])
    sensitivity = 1 - np.searchsorted(liked, candidates) / len(liked)
    specificity = np.searchsorted(disliked, candidates) / len(disliked)
    balanced = (sensitivity + specificity) / 2
    # Of as many songs as there are: their repeats say hardly more.
    variance = repeats * (
        sensitivity * (1 - sensitivity) / len(liked) + specificity * (1 - specificity) / len(disliked)
    )
    best = int(np.argmax(balanced))
    # The tolerance keeps the last bits of the division from deciding.
    as_good = candidates[balanced >= balanced[best] - np.sqrt(variance[best]) / 2 - 1e-12]
    return float(as_good[np.argmin(np.abs(as_good - 0.5))])
