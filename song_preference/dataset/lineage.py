"""A dataset version in MLflow: one run for each time the pipeline passed it on."""

import json

import mlflow
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset
from mlflow.types import ColSpec, Schema

from song_preference.dataset.card import data_card
from song_preference.dataset.pictures import all_pictures
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion
from song_preference.features import FEATURES, LABEL

EXPERIMENT = "Spotify data"
SONGS_SHOWN = 20_000
"""In pictures, which look the same with more."""


def log_version(described: DatasetVersion, store: DatasetStore) -> tuple[str, str]:
    """Log parameters, statistics, the dataset, pictures and a card; returns the ids of run and experiment."""
    mlflow.set_experiment(EXPERIMENT)
    card = data_card(described)
    with mlflow.start_run(run_name=f"dataset {described.version}", description=card) as run:
        mlflow.log_input(_features(described, store), context="features")
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
        mlflow.log_text(card, "data_card.md")
        songs = store.part(described.version, "features", at_most=SONGS_SHOWN)
        for name, picture in all_pictures(songs).items():
            mlflow.log_figure(picture, f"pictures/{name}")
        return str(run.info.run_id), str(run.info.experiment_id)


def _features(described: DatasetVersion, store: DatasetStore) -> MetaDataset:
    """The dataset as MLflow lists it: by its address, since the rows themselves stay in S3."""
    source = resolve_dataset_source(store.part_uri(described.version, "features"))
    schema = Schema([ColSpec("float", name) for name in (*FEATURES, LABEL)])
    # Abstract for mypy only: MLflow's base class leaves an optional property out.
    return MetaDataset(source, name=described.version, digest=described.version, schema=schema)  # type: ignore[abstract]


def source_tags(described: DatasetVersion) -> dict[str, str]:
    """The tags by which runs and model versions say where their data came from."""
    tags: dict[str, str] = {"source_kind": described.source.kind}
    if described.source.fallback_reason:
        tags["fallback_reason"] = described.source.fallback_reason
    if fallback := described.source.fallback:
        tags |= {"fallback_code": str(fallback.code), "fallback_params": json.dumps(fallback.params)}
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
