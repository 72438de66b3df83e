"""A training in MLflow: a run with a nested run for each trial, its models, and a version of the registered
model with its card.
"""

import importlib
import json
import platform
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Metric, Param, Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from pydantic import TypeAdapter

from song_preference.dataset.tracking import open_experiment
from song_preference.dataset.version import DatasetVersion
from song_preference.evaluation import EVALUATED_ON, LEFT_OUT, TEST_TABLE, comparison
from song_preference.features import FEATURES
from song_preference.messages import METRIC_NAMES, Message
from song_preference.serving.registry import METRICS, OWN_SONGS_FILE, TRAINING, recorded
from song_preference.serving.versions import CARD_CODE_TAG, CARD_TAG, EXPERIMENT_TAG, METRIC_PREFIX, model_metrics
from song_preference.temporary import temporary_directory
from song_preference.training.candidates import SKOPS_TRUSTED_TYPES
from song_preference.training.choose import REPEAT_COLUMNS, Choice
from song_preference.training.data import Probabilities, Songs
from song_preference.training.fingerprint import TRAINING_KEY, pinned
from song_preference.training.search import METRICS as CV_METRICS
from song_preference.training.search import Trial

EXPERIMENT = "Spotify training"
EXPERIMENT_DESCRIPTION = """\
The trainings of the listener's model: one run for each time that the DAG `train_song_preference` trained, with a nested
run for each model that it compared.

A run shows its songs, the best model with its metrics on songs that it did not know, plots and a model card. Its models
are versions of a registered model, whose champion the services use.
"""
MODEL_DESCRIPTION = """\
Predicts from four audio features of a song whether the listener will like it.

The services use the version with the alias `champion`; `challenger` is the last one that was compared with it and did
not replace it, or that somebody rolled back from. Each version's description is its model card.
"""
TRIALS_FILE = "trials.json"
CARD_FILE = "model_card.md"
CALIBRATION = "calibration_"
"""Prefix of the slope and intercept among the parameters of a run whose probabilities are calibrated."""

TWIN = "twin_uri"
"""Record of a version: address of the same recipe trained on the training table alone."""

SONGS_OF_METRICS = {TEST_TABLE: "evaluated_on_test_table", LEFT_OUT: "evaluated_on_left_out"}
TRIALS = TypeAdapter(list[Trial])

SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec("double", feature) for feature in FEATURES]),
    outputs=Schema([ColSpec("long", "label"), ColSpec("float", "probability")]),
)
ONNX_REQUIREMENTS = pinned("onnx", "onnxruntime", "numpy")
ESTIMATOR_REQUIREMENTS = pinned("scikit-learn", "skops", "numpy")


def log_search(
    name: str,
    trials: Sequence[Trial],
    params: dict[str, object],
    tags: dict[str, str],
    inputs: Mapping[str, MetaDataset],
) -> tuple[str, str]:
    """Log a run with its inputs by context, the ranked trials and a nested run for each; return run and experiment."""
    experiment = open_experiment(EXPERIMENT, EXPERIMENT_DESCRIPTION)
    with mlflow.start_run(run_name=name) as run:
        for context, table in inputs.items():
            mlflow.log_input(table, context=context)
        mlflow.log_params(params)
        mlflow.set_tags(tags)
        mlflow.log_dict(TRIALS.dump_python(list(trials), mode="json"), TRIALS_FILE)
        client = MlflowClient()
        for trial in trials:
            _log_trial(client, str(experiment.experiment_id), str(run.info.run_id), trial)
    return str(run.info.run_id), str(experiment.experiment_id)


def _log_trial(client: MlflowClient, experiment_id: str, parent: str, trial: Trial) -> None:
    """Log a nested run, in three calls: a run cannot be created with its values."""
    run = client.create_run(
        experiment_id,
        start_time=int(trial.started_at.timestamp() * 1000),
        tags={MLFLOW_PARENT_RUN_ID: parent},
        run_name=f"trial {trial.number}: {trial.candidate}",
    )
    ended = int(trial.ended_at.timestamp() * 1000)
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(name, value, ended, 0) for name, value in cv_metrics(trial).items()],
        params=[Param(name, str(value)) for name, value in {"candidate": trial.candidate, **trial.parameters}.items()],
    )
    client.set_terminated(run.info.run_id, end_time=ended)


def cv_metrics(trial: Trial) -> dict[str, float]:
    """Return the metrics of the cross-validation as MLflow logs them: `cv_log_loss` with `cv_log_loss_error`, etc."""
    ends = ("", "_error")
    return {
        f"cv_{name}{end}": value for name in CV_METRICS for end, value in zip(ends, getattr(trial, name), strict=True)
    }


def ranked_trials(run_id: str) -> list[Trial]:
    """Return the trials that `log_search` logged, the best first."""
    return TRIALS.validate_python(mlflow.artifacts.load_dict(f"runs:/{run_id}/{TRIALS_FILE}"))


def log_models(choice: Choice) -> tuple[str, str]:
    """Log estimator, model and twin to the active run; return the addresses of the ONNX models of the last two."""
    _import_skops()
    mlflow.sklearn.log_model(
        choice.model.estimator,
        name="estimator",
        serialization_format="skops",
        skops_trusted_types=SKOPS_TRUSTED_TYPES,
        conda_env=_conda_environment(ESTIMATOR_REQUIREMENTS),
    )
    model, twin = (
        mlflow.onnx.log_model(
            trained.graph,
            name=name,
            signature=SIGNATURE,
            input_example=_example(trained.songs),
            conda_env=_conda_environment(ONNX_REQUIREMENTS),
            onnx_execution_providers=["CPUExecutionProvider"],
        )
        for name, trained in (("model", choice.model), ("twin", choice.twin))
    )
    return str(model.model_uri), str(twin.model_uri)


def log_own_songs(run_id: str, table: pd.DataFrame) -> None:
    """Log the table of `own_songs` to a run."""
    with temporary_directory() as directory:
        table.to_parquet(directory / OWN_SONGS_FILE, index=False)
        MlflowClient().log_artifact(run_id, str(directory / OWN_SONGS_FILE))


def load_own_songs(run_id: str) -> tuple[Songs, Probabilities]:
    """Return the songs of a run's table of `own_songs` and their probabilities (repeats, n)."""
    with temporary_directory() as directory:
        path = MlflowClient().download_artifacts(run_id, OWN_SONGS_FILE, str(directory))
        table = pd.read_parquet(path)
    return Songs.of(table), table[list(REPEAT_COLUMNS)].to_numpy().T


def _import_skops() -> None:
    """Import skops before MLflow does, without its warnings.

    skops looks SciPy's functions up in every loaded module, and Airflow's modules answer a thousand times with a
    deprecation warning.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        importlib.import_module("skops.io")


def _conda_environment(requirements: list[str]) -> dict[str, object]:
    """Return what a logged model needs, with pip named: MLflow warns where it has to guess pip's version itself."""
    needed: list[object] = [f"python={platform.python_version()}", "pip", {"pip": requirements}]
    return {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": needed}


def _example(songs: Songs) -> pd.DataFrame:
    return pd.DataFrame(np.median(songs.features, axis=0, keepdims=True).astype(float), columns=list(FEATURES))


def version_of(client: MlflowClient, model_name: str, run_id: str, model_uri: str) -> str:
    """Register a run's logged model and return the version; repeated for a run, return that version."""
    known = client.search_model_versions(f"name = '{model_name}' and run_id = '{run_id}'")
    if known:
        return str(known[0].version)
    # It says on stderr that it worked, which Airflow would show as errors.
    with redirect_stderr(sys.stdout):
        version = str(mlflow.register_model(model_uri, model_name).version)
    if not client.get_registered_model(model_name).description:
        client.update_registered_model(model_name, MODEL_DESCRIPTION)
    return version


def version_tags(run: Run, card: Message, twin_uri: str) -> dict[str, str]:
    """Return the few tags by which a version records its training run: what is searched for has one of its own."""
    tags = {name: run.data.tags[name] for name in ("dataset_version", TRAINING_KEY)}
    training = {name: run.data.params[name] for name in ("candidate", "threshold", "seed", "trials", EVALUATED_ON)}
    training |= {name: run.data.tags[name] for name in ("git_commit", "source_kind")}
    training |= {TWIN: twin_uri, CARD_CODE_TAG: str(card.code)}
    # MLflow's page of a run opens in the right view only by an address that names its experiment.
    training[EXPERIMENT_TAG] = str(run.info.experiment_id)
    metrics = {name: round(value, 6) for name, value in run.data.metrics.items() if name.startswith(METRIC_PREFIX)}
    return tags | {
        name: json.dumps(values) for name, values in ((TRAINING, training), (METRICS, metrics), (CARD_TAG, card.params))
    }


def load_graph(model_uri: str) -> bytes:
    """Return the ONNX file of a logged model or a version (`models:/...`)."""
    # In a directory of our own, since nobody removes MLflow's.
    with temporary_directory() as directory:
        content: bytes = mlflow.onnx.load_model(model_uri, dst_path=str(directory)).SerializeToString()
    return content


def address_of(version: ModelVersion) -> str:
    """Return the address of the version's model."""
    return f"models:/{version.name}/{version.version}"


def twin_of(version: ModelVersion) -> str:
    """Return the address of the version's twin; a version of before there were twins is its own."""
    return str(recorded(version).get(TWIN, address_of(version)))


def model_card(
    model_name: str, described: DatasetVersion, params: Mapping[str, str], metrics: Mapping[str, float]
) -> Message:
    """Return the card of a run with these params and metrics, trained on the dataset described."""
    songs = described.preparation
    values: dict[str, Any] = {
        "name": model_name,
        "warning": Message("model_of_sample").as_json() if described.source.kind == "sample" else "",
        "candidate": params["candidate"].replace("_", " "),
        "dataset": described.version,
        "source": described.source.kind,
        "songs": songs.rows_kept,
        "likes": songs.likes,
        "dislikes": songs.dislikes,
        "trained": int(params["songs_trained"]),
        "refitted": int(params["songs_refitted"]),
        "evaluated": int(params["songs_evaluated"]),
        "sampled": _sampled(described, params),
        "songs_of_metrics": Message(SONGS_OF_METRICS[params[EVALUATED_ON]]).as_json(),
        "trials": params["trials"],
        "seed": params["seed"],
        "parameters": _parameters(params),
        "threshold": float(params["threshold"]),
        "calibration": _calibration(params),
        "comparison": comparison(model_metrics(metrics)).as_json(),
    }
    ends = (f"{name}{end}" for name in METRIC_NAMES for end in ("", "_low", "_high"))
    for name in ("cv_log_loss", "cv_log_loss_error", "cv_roc_auc", "onnx_parity_error", *ends):
        values[name] = float(f"{metrics[name]:.6g}")
    return Message("model_card_of_refitted", values)


def _sampled(described: DatasetVersion, params: Mapping[str, str]) -> Any:
    train, test = described.split.train, described.split.test
    trained, refitted, evaluated = (int(params[f"songs_{name}"]) for name in ("trained", "refitted", "evaluated"))
    # Metrics are of all songs only where these are few.
    if (trained, refitted) == (train, train + test) and evaluated in (test, train + test):
        return ""
    return Message("trained_on_part", {"train": train, "test": test}).as_json()


def _calibration(params: Mapping[str, str]) -> Any:
    line = {name: float(value) for name, value in params.items() if name.startswith(CALIBRATION)}
    return Message("calibrated", line).as_json() if line else Message("not_calibrated").as_json()


def _parameters(params: Mapping[str, str]) -> str:
    own = {name: value for name, value in params.items() if name.startswith(params["candidate"])}
    return ", ".join(
        f"{name.removeprefix(params['candidate'] + '_').replace('_', ' ')} {value}" for name, value in own.items()
    )
