"""Experiments and inputs of runs, on MLflow's own store."""

import json

import mlflow
from mlflow import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from song_preference.dataset.store import DatasetStore
from song_preference.dataset.tracking import open_experiment, table_input
from song_preference.features import FEATURES, LABEL


def test_an_experiment_is_made_active_and_described(client: MlflowClient) -> None:
    name = open_experiment("described", "Ours").name
    with mlflow.start_run() as run:
        found = client.get_experiment(run.info.experiment_id)
    assert (found.name, found.tags[MLFLOW_RUN_NOTE]) == (name, "Ours")


def test_a_description_that_somebody_changed_stays(client: MlflowClient) -> None:
    experiment_id = open_experiment("changed", "Ours").experiment_id
    client.set_experiment_tag(experiment_id, MLFLOW_RUN_NOTE, "Mine")
    open_experiment("changed", "Ours")
    assert client.get_experiment(experiment_id).tags[MLFLOW_RUN_NOTE] == "Mine"


def test_tables_are_inputs_of_a_run_by_their_addresses(client: MlflowClient, store: DatasetStore) -> None:
    with mlflow.start_run() as run:
        mlflow.log_input(table_input(store, "0123456789ab", "train"), context="training")
        mlflow.log_input(table_input(store, "0123456789ab", "test"), context="testing")
    inputs = client.get_run(run.info.run_id).inputs
    assert inputs
    logged = [logged.dataset for logged in inputs.dataset_inputs]
    assert {(table.name, table.digest, json.loads(table.source)["uri"]) for table in logged} == {
        ("0123456789ab train", "0123456789ab", store.objects.uri("datasets/0123456789ab/train.parquet")),
        ("0123456789ab test", "0123456789ab", store.objects.uri("datasets/0123456789ab/test.parquet")),
    }
    columns = json.loads(logged[0].schema or "")["mlflow_colspec"]
    assert [(column["name"], column["type"]) for column in columns] == [(name, "float") for name in (*FEATURES, LABEL)]
