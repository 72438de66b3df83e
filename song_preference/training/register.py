"""A logged model becomes a version of the registered model."""

import json
import logging
import sys
from contextlib import redirect_stderr

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Run

from song_preference.dataset.lineage import source_tags
from song_preference.dataset.store import DatasetStore
from song_preference.messages.model_card import METRICS
from song_preference.serving.registry import CARD_TAG, EXPERIMENT_TAG
from song_preference.training.card import model_card
from song_preference.training.evaluate import MODEL
from song_preference.training.identity import TRAINING_KEY
from song_preference.training.steps import Exported

log = logging.getLogger(__name__)

CARD_FILE = "model_card.md"


def register(store: DatasetStore, model_name: str, exported: Exported) -> str:
    """Register the model with its tags and card; returns the version. Repeated for a run, it finds that version."""
    client = MlflowClient()
    run = client.get_run(exported.run_id)
    described = store.describe(exported.dataset_version)
    card = model_card(model_name, described, run.data.params, run.data.metrics)
    client.log_text(exported.run_id, str(card), CARD_FILE)
    version = _version_of(client, model_name, exported)
    client.update_model_version(model_name, version, description=str(card))
    tags = _tags(run) | source_tags(described) | {CARD_TAG: json.dumps(card.params)}
    for key, value in tags.items():
        client.set_model_version_tag(model_name, version, key, value)
    log.info("%s version %s comes from run %s.", model_name, version, exported.run_id)
    return version


def _version_of(client: MlflowClient, model_name: str, exported: Exported) -> str:
    known = client.search_model_versions(f"name = '{model_name}' and run_id = '{exported.run_id}'")
    if known:
        return str(known[0].version)
    # It says on stderr that it worked, which Airflow would show as errors.
    with redirect_stderr(sys.stdout):
        return str(mlflow.register_model(exported.model_uri, model_name).version)


def _tags(run: Run) -> dict[str, str]:
    metrics = {
        name: f"{run.data.metrics[name]:.6f}"
        for metric in METRICS
        for name in (f"{MODEL}_{metric}", f"{MODEL}_{metric}_low", f"{MODEL}_{metric}_high")
    }
    params = {name: run.data.params[name] for name in ("candidate", "threshold", "seed", "trials")}
    known = {name: run.data.tags[name] for name in ("dataset_version", "git_commit", TRAINING_KEY)}
    # MLflow's page of a run opens in the right view only by an address that names its experiment.
    return metrics | params | known | {EXPERIMENT_TAG: str(run.info.experiment_id)}
