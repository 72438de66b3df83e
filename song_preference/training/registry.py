"""A search in MLflow: one run, below it one for each trial."""

from collections.abc import Sequence
from datetime import datetime

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from pydantic import TypeAdapter

from song_preference.training.search import Attempt

EXPERIMENT = "Spotify training"
TRIALS_FILE = "trials.json"
ATTEMPTS = TypeAdapter(list[Attempt])


def log_search(
    name: str, attempts: Sequence[Attempt], params: dict[str, object], tags: dict[str, str]
) -> tuple[str, str]:
    """Log a run with the ranked attempts and a nested run for each of them; returns the ids of run and experiment."""
    experiment = mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=name) as run:
        mlflow.log_params(params)
        mlflow.set_tags(tags)
        mlflow.log_dict(ATTEMPTS.dump_python(list(attempts), mode="json"), TRIALS_FILE)
        client = MlflowClient()
        for attempt in attempts:
            _log_attempt(client, str(experiment.experiment_id), str(run.info.run_id), attempt)
    return str(run.info.run_id), str(experiment.experiment_id)


def _log_attempt(client: MlflowClient, experiment_id: str, parent: str, attempt: Attempt) -> None:
    """Three calls: a run cannot be created with its values."""
    run = client.create_run(
        experiment_id,
        start_time=_milliseconds(attempt.started_at),
        tags={MLFLOW_PARENT_RUN_ID: parent},
        run_name=f"trial {attempt.number}: {attempt.candidate}",
    )
    ended = _milliseconds(attempt.ended_at)
    scores = {"cv_roc_auc": attempt.roc_auc, "cv_roc_auc_std": attempt.roc_auc_std}
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(name, value, ended, 0) for name, value in scores.items()],
        params=[
            Param("candidate", attempt.candidate),
            *(Param(name, str(value)) for name, value in attempt.parameters.items()),
        ],
    )
    client.set_terminated(run.info.run_id, end_time=ended)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def ranked_attempts(run_id: str) -> list[Attempt]:
    """What `log_search` logged, the best first."""
    return ATTEMPTS.validate_python(mlflow.artifacts.load_dict(f"runs:/{run_id}/{TRIALS_FILE}"))
