"""The decision whether a registered version becomes the champion."""

import json
import logging
from collections.abc import Mapping
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from song_preference.dataset.split import MIN_TEST_SONGS
from song_preference.dataset.store import DatasetStore
from song_preference.errors import DatasetNotFound, ModelRejected
from song_preference.messages import Message
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.training.data import Labels, Probabilities, Songs, test_songs
from song_preference.training.evaluate import resamples, roc_auc
from song_preference.training.export import run_graph
from song_preference.training.fingerprint import (
    CHALLENGER,
    CHAMPION,
    DECISION,
    REASON,
    REASON_CODE,
    REASON_PARAMS,
    REPLACED,
)
from song_preference.training.registry import load_graph

log = logging.getLogger(__name__)

TOLERANCE = 0.02
"""Loss of ROC AUC that is accepted: chance alone moves it by more on a test table of a few hundred songs."""

MAX_SHARE_WORSE = 0.25
RESAMPLES = 1000
SEED = 0


class Decision(NamedTuple):
    """The decision whether a version becomes champion, and its reason."""

    promoted: bool
    reason: Message


def decide(store: DatasetStore, candidate: ModelVersion, champion: ModelVersion | None) -> Decision:
    """Decide whether `candidate` becomes the champion.

    The rule, the first that applies:

    1. No champion, or one that no service can load: the version becomes champion if it is better than always
       giving the majority's answer, that is, if the low end of the 95 % interval of its ROC AUC on the test table
       is above 0.5.
    2. A model of the bundled sample never replaces one of a real playlist.
    3. A model of a real playlist always replaces one of the sample.
    4. Else it must not be worse than the champion: both predict the songs of its test table that neither was
       trained on, and it is promoted unless in more than a quarter of 1,000 paired resamples its ROC AUC is more
       than 0.02 below the champion's. With fewer than 10 such songs of a class, or where the champion's training
       songs are not known any more, it is not promoted.
    """
    served = _load(champion) if champion else None
    if champion is None or served is None:
        return _against_majority(candidate)
    if _is_sample(candidate) and not _is_sample(champion):
        return Decision(False, Message("sample_against_playlist", {"champion": str(champion.version)}))
    if _is_sample(champion) and not _is_sample(candidate):
        return Decision(True, Message("playlist_against_sample", {"champion": str(champion.version)}))
    return _against_champion(store, candidate, champion, served)


def _load(version: ModelVersion) -> ServedModel | None:
    """Return the version as a service would load it, or None if none can."""
    try:
        graph = load_graph(f"models:/{version.name}/{version.version}")
        return ServedModel.load(ModelRef(version.name, str(version.version), ""), graph)
    except ModelRejected as reason:
        log.warning("%s", reason)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise  # MLflow is unreachable just now, which is not the version's fault
        log.warning("Version %s of %s has no ONNX model (any more).", version.version, version.name)
    return None


def _is_sample(version: ModelVersion) -> bool:
    return version.tags.get("source_kind") == "sample"


def _against_majority(candidate: ModelVersion) -> Decision:
    low = candidate.tags.get("test_roc_auc_low")
    if low is None:
        return Decision(False, Message("first_was_never_evaluated"))
    promoted = float(low) > 0.5
    code = "first_beats_majority" if promoted else "first_may_not_beat_majority"
    return Decision(promoted, Message(code, {"low": float(low)}))


def _against_champion(
    store: DatasetStore, candidate: ModelVersion, champion: ModelVersion, served: ServedModel
) -> Decision:
    versions = {"version": str(candidate.version), "champion": str(champion.version)}
    try:
        songs = unseen_songs(store, candidate.tags["dataset_version"], champion.tags["dataset_version"])
    except (KeyError, DatasetNotFound):
        return Decision(False, Message("training_songs_unknown", versions))
    if min(songs.labels.sum(), (1 - songs.labels).sum()) < MIN_TEST_SONGS:
        counts = {"songs": len(songs.labels), "least": MIN_TEST_SONGS}
        return Decision(False, Message("too_few_new_songs", {**versions, **counts}))
    own = _load(candidate)
    if own is None:
        return Decision(False, Message("cannot_be_loaded"))
    answers, champion_answers = (run_graph(model.session, songs.features).probability for model in (own, served))
    share_worse = paired_bootstrap(songs.labels, answers, champion_answers, TOLERANCE)
    values = {
        **versions,
        "songs": len(songs.labels),
        "roc_auc": roc_auc(songs.labels, answers),
        "champion_roc_auc": roc_auc(songs.labels, champion_answers),
        "tolerance": TOLERANCE,
        "share_worse": share_worse,
        "max_share_worse": MAX_SHARE_WORSE,
    }
    return Decision(share_worse <= MAX_SHARE_WORSE, Message("compared_with_champion", values))


def stored_reason(tags: Mapping[str, str]) -> Message:
    """Return why the version with these tags was made champion or not."""
    return Message(tags.get(REASON_CODE), json.loads(tags.get(REASON_PARAMS, "{}")), tags[REASON])


def record(client: MlflowClient, candidate: ModelVersion, champion: ModelVersion | None, decision: Decision) -> None:
    """Set the decision as tags of the version and its run."""
    # The decision is written last: with it, a repeated step does not decide again.
    reason = decision.reason
    tags = {REASON: str(reason), REASON_CODE: str(reason.code), REASON_PARAMS: json.dumps(reason.params)}
    if decision.promoted and champion:
        tags[REPLACED] = str(champion.version)
    tags[DECISION] = CHAMPION if decision.promoted else CHALLENGER
    for key, value in tags.items():
        if candidate.run_id:
            client.set_tag(candidate.run_id, key, value)
        client.set_model_version_tag(candidate.name, str(candidate.version), key, value)
    if candidate.run_id and reason.code == "compared_with_champion":
        for name in ("songs", "roc_auc", "champion_roc_auc", "share_worse"):
            client.log_metric(candidate.run_id, f"promotion_{name}", reason.params[name])


def unseen_songs(store: DatasetStore, candidate_data: str, champion_data: str) -> Songs:
    """Return test songs of the candidate's dataset that are in neither training table; raise `DatasetNotFound`."""
    songs = test_songs(store, candidate_data)
    for version in sorted({candidate_data, champion_data}):
        songs = songs.without(Songs.of(store.table(version, "train")))
    return songs


def paired_bootstrap(labels: Labels, candidate: Probabilities, champion: Probabilities, tolerance: float) -> float:
    """Return the share of resamples in which the candidate is clearly worse, from probabilities (n,) of both.

    Every resample holds the same songs for both. The candidate is clearly worse where its ROC AUC is more than
    `tolerance` below the champion's.
    """
    worse = 0
    for drawn in resamples(labels, RESAMPLES, SEED):
        lead = roc_auc(labels[drawn], champion[drawn]) - roc_auc(labels[drawn], candidate[drawn])
        worse += int(lead > tolerance)
    return worse / RESAMPLES
