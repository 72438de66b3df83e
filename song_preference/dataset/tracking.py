"""What the runs of datasets and of trainings share in MLflow: described experiments, and tables as inputs."""

import mlflow
from mlflow.data.dataset_source_registry import resolve_dataset_source
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Experiment
from mlflow.types import ColSpec, Schema
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from song_preference.dataset.store import FILES, DatasetStore, PreparedTable
from song_preference.features import FEATURES, LABEL


def open_experiment(name: str, description: str) -> Experiment:
    """Make the experiment the active one, and describe it unless it is described already."""
    experiment: Experiment = mlflow.set_experiment(name)
    # A page shows this tag of an experiment as its description, too.
    if MLFLOW_RUN_NOTE not in experiment.tags:
        mlflow.set_experiment_tag(MLFLOW_RUN_NOTE, description)
    return experiment


def table_input(store: DatasetStore, version: str, table: PreparedTable) -> MetaDataset:
    """Return a table as MLflow lists it: by its address, since the rows themselves stay in S3."""
    source = resolve_dataset_source(store.objects.uri(store.key(version, FILES[table])))
    schema = Schema([ColSpec("float", name) for name in (*FEATURES, LABEL)])
    # Two inputs with the same name and digest would be one to MLflow.
    name = f"{version} {table}"
    # Abstract for mypy only: MLflow's base class leaves an optional property out.
    return MetaDataset(source, name=name, digest=version, schema=schema)  # type: ignore[abstract]
