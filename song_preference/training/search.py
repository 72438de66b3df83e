"""Which candidate, with which parameters, ranks the songs of the training part best."""

import logging
from datetime import UTC, datetime
from typing import Any

import numpy as np
import optuna
from optuna.samplers import TPESampler
from optuna.trial import FixedTrial, Trial
from pydantic import BaseModel
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from song_preference.errors import TrainingFailed
from song_preference.messages import Message
from song_preference.training.candidates import CANDIDATES, Chosen
from song_preference.training.fit import fit, probability_of
from song_preference.training.judge import roc_auc
from song_preference.training.songs import Probabilities, Songs

log = logging.getLogger(__name__)

FOLDS = 5
DECIMALS_OF_SCORE = 9
"""A score that differs in the last bits from machine to machine must not steer the search elsewhere."""


class Attempt(BaseModel, frozen=True):
    """A trial: a candidate with its parameters, and the mean and spread of its ROC AUC over the folds."""

    number: int
    candidate: str
    parameters: Chosen
    roc_auc: float
    roc_auc_std: float
    started_at: datetime
    ended_at: datetime

    def estimator(self, seed: int) -> Any:
        """The estimator, not fitted."""
        return CANDIDATES[self.candidate].make(FixedTrial(self.parameters), seed)


def search(songs: Songs, trials: int, seed: int) -> list[Attempt]:
    """Every trial, the best first: Optuna's TPE, stratified cross-validation, ROC AUC.

    The first trials try each candidate's default. One trial after the other, on one thread: the same songs and
    seed give the same trials. Of equal scores the earlier trial stands first. Raises `TrainingFailed` where a class
    has fewer songs than there are folds.
    """
    _check_classes(songs)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=TPESampler(seed=seed))
    for name, candidate in CANDIDATES.items():
        study.enqueue_trial({"candidate": name, **candidate.default})
    attempts: dict[tuple[Any, ...], Attempt] = {}

    def objective(trial: Trial) -> float:
        started = datetime.now(UTC)
        name = trial.suggest_categorical("candidate", list(CANDIDATES))
        estimator = CANDIDATES[name].make(trial, seed)
        parameters = {key: value for key, value in trial.params.items() if key != "candidate"}
        known = attempts.get((name, *parameters.items()))
        if known:
            return known.roc_auc
        scores = _fold_scores(songs, out_of_fold(estimator, songs, seed), seed)
        attempt = Attempt(
            number=trial.number,
            candidate=name,
            parameters=parameters,
            roc_auc=round(float(np.mean(scores)), DECIMALS_OF_SCORE),
            roc_auc_std=float(np.std(scores, ddof=1)),
            started_at=started,
            ended_at=datetime.now(UTC),
        )
        attempts[name, *parameters.items()] = attempt
        log.info("Trial %d, %s: ROC AUC %.4f", attempt.number, name, attempt.roc_auc)
        return attempt.roc_auc

    # More than one thread would only wait for each other over matrices this small.
    with threadpool_limits(1):
        study.optimize(objective, n_trials=trials)
    return sorted(attempts.values(), key=lambda attempt: (-attempt.roc_auc, attempt.number))


def _check_classes(songs: Songs) -> None:
    likes = int(songs.labels.sum())
    dislikes = len(songs.labels) - likes
    if min(likes, dislikes) < FOLDS:
        values = {"likes": likes, "dislikes": dislikes, "least": FOLDS}
        raise TrainingFailed(Message("too_few_songs_to_train", values))


def out_of_fold(estimator: Any, songs: Songs, seed: int) -> Probabilities:
    """Probability of "like" (n,) for each song by an estimator that was fitted without the song's fold."""
    probability = np.empty(len(songs.labels))
    for learned, left_out in _folds(songs, seed):
        fit(estimator, songs.take(learned))
        probability[left_out] = probability_of(estimator, songs.features[left_out])
    return probability


def _fold_scores(songs: Songs, probability: Probabilities, seed: int) -> list[float]:
    return [roc_auc(songs.labels[left_out], probability[left_out]) for _, left_out in _folds(songs, seed)]


def _folds(songs: Songs, seed: int) -> Any:
    return StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(songs.features, songs.labels)
