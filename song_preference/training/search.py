"""Search the candidate and parameters whose probabilities are best."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.samplers import TPESampler
from pydantic import BaseModel
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from song_preference.errors import TrainingFailed
from song_preference.messages import Message
from song_preference.training.candidates import CANDIDATES, DEFAULT, Chosen
from song_preference.training.cross_validation import FOLDS, corrected_error, folds, predicted
from song_preference.training.data import Songs
from song_preference.training.logistic import losses

log = logging.getLogger(__name__)

METRICS = ("log_loss", "roc_auc", "brier")
DECIMALS_OF_SCORE = 9
"""Decimals of a score that steer the search: its last bits differ from machine to machine."""


class Score(NamedTuple):
    """The mean of a metric over the folds, and its standard error (`corrected_error`)."""

    mean: float
    error: float


class Trial(BaseModel, frozen=True):
    """A trial: a candidate with its parameters, and how it did on songs left out."""

    number: int
    candidate: str
    parameters: Chosen
    fold_losses: tuple[float, ...]
    """Log loss of each fold; of the first repeat only, where the trial was clearly behind after it."""
    log_loss: Score
    roc_auc: Score
    brier: Score
    started_at: datetime
    ended_at: datetime

    def estimator(self, seed: int) -> Any:
        """Return the estimator, not fitted."""
        return CANDIDATES[self.candidate].estimator(seed, self.parameters)

    @property
    def is_default(self) -> bool:
        """Whether this is the trial that others have to beat."""
        return (self.candidate, self.parameters) == (DEFAULT, CANDIDATES[DEFAULT].default)


def search(songs: Songs, trials: int, seed: int) -> list[Trial]:
    """Return every trial, the one to be served first: Optuna's TPE, repeated stratified cross-validation, log loss.

    The first trials try each candidate's default. One trial after the other, on one thread: the same songs and
    seed give the same trials. Raises `TrainingFailed` where a class has fewer songs than there are folds.
    """
    _check_classes(songs)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="minimize", sampler=TPESampler(seed=seed))
    for name, candidate in CANDIDATES.items():
        study.enqueue_trial({"candidate": name, **candidate.default})
    tried: dict[tuple[Any, ...], Trial] = {}
    # More than one thread would only wait for each other over matrices this small.
    with threadpool_limits(1):
        for _ in range(trials):
            suggested, started = study.ask(), datetime.now(UTC)
            name = suggested.suggest_categorical("candidate", list(CANDIDATES))
            estimator = CANDIDATES[name].make(suggested, seed)
            parameters = {key: value for key, value in suggested.params.items() if key != "candidate"}
            key = (name, *parameters.items())
            if key not in tried:
                scores = _scores(estimator, songs, seed, list(tried.values()))
                tried[key] = trial = Trial(
                    number=suggested.number,
                    candidate=name,
                    parameters=parameters,
                    fold_losses=tuple(scores[0].tolist()),
                    **{metric: _score(by_fold) for metric, by_fold in zip(METRICS, scores, strict=True)},
                    started_at=started,
                    ended_at=datetime.now(UTC),
                )
                log.info("Trial %d, %s: log loss %.4f", trial.number, name, trial.log_loss.mean)
            study.tell(suggested, tried[key].log_loss.mean)
    return ranked(list(tried.values()))


def _check_classes(songs: Songs) -> None:
    likes = int(songs.labels.sum())
    dislikes = len(songs.labels) - likes
    if min(likes, dislikes) < FOLDS:
        values = {"likes": likes, "dislikes": dislikes, "least": FOLDS}
        raise TrainingFailed(Message("too_few_songs_to_train", values))


def _scores(estimator: Any, songs: Songs, seed: int, others: list[Trial]) -> NDArray[np.float64]:
    """Return the `METRICS` by fold (3, k): of the first repeat only, if another trial is clearly better there."""
    scores: list[list[float]] = []
    for trained_on, left_out in folds(songs, seed):
        if len(scores) == FOLDS and any(
            is_better(trial.fold_losses[:FOLDS], [row[0] for row in scores]) for trial in others
        ):
            break
        labels, probability = songs.labels[left_out], predicted(estimator, songs, trained_on, left_out)
        brier, log_loss = losses(labels, probability).mean(axis=1)
        scores.append([log_loss, roc_auc_score(labels, probability), brier])
    return np.round(np.transpose(scores), DECIMALS_OF_SCORE)


def _score(by_fold: NDArray[np.float64]) -> Score:
    return Score(round(float(by_fold.mean()), DECIMALS_OF_SCORE), corrected_error(by_fold))


def is_better(losses_by_fold: Sequence[float], others: Sequence[float]) -> bool:
    """Return whether losses (k,) are lower than others of the same folds by more than one standard error."""
    gains = np.subtract(others, losses_by_fold)
    return bool(gains.mean() > corrected_error(gains))


def ranked(trials: list[Trial]) -> list[Trial]:
    """Return the trials by log loss, those of one repeat last; the default stands first unless the first beats it.

    Of equal ones the earlier stands first.
    """
    by_loss = sorted(trials, key=lambda trial: (-len(trial.fold_losses), trial.log_loss.mean, trial.number))
    best = by_loss[0]
    default = next((trial for trial in trials if trial.is_default), best)
    if len(default.fold_losses) == len(best.fold_losses) and not is_better(best.fold_losses, default.fold_losses):
        by_loss.sort(key=lambda trial: not trial.is_default)
    return by_loss
