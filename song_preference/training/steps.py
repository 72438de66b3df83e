"""The first three steps of `train_song_preference`; what they share is one MLflow run.

search -> export -> evaluate, then `register` and `promote` in modules of their own. Each takes what the one before it
returned.
"""

import importlib
import logging
import platform
import warnings
from typing import NamedTuple

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from song_preference.commit import git_commit
from song_preference.dataset.lineage import source_tags
from song_preference.dataset.store import DatasetStore
from song_preference.evaluation import EVALUATION_FILE
from song_preference.features import FEATURES
from song_preference.serving.contract import open_graph
from song_preference.temporary import temporary_directory
from song_preference.training.candidates import SKOPS_TRUSTED_TYPES
from song_preference.training.choose import Choice, choose
from song_preference.training.evaluate import Verdict, evaluation_of, judge_on, metrics_of
from song_preference.training.graph import ask
from song_preference.training.identity import TRAINING_KEY, pinned, training_key
from song_preference.training.importance import permutation_importances
from song_preference.training.pictures import all_pictures
from song_preference.training.search import search as search_candidates
from song_preference.training.songs import MAX_JUDGED_SONGS, MAX_TRAINING_SONGS, Features, Probabilities, Songs
from song_preference.training.tracking import log_search, ranked_attempts

log = logging.getLogger(__name__)

SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("double", feature) for feature in FEATURES]),
    outputs=Schema([ColSpec("long", "label"), ColSpec("float", "probability")]),
)
ONNX_REQUIREMENTS = pinned("onnx", "onnxruntime", "numpy")
ESTIMATOR_REQUIREMENTS = pinned("scikit-learn", "skops", "numpy")


class Searched(NamedTuple):
    """A training run, the dataset version that it learns from, and its seed."""

    run_id: str
    experiment_id: str
    dataset_version: str
    seed: int


class Exported(NamedTuple):
    """A training run with its logged ONNX model (`models:/<model id>`)."""

    run_id: str
    experiment_id: str
    dataset_version: str
    seed: int
    model_uri: str
    threshold: float


def search(store: DatasetStore, dataset_version: str, seed: int, trials: int) -> Searched:
    """Try `trials` candidates by cross-validation on the training part; the ranking goes to a run with nested runs."""
    described = store.describe(dataset_version)
    songs = training_songs(store, dataset_version, seed)
    attempts = search_candidates(songs, trials, seed)
    best = attempts[0]
    params = {
        "dataset_version": dataset_version,
        "seed": seed,
        "trials": trials,
        "songs_trained": len(songs.labels),
    }
    tags = {
        "dataset_version": dataset_version,
        "git_commit": git_commit(),
        TRAINING_KEY: training_key(dataset_version, seed, trials),
        **source_tags(described),
    }
    run_id, experiment_id = log_search(f"training on {dataset_version}", attempts, params, tags)
    log.info("%s leads %d trials with a ROC AUC of %.4f; MLflow run %s.", best.candidate, trials, best.roc_auc, run_id)
    return Searched(run_id, experiment_id, dataset_version, seed)


def export(store: DatasetStore, searched: Searched) -> Exported:
    """Log the best candidate whose ONNX graph agrees with scikit-learn; raises `TrainingFailed` if there is none."""
    run_id, _, dataset_version, seed = searched
    songs = training_songs(store, dataset_version, seed)
    test = judged_songs(store, dataset_version)
    choice = choose(ranked_attempts(run_id), songs, test.features, seed)
    _import_skops()
    with mlflow.start_run(run_id=run_id):
        _log_choice(choice)
        mlflow.sklearn.log_model(
            choice.estimator,
            name="estimator",
            serialization_format="skops",
            skops_trusted_types=SKOPS_TRUSTED_TYPES,
            conda_env=_conda_environment(ESTIMATOR_REQUIREMENTS),
        )
        logged = mlflow.onnx.log_model(
            choice.graph,
            name="model",
            signature=SIGNATURE,
            input_example=_example(songs),
            conda_env=_conda_environment(ONNX_REQUIREMENTS),
            onnx_execution_providers=["CPUExecutionProvider"],
        )
    log.info("%s exported; parity error %.1e.", choice.attempt.candidate, choice.parity_error)
    return Exported(*searched, str(logged.model_uri), choice.threshold)


def _import_skops() -> None:
    """Import it without what is none of our business, before MLflow does.

    It asks every module that is loaded for the name of each of SciPy's functions, and Airflow's modules for names that
    moved answer a thousand times with a warning.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        importlib.import_module("skops.io")


def _conda_environment(requirements: list[str]) -> dict[str, object]:
    """Return what a logged model needs, with pip named: MLflow warns where it has to guess pip's version itself."""
    needed: list[object] = [f"python={platform.python_version()}", "pip", {"pip": requirements}]
    return {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": needed}


def _log_choice(choice: Choice) -> None:
    attempt = choice.attempt
    mlflow.log_params({"candidate": attempt.candidate, "threshold": choice.threshold, **attempt.parameters})
    mlflow.log_metrics({"cv_roc_auc": attempt.roc_auc, "onnx_parity_error": choice.parity_error})
    if choice.refused:
        mlflow.set_tag("refused_candidates", "; ".join(choice.refused))


def _example(songs: Songs) -> pd.DataFrame:
    return pd.DataFrame(np.median(songs.features, axis=0, keepdims=True).astype(float), columns=list(FEATURES))


def evaluate(store: DatasetStore, exported: Exported) -> dict[str, float]:
    """Judge the exported graph once, on the test part; metrics with intervals, answers and pictures go to the run."""
    songs = training_songs(store, exported.dataset_version, exported.seed)
    test = judged_songs(store, exported.dataset_version)
    session = open_graph(load_graph(exported.model_uri))

    def probability(features: Features) -> Probabilities:
        return ask(session, features).probability

    verdict: Verdict = judge_on(test, songs, probability(test.features), exported.threshold, exported.seed)
    metrics = metrics_of(verdict)
    client = MlflowClient()
    mlflow.log_params({"songs_judged": len(test.labels)}, run_id=exported.run_id)
    mlflow.log_metrics(metrics, run_id=exported.run_id)
    importances = permutation_importances(test, probability)
    client.log_text(exported.run_id, evaluation_of(verdict.judged, importances).model_dump_json(), EVALUATION_FILE)
    for name, figure in all_pictures(verdict.judged, importances, test, probability).items():
        client.log_figure(exported.run_id, figure, f"pictures/{name}")
    log.info("On %d songs never seen: %s", len(test.labels), metrics)
    return metrics


def load_graph(model_uri: str) -> bytes:
    """The ONNX file of a logged model or a version (`models:/...`)."""
    # In a directory of our own, since nobody removes MLflow's.
    with temporary_directory() as directory:
        content: bytes = mlflow.onnx.load_model(model_uri, dst_path=str(directory)).SerializeToString()
    return content


def training_songs(store: DatasetStore, dataset_version: str, seed: int) -> Songs:
    """The training part, of a very long playlist a sample; raises `DatasetNotFound`."""
    return _at_most(Songs.of(store.part(dataset_version, "train")), MAX_TRAINING_SONGS, seed, "learns from")


def judged_songs(store: DatasetStore, dataset_version: str) -> Songs:
    """The test part, of a very long playlist a sample that is the same for every seed; raises `DatasetNotFound`."""
    return _at_most(Songs.of(store.part(dataset_version, "test")), MAX_JUDGED_SONGS, 0, "is judged by")


def _at_most(songs: Songs, limit: int, seed: int, purpose: str) -> Songs:
    taken = songs.at_most(limit, seed)
    if len(taken.labels) < len(songs.labels):
        log.warning(
            "The model %s a sample of %d of %d songs, to bound time and memory.", purpose, limit, len(songs.labels)
        )
    return taken
