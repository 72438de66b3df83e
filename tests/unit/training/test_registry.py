import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from song_preference.evaluation import DIFFERENCES
from song_preference.features import FEATURES
from song_preference.messages import CARD_METRICS, Message
from song_preference.serving.model import open_graph
from song_preference.settings import ModelSettings
from song_preference.training import registry
from song_preference.training.choose import choose
from song_preference.training.data import Songs
from song_preference.training.export import run_graph
from song_preference.training.fit import probability_of
from song_preference.training.search import Score, Trial

STARTED = datetime(2026, 11, 23, tzinfo=UTC)
TRIALS = [
    Trial(
        number=number,
        candidate="logistic_regression",
        parameters={"logistic_regression_log2_c": number},
        fold_losses=(0.4, log_loss),
        log_loss=Score(log_loss, 0.02),
        roc_auc=Score(0.9, 0.01),
        brier=Score(0.13, 0.01),
        started_at=STARTED,
        ended_at=STARTED + timedelta(seconds=2),
    )
    for number, log_loss in ((1, 0.3), (0, 0.4))
]


@pytest.fixture
def run_id(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run as the search leaves it, in the tests' own experiment."""
    monkeypatch.setattr(registry, "EXPERIMENT", "tests")
    return registry.log_search("training on abc", TRIALS, {"seed": 42}, {"dataset_version": "abc"}, {})[0]


def test_a_search_is_a_run_with_a_nested_run_for_each_trial(client: MlflowClient, run_id: str) -> None:
    run = client.get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("training on abc", "FINISHED")
    assert (run.data.params, run.data.tags["dataset_version"]) == ({"seed": "42"}, "abc")
    nested = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    assert {
        found.info.run_name: (found.info.status, found.data.metrics, found.data.params, found.info.end_time)
        for found in nested
    } == {
        f"trial {trial.number}: logistic_regression": (
            "FINISHED",
            {
                "cv_log_loss": trial.log_loss.mean,
                "cv_log_loss_error": 0.02,
                "cv_roc_auc": 0.9,
                "cv_roc_auc_error": 0.01,
                "cv_brier": 0.13,
                "cv_brier_error": 0.01,
            },
            {"candidate": "logistic_regression", "logistic_regression_log2_c": str(trial.number)},
            int(trial.ended_at.timestamp() * 1000),
        )
        for trial in TRIALS
    }


def test_the_ranking_is_read_as_it_was_logged(run_id: str) -> None:
    assert registry.ranked_trials(run_id) == TRIALS


@pytest.fixture
def model_uri(run_id: str, train: Songs, test: Songs) -> str:
    """The ONNX model of the best trial, logged to the run."""
    choice = choose(TRIALS, train, test, 0)
    with mlflow.start_run(run_id=run_id):
        return registry.log_models(choice)[0]


def test_both_models_are_logged_and_agree(
    client: MlflowClient, run_id: str, model_uri: str, test: Songs, tmp_path: Path
) -> None:
    outputs = client.get_run(run_id).outputs
    assert outputs is not None
    logged = {model.name: model for model in (mlflow.get_logged_model(item.model_id) for item in outputs.model_outputs)}
    assert logged.keys() == {"estimator", "model", "twin"}
    estimator = mlflow.sklearn.load_model(logged["estimator"].model_uri)
    answers = run_graph(open_graph(registry.load_graph(model_uri)), test.features)
    np.testing.assert_allclose(answers.probability, probability_of(estimator, test.features), atol=1e-6)

    model = mlflow.pyfunc.load_model(model_uri)
    assert model.metadata.get_input_schema().input_names() == list(FEATURES)
    assert model.metadata.get_output_schema().input_names() == ["label", "probability"]
    assert list(model.input_example.columns) == list(FEATURES)
    for name, libraries in (("model", ["onnx", "onnxruntime", "numpy"]), ("estimator", ["scikit-learn", "skops"])):
        folder = Path(mlflow.artifacts.download_artifacts(logged[name].model_uri, dst_path=str(tmp_path / name)))
        pinned = (folder / "requirements.txt").read_text()
        assert [library for library in libraries if f"{library}==" not in pinned] == []
        assert "- pip\n" in (folder / "conda.yaml").read_text()


def test_a_graph_that_was_loaded_leaves_no_file(
    model_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert registry.load_graph(model_uri)
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_registered_once_and_says_nothing_on_stderr(
    client: MlflowClient,
    settings: ModelSettings,
    run_id: str,
    model_uri: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    versions = [registry.version_of(client, settings.name, run_id, model_uri) for _ in range(2)]
    told = capsys.readouterr()
    assert versions == ["1", "1"]
    assert (f"Created version '1' of model '{settings.name}'" in told.out, told.err) == (True, "")
    assert len(client.search_model_versions(f"name = '{settings.name}'")) == 1
    assert registry.load_graph(f"models:/{settings.name}/1") == registry.load_graph(model_uri)


def test_a_version_records_its_run(client: MlflowClient, run_id: str) -> None:
    params = {"candidate": "logistic_regression", "threshold": 0.5, "seed": 42, "trials": 2, "evaluated_on": "left_out"}
    tags = {"git_commit": "f00d", "training_key": "key", "source_kind": "file", "other": "no tag of a version"}
    with mlflow.start_run(run_id=run_id):
        mlflow.log_params(params)
        mlflow.set_tags(tags)
        mlflow.log_metrics({"cv_roc_auc": 0.5, "majority_f1": 0.5})
        mlflow.log_metrics(
            {f"test_{name}{end}": 1 / 3 for name in (*CARD_METRICS, *DIFFERENCES) for end in ("", "_low", "_high")}
        )
    run = client.get_run(run_id)
    found = registry.version_tags(run, Message("card", {"songs": 7}), "models:/m-1")
    assert json.loads(found.pop("metrics")) == {
        f"test_{name}{end}": 0.333333 for name in (*CARD_METRICS, *DIFFERENCES) for end in ("", "_low", "_high")
    }
    assert json.loads(found.pop("training")) == {
        **{name: str(value) for name, value in params.items()},
        "git_commit": "f00d",
        "source_kind": "file",
        "experiment_id": run.info.experiment_id,
        "twin_uri": "models:/m-1",
        "card_code": "card",
    }
    assert json.loads(found.pop("card_params")) == {"songs": 7}
    assert found == {"dataset_version": "abc", "training_key": "key"}


def test_the_registered_model_is_described_unless_somebody_has(
    client: MlflowClient, settings: ModelSettings, run_id: str, model_uri: str
) -> None:
    registry.version_of(client, settings.name, run_id, model_uri)
    assert client.get_registered_model(settings.name).description == registry.MODEL_DESCRIPTION
    client.update_registered_model(settings.name, "Mine")
    another = client.create_run(client.get_run(run_id).info.experiment_id).info.run_id
    assert registry.version_of(client, settings.name, another, model_uri) == "2"
    assert client.get_registered_model(settings.name).description == "Mine"
