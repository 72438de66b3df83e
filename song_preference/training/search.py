"""Find the candidate and parameters that rank the songs best and can be served, and its decision threshold."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import onnx
import optuna
from optuna.samplers import TPESampler
from optuna.trial import FixedTrial
from pydantic import BaseModel
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from song_preference.errors import ModelRejected, TrainingFailed
from song_preference.messages import Message
from song_preference.training.candidates import CANDIDATES, Chosen
from song_preference.training.data import Features, Labels, Probabilities, Songs
from song_preference.training.export import build_graph, check_parity, describe
from song_preference.training.fit import fit, probability_of

log = logging.getLogger(__name__)

FOLDS = 5
DECIMALS_OF_SCORE = 9
"""Decimals of a score that steer the search: its last bits differ from machine to machine."""


class Trial(BaseModel, frozen=True):
    """A trial: a candidate with its parameters, and the mean and spread of its ROC AUC over the folds."""

    number: int
    candidate: str
    parameters: Chosen
    roc_auc: float
    roc_auc_std: float
    started_at: datetime
    ended_at: datetime

    def estimator(self, seed: int) -> Any:
        """Return the estimator, not fitted."""
        return CANDIDATES[self.candidate].make(FixedTrial(self.parameters), seed)


def search(songs: Songs, trials: int, seed: int) -> list[Trial]:
    """Return every trial, the best first: Optuna's TPE, stratified cross-validation, ROC AUC.

    The first trials try each candidate's default. One trial after the other, on one thread: the same songs and
    seed give the same trials. Of equal scores the earlier trial stands first. Raises `TrainingFailed` where a class
    has fewer songs than there are folds.
    """
    _check_classes(songs)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=TPESampler(seed=seed))
    for name, candidate in CANDIDATES.items():
        study.enqueue_trial({"candidate": name, **candidate.default})
    tried: dict[tuple[Any, ...], Trial] = {}

    def objective(suggested: optuna.Trial) -> float:
        started = datetime.now(UTC)
        name = suggested.suggest_categorical("candidate", list(CANDIDATES))
        estimator = CANDIDATES[name].make(suggested, seed)
        parameters = {key: value for key, value in suggested.params.items() if key != "candidate"}
        known = tried.get((name, *parameters.items()))
        if known:
            return known.roc_auc
        scores = _fold_scores(songs, out_of_fold(estimator, songs, seed), seed)
        trial = Trial(
            number=suggested.number,
            candidate=name,
            parameters=parameters,
            roc_auc=round(float(np.mean(scores)), DECIMALS_OF_SCORE),
            roc_auc_std=float(np.std(scores, ddof=1)),
            started_at=started,
            ended_at=datetime.now(UTC),
        )
        tried[name, *parameters.items()] = trial
        log.info("Trial %d, %s: ROC AUC %.4f", trial.number, name, trial.roc_auc)
        return trial.roc_auc

    # More than one thread would only wait for each other over matrices this small.
    with threadpool_limits(1):
        study.optimize(objective, n_trials=trials)
    return sorted(tried.values(), key=lambda trial: (-trial.roc_auc, trial.number))


def _check_classes(songs: Songs) -> None:
    likes = int(songs.labels.sum())
    dislikes = len(songs.labels) - likes
    if min(likes, dislikes) < FOLDS:
        values = {"likes": likes, "dislikes": dislikes, "least": FOLDS}
        raise TrainingFailed(Message("too_few_songs_to_train", values))


def out_of_fold(estimator: Any, songs: Songs, seed: int) -> Probabilities:
    """Return the probability of "like" (n,) for each song by an estimator that was fitted without the song's fold."""
    probability = np.empty(len(songs.labels))
    for trained_on, left_out in _folds(songs, seed):
        fit(estimator, songs.take(trained_on))
        probability[left_out] = probability_of(estimator, songs.features[left_out])
    return probability


def _fold_scores(songs: Songs, probability: Probabilities, seed: int) -> list[float]:
    return [roc_auc_score(songs.labels[left_out], probability[left_out]) for _, left_out in _folds(songs, seed)]


def _folds(songs: Songs, seed: int) -> Any:
    return StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(songs.features, songs.labels)


class Choice(NamedTuple):
    """The trial to be served, its fitted estimator and graph, and why better ones were rejected."""

    trial: Trial
    estimator: Any
    graph: onnx.ModelProto
    threshold: float
    parity_error: float
    rejected: list[str]


def choose(ranking: Iterable[Trial], songs: Songs, test: Features, seed: int) -> Choice:
    """Fit the best trial on all `songs` and convert it; one that ONNX answers differently gives way to the next.

    Parity is checked on `songs`, the features of the test table and random songs. Raises `TrainingFailed` where
    no trial is left.
    """
    rejected: list[str] = []
    for trial in ranking:
        with threadpool_limits(1):
            threshold = decision_threshold(songs.labels, out_of_fold(trial.estimator(seed), songs, seed))
            estimator = fit(trial.estimator(seed), songs)
        try:
            graph = build_graph(estimator, threshold)
            describe(graph, songs)
            error = check_parity(estimator, graph, threshold, songs.features, test)
        except ModelRejected as reason:
            rejected.append(f"trial {trial.number} ({trial.candidate}): {reason}")
            log.warning("Rejected: %s", rejected[-1])
            continue
        return Choice(trial, estimator, graph, threshold, error, rejected)
    raise TrainingFailed(Message("no_candidate_exported", {"details": " ".join(rejected)}))


def decision_threshold(labels: Labels, probability: Probabilities) -> float:
    """Return the threshold nearest 0.5 whose balanced accuracy is within one standard error of the best.

    Balanced accuracy (mean of sensitivity and specificity; its maximum is that of Youden's J) gives likes and
    dislikes the same weight: accuracy or F1 would answer "like" to everything for a listener who likes nearly
    everything. Its maximum over a few hundred songs is a matter of chance, so a threshold that chance explains
    as well is taken where it lies nearer 0.5 (the one-standard-error rule of Breiman et al., "Classification and
    Regression Trees", 1984). Candidates are 0.5 and the midpoints between neighbouring distinct probabilities, so
    that no song lies on the edge. `probability` (n,) must come from models that did not know the songs.
    """
    distinct = np.unique(probability)
    candidates = np.unique([0.5, *((distinct[:-1] + distinct[1:]) / 2)])
    liked, disliked = np.sort(probability[labels == 1]), np.sort(probability[labels == 0])
    sensitivity = 1 - np.searchsorted(liked, candidates) / len(liked)
    specificity = np.searchsorted(disliked, candidates) / len(disliked)
    balanced = (sensitivity + specificity) / 2
    variance = sensitivity * (1 - sensitivity) / len(liked) + specificity * (1 - specificity) / len(disliked)
    best = int(np.argmax(balanced))
    # The tolerance keeps the last bits of the division from deciding.
    as_good = candidates[balanced >= balanced[best] - np.sqrt(variance[best]) / 2 - 1e-12]
    return float(as_good[np.argmin(np.abs(as_good - 0.5))])
