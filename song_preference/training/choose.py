"""From a ranking of attempts to the one model that can be served."""

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

import onnx
from threadpoolctl import threadpool_limits

from song_preference.errors import ModelRefused, TrainingFailed
from song_preference.messages import Message
from song_preference.training.export import build_graph, check_parity, describe
from song_preference.training.fit import fit
from song_preference.training.search import Attempt, out_of_fold
from song_preference.training.songs import Features, Songs
from song_preference.training.threshold import decision_threshold

log = logging.getLogger(__name__)


class Choice(NamedTuple):
    """The attempt taken, its fitted estimator and graph, and why better ones were passed over."""

    attempt: Attempt
    estimator: Any
    graph: onnx.ModelProto
    threshold: float
    parity_error: float
    refused: list[str]


def choose(ranking: Iterable[Attempt], songs: Songs, test: Features, seed: int) -> Choice:
    """Fit the best attempt on all `songs` and convert it; one that ONNX answers differently gives way to the next.

    Parity is checked on `songs`, the features of the test part and random songs. Raises `TrainingFailed` where
    no attempt is left.
    """
    refused: list[str] = []
    for attempt in ranking:
        with threadpool_limits(1):
            threshold = decision_threshold(songs.labels, out_of_fold(attempt.estimator(seed), songs, seed))
            estimator = fit(attempt.estimator(seed), songs)
        try:
            graph = build_graph(estimator, threshold)
            describe(graph, songs)
            error = check_parity(estimator, graph, threshold, songs.features, test)
        except ModelRefused as reason:
            refused.append(f"trial {attempt.number} ({attempt.candidate}): {reason}")
            log.warning("Passed over: %s", refused[-1])
            continue
        return Choice(attempt, estimator, graph, threshold, error, refused)
    raise TrainingFailed(Message("no_candidate_exported", {"details": " ".join(refused)}))
