"""The decision whether a registered version becomes the champion."""

import json
import logging
from typing import Any, NamedTuple

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from song_preference.dataset.split import MIN_TEST_SONGS
from song_preference.dataset.store import DatasetStore
from song_preference.errors import DatasetNotFound, ModelRejected
from song_preference.messages import Message
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.serving.registry import CHALLENGER, MISSING, PROMOTION, recorded
from song_preference.serving.versions import DECLINED, REASON, REASON_CODE, REASON_PARAMS, REPLACED, ROLLED_BACK
from song_preference.training.compare import (
    MAX_SHARE_WORSE,
    TABLE_TOLERANCE,
    TOLERANCE,
    Comparison,
    compare,
    overlap,
    pooled,
    unseen_songs,
)
from song_preference.training.data import are_enough
from song_preference.training.export import predicting
from song_preference.training.fingerprint import CHAMPION, DECISION
from song_preference.training.registry import address_of, load_graph, twin_of

log = logging.getLogger(__name__)

LISTENER, BEST, NEW_LISTENER = "listener", "best_version", "new_listener"
"""Records of a version: the version that its listener's models began with, the best champion of that listener so far
(itself included), and what its run said of the listener."""

FIRST = ("first_beats_majority", "first_may_not_beat_majority")
NEW = ("new_listener_beats_majority", "new_listener_may_not_beat_majority")
"""Codes of a first model that is better than the majority's answer, and of one that may not be."""


class Decision(NamedTuple):
    """The decision whether a version becomes champion, and its reason."""

    promoted: bool
    reason: Message
    listener: str = ""
    """The version that the listener's models began with, read by people."""
    best: str = ""
    """The best of the listener's champions once this version is one of them."""
    comparison: Comparison | None = None
    """The comparison with the champion, if there was one."""

    def as_json(self) -> dict[str, Any]:
        """Return the decision as the result of a task."""
        return {"promoted": self.promoted, "reason": str(self.reason), **self.reason.as_json()}


def decide(
    store: DatasetStore, candidate: ModelVersion, champion: ModelVersion | None, new_listener: bool | None = None
) -> Decision:
    """Decide whether `candidate` becomes the champion; `new_listener` is what the run says, None if nothing.

    The rule, the first that applies:

    1. No champion, or one that no service can load: the version becomes champion if it is better than always
       giving the majority's answer, that is, if the low end of the 95 % interval of the ROC AUC of its evaluation is
       above 0.5.
    2. A model of the bundled sample never replaces one of a real playlist.
    3. A model of a real playlist always replaces one of the sample.
    4. Another listener, who the run says it is: as if there were no champion.
    5. Datasets that share less than half of the smaller one's songs: it is not promoted, unless the run says that
       the listener is the same.
    6. Else it must be worse neither than the champion nor than the best champion of this listener so far. The twins
       predict the songs of both test tables that neither was trained on. It is worse if its ROC AUC is more than
       0.02 lower in more than a quarter of 1,000 paired resamples, or more than 0.05 lower on one table. With fewer
       than 10 such songs of a class, or where the champion's training songs are not known any more, it is not
       promoted.

    A version of before there were tags of listener and best, or that somebody made champion by hand, is the first
    and the best of its listener.
    """
    own = str(candidate.version)
    if champion is None or _load(champion, address_of(champion)) is None:
        return _against_majority(candidate, FIRST)
    replaced = {"champion": str(champion.version)}
    if _is_sample(candidate) and not _is_sample(champion):
        return Decision(False, Message("sample_against_playlist", replaced), own)
    if _is_sample(champion) and not _is_sample(candidate):
        return Decision(True, Message("playlist_against_sample", replaced), own, own)
    if new_listener:
        return _against_majority(candidate, NEW, str(champion.version))
    if stranger := _stranger(store, candidate, champion, new_listener):
        return Decision(False, stranger, own)
    return _against_champions(store, candidate, champion)


def _load(version: ModelVersion, address: str) -> ServedModel | None:
    """Return the version's model or twin at an address as a service would load it, or None if none can."""
    try:
        return ServedModel.load(ModelRef(version.name, str(version.version), ""), load_graph(address))
    except ModelRejected as reason:
        log.warning("%s", reason)
    except MlflowException as error:
        if error.error_code != MISSING:
            raise  # MLflow is unreachable just now, which is not the version's fault
        log.warning("Version %s of %s has no ONNX model at %s (any more).", version.version, version.name, address)
    return None


def _is_sample(version: ModelVersion) -> bool:
    return recorded(version).get("source_kind") == "sample"


def _against_majority(candidate: ModelVersion, codes: tuple[str, str], champion: str = "") -> Decision:
    own, low = str(candidate.version), recorded(candidate).get("test_roc_auc_low")
    if low is None:
        return Decision(False, Message("first_was_never_evaluated"), own)
    promoted = float(low) > 0.5
    better, perhaps_no_better = codes
    values = {"low": float(low)} | ({"champion": champion} if champion else {})
    return Decision(promoted, Message(better if promoted else perhaps_no_better, values), own, own)


def _stranger(
    store: DatasetStore, candidate: ModelVersion, champion: ModelVersion, new_listener: bool | None
) -> Message | None:
    """Return why the candidate may be another listener's; None if both are of the same one."""
    versions = _versions(candidate, champion)
    try:
        found = overlap(store, candidate.tags["dataset_version"], champion.tags["dataset_version"])
    except (KeyError, DatasetNotFound):
        return Message("training_songs_unknown", versions)
    if new_listener is None and 2 * found.shared < found.songs:
        return Message("another_listener", {**versions, **found._asdict()})
    return None


def _versions(candidate: ModelVersion, champion: ModelVersion) -> dict[str, str]:
    return {"version": str(candidate.version), "champion": str(champion.version)}


def _against_champions(store: DatasetStore, candidate: ModelVersion, champion: ModelVersion) -> Decision:
    """Decide by comparisons with the champion and with the best one of its listener so far."""
    own, first = str(candidate.version), str(champion.version)
    known = recorded(champion)
    listener, best = known.get(LISTENER, first), known.get(BEST, first)
    found = _compared(store, candidate, champion)
    if isinstance(found, Message):
        return Decision(False, found, listener)
    last, parts = found, _parts("against_the_champion", first, found)
    if best != first:
        with_best = _compared_with_best(store, candidate, best)
        if with_best is None:
            parts.append(Message("best_not_comparable", {"version": best}))
            best = first
        else:
            last = with_best
            parts += _parts("against_the_best", best, last)
    promoted = found.is_not_inferior and last.is_not_inferior
    reason = Message("not_inferior" if promoted else "inferior", {"comparisons": [part.as_json() for part in parts]})
    return Decision(promoted, reason, listener, own if last.roc_auc >= last.other_roc_auc else best, found)


def _compared_with_best(store: DatasetStore, candidate: ModelVersion, best: str) -> Comparison | None:
    named = MlflowClient().search_model_versions(f"name = '{candidate.name}' and version_number = {best}")
    found = _compared(store, candidate, named[0]) if named else None
    return None if isinstance(found, Message) else found


def _compared(store: DatasetStore, candidate: ModelVersion, other: ModelVersion) -> Comparison | Message:
    """Return the comparison of two twins, or why there is none."""
    versions = _versions(candidate, other)
    try:
        tables = unseen_songs(store, candidate.tags["dataset_version"], other.tags["dataset_version"])
    except (KeyError, DatasetNotFound):
        return Message("training_songs_unknown", versions)
    songs = pooled(tables)
    if not are_enough(songs):
        return Message("too_few_new_songs", {**versions, "songs": len(songs.labels), "least": MIN_TEST_SONGS})
    own, others = (_load(version, twin_of(version)) for version in (candidate, other))
    if own is None or _load(candidate, address_of(candidate)) is None:
        return Message("cannot_be_loaded")
    if others is None:
        return Message("twin_gone", versions)
    return compare(tables, predicting(own.session), predicting(others.session))


def _parts(code: str, version: str, found: Comparison) -> list[Message]:
    """Return what a comparison showed."""
    values = {
        "version": version,
        "songs": found.songs,
        "roc_auc": found.roc_auc,
        "other_roc_auc": found.other_roc_auc,
        "tolerance": TOLERANCE,
        "share_worse": found.share_worse,
        "max_share_worse": MAX_SHARE_WORSE,
    }
    parts = [Message(code, values)]
    if found.table_difference < -TABLE_TOLERANCE:
        lower = {"version": version, "difference": -found.table_difference, "tolerance": TABLE_TOLERANCE}
        parts.append(Message("worse_on_one_table", lower))
    return parts


def record(
    client: MlflowClient,
    candidate: ModelVersion,
    champion: ModelVersion | None,
    decision: Decision,
    new_listener: bool | None = None,
) -> None:
    """Set the decision, and what the run said of the listener, as tags of the version and its run."""
    reason = decision.reason
    values: dict[str, Any] = json.loads(candidate.tags.get(PROMOTION, "{}"))
    values |= {REASON_CODE: reason.code, REASON_PARAMS: reason.params, LISTENER: decision.listener}
    if new_listener is not None:
        values[NEW_LISTENER] = new_listener
    client.delete_model_version_tag(candidate.name, str(candidate.version), DECLINED)
    if decision.promoted:
        client.delete_model_version_tag(candidate.name, str(candidate.version), ROLLED_BACK)
        values[BEST] = decision.best
    tags = {REASON: str(reason), PROMOTION: json.dumps(values)}
    if decision.promoted and champion:
        tags[REPLACED] = str(champion.version)
    # The decision is written last: with it, a repeated step does not decide again.
    tags[DECISION] = CHAMPION if decision.promoted else CHALLENGER
    for key, value in tags.items():
        if candidate.run_id:
            client.set_tag(candidate.run_id, key, value)
        client.set_model_version_tag(candidate.name, str(candidate.version), key, value)
    if candidate.run_id and (found := decision.comparison):
        for name, number in {
            "songs": found.songs,
            "roc_auc": found.roc_auc,
            "champion_roc_auc": found.other_roc_auc,
            "share_worse": found.share_worse,
        }.items():
            client.log_metric(candidate.run_id, f"promotion_{name}", number)
