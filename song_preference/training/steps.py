"""The five steps of `train_song_preference`, which share one MLflow run.

search -> export -> evaluate -> register -> promote: each takes what the one before it returned, and can be repeated.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import mlflow
from mlflow import MlflowClient

from song_preference.commit import git_commit
from song_preference.dataset.store import DatasetStore, PreparedTable
from song_preference.dataset.tracking import table_input
from song_preference.dataset.version import NAME_TAG
from song_preference.errors import NothingToDo
from song_preference.evaluation import EVALUATED_ON, EVALUATION_FILE, LEFT_OUT, TEST_TABLE, by_ends
from song_preference.messages import Message
from song_preference.serving.model import open_graph
from song_preference.serving.registry import CHALLENGER, find_version, recorded
from song_preference.serving.versions import stored_reason
from song_preference.settings import ModelSettings
from song_preference.training import registry
from song_preference.training.choose import Choice, choose, own_songs
from song_preference.training.data import are_enough, test_songs, training_songs
from song_preference.training.evaluate import evaluate_left_out, evaluate_model
from song_preference.training.export import predicting
from song_preference.training.fingerprint import CHAMPION, DECIDED_AT, DECISION, TRAINING_KEY, training_key
from song_preference.training.plots import all_plots
from song_preference.training.promote import Decision, decide, record
from song_preference.training.registry import model_card
from song_preference.training.search import search as search_candidates

log = logging.getLogger(__name__)


class Searched(NamedTuple):
    """A training run, the dataset version that it is trained on, and its seed."""

    run_id: str
    experiment_id: str
    dataset_version: str
    seed: int

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> "Searched":
        """Return the search of a task's result; raise `NothingToDo` if that is a version of before."""
        if "version" in result:
            raise NothingToDo(Message("promoted_again", {"version": result["version"]}))
        return cls(*(result[name] for name in cls._fields))


class Exported(NamedTuple):
    """A training run with its logged ONNX models (`models:/<model id>`)."""

    run_id: str
    experiment_id: str
    dataset_version: str
    seed: int
    model_uri: str
    twin_uri: str
    """Address of the same recipe trained on the training table alone."""
    threshold: float


def search(store: DatasetStore, dataset_version: str, seed: int, trials: int) -> Searched:
    """Try `trials` candidates by cross-validation on the training table; log the ranking as a run with nested runs."""
    described = store.describe(dataset_version)
    songs = training_songs(store, dataset_version, seed)
    ranking = search_candidates(songs, trials, seed)
    best = ranking[0]
    params = {"dataset_version": dataset_version, "seed": seed, "trials": trials, "songs_trained": len(songs.labels)}
    tags = {
        "dataset_version": dataset_version,
        "git_commit": git_commit(),
        TRAINING_KEY: training_key(dataset_version, seed, trials),
        NAME_TAG: described.name,
        **described.source.tags,
    }
    tables: dict[str, PreparedTable] = {"training": "train", "testing": "test"}
    inputs = {context: table_input(store, dataset_version, table) for context, table in tables.items()}
    run_id, experiment_id = registry.log_search(f"training on {dataset_version}", ranking, params, tags, inputs)
    log.info("The best of %d models is %s, with a log loss of %.4f.", trials, best.candidate, best.log_loss.mean)
    return Searched(run_id, experiment_id, dataset_version, seed)


def export(store: DatasetStore, searched: Searched) -> Exported:
    """Log the best candidate whose ONNX graph agrees with scikit-learn; raise `TrainingFailed` if there is none."""
    run_id, _, dataset_version, seed = searched
    train, test = training_songs(store, dataset_version, seed), test_songs(store, dataset_version)
    choice = choose(registry.ranked_trials(run_id), train, test, seed)
    with mlflow.start_run(run_id=run_id):
        _log_choice(choice)
        addresses = registry.log_models(choice)
        registry.log_own_songs(run_id, own_songs(choice, train, test, seed))
    parity = choice.model.parity_error
    log.info("The ONNX model of %s answers as scikit-learn's, to within %.1e.", choice.trial.candidate, parity)
    return Exported(*searched, *addresses, choice.threshold)


def _log_choice(choice: Choice) -> None:
    trial, line = choice.trial, choice.calibration._asdict() if choice.calibration else {}
    mlflow.log_params({"candidate": trial.candidate, "threshold": choice.threshold, **trial.parameters})
    mlflow.log_params({"songs_refitted": len(choice.model.songs.labels)})
    mlflow.log_params({f"{registry.CALIBRATION}{name}": value for name, value in line.items()})
    mlflow.log_metrics({**registry.cv_metrics(trial), "onnx_parity_error": choice.model.parity_error})
    if choice.rejected:
        mlflow.set_tag("rejected_candidates", "; ".join(map(str, choice.rejected)))


def evaluate(store: DatasetStore, exported: Exported) -> dict[str, float]:
    """Evaluate the exported twin once, on the test table; the evaluation and its plots go to the run.

    Where the test table has too few songs, evaluate the answers on all songs, each left out of training in turn.
    """
    run_id, _, dataset_version, seed, *_ = exported
    train = training_songs(store, dataset_version, seed)
    predict = predicting(open_graph(registry.load_graph(exported.twin_uri)))
    if are_enough(songs := test_songs(store, dataset_version)):
        evaluated_on, evaluation = TEST_TABLE, evaluate_model(songs, train, predict, exported.threshold, seed)
    else:
        songs, left_out = registry.load_own_songs(run_id)
        evaluated_on, evaluation = LEFT_OUT, evaluate_left_out(songs, left_out, exported.threshold, seed)
    metrics = by_ends(evaluation.metrics)
    client = MlflowClient()
    mlflow.log_params({"songs_evaluated": len(evaluation.labels), EVALUATED_ON: evaluated_on}, run_id=run_id)
    mlflow.log_metrics(metrics, run_id=run_id)
    client.log_text(run_id, evaluation.model_dump_json(), EVALUATION_FILE)
    for name, figure in all_plots(evaluation, songs, predict).items():
        client.log_figure(run_id, figure, f"pictures/{name}")
    which = "of the test table" if evaluated_on == TEST_TABLE else "left out of training in turn"
    roc_auc = evaluation.metrics["test_roc_auc"]
    log.info("ROC AUC %.3f (%.3f to %.3f) on %d songs %s.", *roc_auc, len(evaluation.labels), which)
    return metrics


def register(store: DatasetStore, model_name: str, exported: Exported) -> str:
    """Register the model with its tags and card and return the version; repeated for a run, return that version."""
    client = MlflowClient()
    run = client.get_run(exported.run_id)
    described = store.describe(exported.dataset_version)
    card = model_card(model_name, described, run.data.params, run.data.metrics)
    client.log_text(exported.run_id, str(card), registry.CARD_FILE)
    version = registry.version_of(client, model_name, exported.run_id, exported.model_uri)
    client.update_model_version(model_name, version, description=str(card))
    for key, value in registry.version_tags(run, card, exported.twin_uri).items():
        client.set_model_version_tag(model_name, version, key, value)
    log.info("Version %s of %s is registered, with its model card.", version, model_name)
    return version


def promote(
    store: DatasetStore,
    settings: ModelSettings,
    version: str,
    new_listener: bool | None = None,
    *,
    again: bool = False,
) -> Decision:
    """Decide once whether `version` becomes the champion, and set the alias; the decision goes to version and run.

    `new_listener` is what the run says of the listener, None if nothing. A candidate that is not promoted becomes
    `challenger`. Repeated after an interruption, the step carries out the decision that was made; repeated after
    that, it changes nothing. With `again` it decides anew, unless the version is the champion.
    """
    client = MlflowClient()
    candidate = client.get_model_version(settings.name, version)
    champion = find_version(client, settings.name, settings.alias)
    is_decided_again = again and (champion is None or str(champion.version) != version)
    reason = stored_reason(recorded(candidate))
    if reason and DECISION in candidate.tags and not is_decided_again:
        decision = Decision(candidate.tags[DECISION] == CHAMPION, reason)
    else:
        decision = decide(store, candidate, champion, new_listener)
        record(client, candidate, champion, decision, new_listener)
    if is_decided_again or DECIDED_AT not in candidate.tags:
        alias = settings.alias if decision.promoted else CHALLENGER
        client.set_registered_model_alias(settings.name, alias, version)
        client.set_model_version_tag(settings.name, version, DECIDED_AT, datetime.now(UTC).isoformat())
    log.info("Version %s is %s: %s", version, CHAMPION if decision.promoted else CHALLENGER, decision.reason)
    return decision
