"""A dataset version in MLflow: one run for each time the pipeline passed it on."""

import mlflow
from mlflow.data.pandas_dataset import from_pandas

from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion

EXPERIMENT = "Spotify data"


def log_version(described: DatasetVersion, store: DatasetStore) -> str:
    """Log parameters, statistics, the dataset and `dataset.json`; returns the MLflow run's id."""
    mlflow.set_experiment(EXPERIMENT)
    uri = store.part_uri(described.version, "features")
    features = from_pandas(
        store.part(described.version, "features"), source=uri, targets="label", name=described.version
    )
    with mlflow.start_run(run_name=f"dataset {described.version}") as run:
        mlflow.log_input(features, context="features")
        mlflow.log_params(
            {
                "dataset_version": described.version,
                "source": described.source.uri,
                "sha256": described.source.sha256,
                **described.parameters.model_dump(),
            }
        )
        mlflow.log_metrics(_numbers(described))
        mlflow.set_tags({"dataset_version": described.version, **source_tags(described)})
        mlflow.log_dict(described.model_dump(mode="json"), "dataset.json")
        return str(run.info.run_id)


def source_tags(described: DatasetVersion) -> dict[str, str]:
    """The tags by which runs and model versions say where their data came from."""
    tags: dict[str, str] = {"source_kind": described.source.kind}
    if described.source.fallback_reason:
        tags["fallback_reason"] = described.source.fallback_reason
    return tags


def _numbers(described: DatasetVersion) -> dict[str, float]:
    preparation = described.preparation
    numbers: dict[str, float] = {
        "rows_raw": preparation.rows_raw,
        "rows_kept": preparation.rows_kept,
        "rows_train": described.split.train,
        "rows_test": described.split.test,
        "likes": preparation.likes,
        "dislikes": preparation.dislikes,
    }
    for feature, statistics in preparation.features.items():
        numbers |= {f"{feature}_mean": statistics.mean, f"{feature}_std": statistics.std}
    return numbers
