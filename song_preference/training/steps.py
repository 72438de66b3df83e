"""The four steps of `train_song_preference`; what they share is one MLflow run."""

import logging
from typing import NamedTuple

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, cross_val_score

from song_preference.dataset.lineage import source_tags
from song_preference.dataset.store import DatasetStore
from song_preference.features import FEATURES, LABEL
from song_preference.training.candidates import CANDIDATES, SKOPS_TRUSTED_TYPES
from song_preference.training.export import build_graph, parity_error
from song_preference.training.judge import judge

log = logging.getLogger(__name__)

EXPERIMENT = "Spotify training"
DECISION_THRESHOLD = 0.5
FOLDS = 5
JUDGE_SEED = 0
"""Of the bootstrap; the same for every model, so that intervals differ by the model alone."""

SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("double", feature) for feature in FEATURES]),
    outputs=Schema([ColSpec("long", "label"), ColSpec("float", "probability")]),
)
ONNX_REQUIREMENTS = ["onnxruntime", "numpy"]
ESTIMATOR_REQUIREMENTS = ["scikit-learn", "skops", "numpy"]


class Trained(NamedTuple):
    """A training run, the dataset version it learned from and the scikit-learn estimator that came of it."""

    run_id: str
    dataset_version: str
    estimator_uri: str


def train(store: DatasetStore, dataset_version: str, seed: int) -> Trained:
    """Fit the candidate with the best cross-validated ROC AUC on the training part; keep it on a run."""
    described = store.describe(dataset_version)
    features, labels = _matrix(store.part(dataset_version, "train"))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    scores = {
        name: float(cross_val_score(make(seed), features, labels, scoring="roc_auc", cv=folds).mean())
        for name, make in CANDIDATES.items()
    }
    winner = max(scores, key=lambda name: scores[name])
    estimator = CANDIDATES[winner](seed).fit(features, labels)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=f"{winner} on {dataset_version}") as run:
        mlflow.log_params({"candidate": winner, "seed": seed, "dataset_version": dataset_version})
        mlflow.log_metrics({f"cv_roc_auc_{name}": score for name, score in scores.items()})
        mlflow.set_tags({"dataset_version": dataset_version, **source_tags(described)})
        logged = mlflow.sklearn.log_model(
            estimator,
            name="estimator",
            serialization_format="skops",
            skops_trusted_types=SKOPS_TRUSTED_TYPES,
            pip_requirements=ESTIMATOR_REQUIREMENTS,
        )
    log.info("%s wins the cross-validation: %s", winner, scores)
    return Trained(run.info.run_id, dataset_version, logged.model_uri)


def evaluate(store: DatasetStore, trained: Trained) -> dict[str, float]:
    """Judge the estimator once, on the test part; the metrics, with their 95 % intervals, go to the run."""
    features, labels = _matrix(store.part(trained.dataset_version, "test"))
    probability = mlflow.sklearn.load_model(trained.estimator_uri).predict_proba(features)[:, 1]
    metrics = {"test_accuracy_of_majority": float(max(labels.mean(), 1 - labels.mean()))}
    for name, estimate in judge(labels, probability, DECISION_THRESHOLD, JUDGE_SEED).items():
        metrics |= {
            f"test_{name}": estimate.value,
            f"test_{name}_low": estimate.low,
            f"test_{name}_high": estimate.high,
        }
    mlflow.log_metrics(metrics, run_id=trained.run_id)
    log.info("On %d songs never seen: %s", len(labels), metrics)
    return metrics


def export(store: DatasetStore, trained: Trained, model_name: str) -> str:
    """Convert to ONNX, compare with scikit-learn, register; returns the new model version."""
    estimator = mlflow.sklearn.load_model(trained.estimator_uri)
    graph = build_graph(estimator, DECISION_THRESHOLD)
    test, _ = _matrix(store.part(trained.dataset_version, "test"))
    error = parity_error(estimator, graph, test)
    described = store.describe(trained.dataset_version)
    with mlflow.start_run(run_id=trained.run_id):
        mlflow.log_metric("onnx_parity_error", error)
        logged = mlflow.onnx.log_model(
            graph,
            name="model",
            signature=SIGNATURE,
            input_example=pd.DataFrame(test[:1].astype(float), columns=list(FEATURES)),
            pip_requirements=ONNX_REQUIREMENTS,
            onnx_execution_providers=["CPUExecutionProvider"],
            registered_model_name=model_name,
        )
    version = str(logged.registered_model_version)
    tags = {"dataset_version": trained.dataset_version, **source_tags(described)}
    for key, value in tags.items():
        mlflow.MlflowClient().set_model_version_tag(model_name, version, key, value)
    log.info("Registered %s version %s; parity error %.1e.", model_name, version, error)
    return version


def _matrix(part: pd.DataFrame) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    return part[list(FEATURES)].to_numpy(np.float32), part[LABEL].to_numpy(np.int64)
