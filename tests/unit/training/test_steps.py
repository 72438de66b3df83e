"""The steps on MLflow's own store; `test_promote.py` tests the last one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.artifacts import load_dict, load_text
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from song_preference.dataset.version import DatasetVersion
from song_preference.errors import DatasetNotFound, ModelRejected, TrainingFailed
from song_preference.messages import Message
from song_preference.serving.model import open_graph
from song_preference.serving.registry import recorded
from song_preference.settings import ModelSettings
from song_preference.training import intervals, registry, steps
from song_preference.training.cross_validation import Calibration
from song_preference.training.data import Probabilities, Songs
from song_preference.training.export import run_graph
from song_preference.training.fingerprint import training_key
from song_preference.training.fit import fit, probability_of
from song_preference.training.registry import load_graph, load_own_songs, ranked_trials, twin_of
from song_preference.training.rollback import decline, rollback
from tests.support.datasets import described
from tests.support.training import MemoryDatasets, listener

VERSION, MODEL = "abc123abc123", "of_steps"
SEED, TRIALS = 3, 2

pytestmark = pytest.mark.usefixtures("few_trees")


class Datasets(MemoryDatasets):
    """Datasets in memory whose descriptions are known, too."""

    def describe(self, version: str) -> DatasetVersion:
        if version not in self.versions:
            raise DatasetNotFound(version)
        return described(version)


class Trained(NamedTuple):
    searched: steps.Searched
    exported: steps.Exported
    metrics: dict[str, float]
    version: str

    @property
    def run(self) -> Run:
        return MlflowClient().get_run(self.searched.run_id)

    @property
    def registered(self) -> ModelVersion:
        return MlflowClient().get_model_version(MODEL, self.version)


@pytest.fixture(scope="module")
def datasets() -> Datasets:
    # k-NN and its graph may take different songs where all lie on few points with either label.
    songs = listener(200, 1)
    few_points = Songs((np.round(songs.features * 2) / 2).astype(np.float32), songs.labels)
    return Datasets(
        abc123abc123=(songs.at_most(60, 0), listener(40, 2)),
        few_points=(few_points, listener(40, 2)),
        few_songs=(songs.at_most(28, 0), listener(12, 2)),
    )


@pytest.fixture(scope="module", autouse=True)
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A store of the module's own."""
    folder, before = tmp_path_factory.mktemp("steps"), mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    MlflowClient().create_experiment(registry.EXPERIMENT, (folder / "artifacts").as_uri())
    yield
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def trained(datasets: Datasets, experiment: None) -> Trained:
    """Run the first four steps and return their results."""
    return train(datasets, VERSION)


def train(datasets: Datasets, version: str) -> Trained:
    searched = steps.search(datasets, version, SEED, TRIALS)
    exported = steps.export(datasets, searched)
    metrics = steps.evaluate(datasets, exported)
    return Trained(searched, exported, metrics, steps.register(datasets, MODEL, exported))


def test_a_search_logs_what_was_asked_and_where_the_songs_come_from(trained: Trained) -> None:
    asked = {"dataset_version": VERSION, "seed": "3", "trials": "2", "songs_trained": "60"}
    assert asked.items() <= trained.run.data.params.items()
    tags = {"source_kind": "file", "dataset_version": VERSION, "training_key": training_key(VERSION, SEED, TRIALS)}
    assert tags.items() <= trained.run.data.tags.items()
    assert trained.run.data.tags["git_commit"]
    assert trained.run.inputs is not None
    assert {
        used.tags[0].value: json.loads(used.dataset.source)["uri"] for used in trained.run.inputs.dataset_inputs
    } == {
        "training": f"s3://data/datasets/{VERSION}/train.parquet",
        "testing": f"s3://data/datasets/{VERSION}/test.parquet",
    }
    experiment = MlflowClient().get_experiment(trained.searched.experiment_id)
    assert experiment.tags["mlflow.note.content"] == registry.EXPERIMENT_DESCRIPTION
    assert len(ranked_trials(trained.searched.run_id)) == TRIALS


def test_an_export_logs_the_best_trial_with_its_threshold_and_parity(trained: Trained) -> None:
    best, data = ranked_trials(trained.searched.run_id)[0], trained.run.data
    assert (data.params["candidate"], data.metrics["cv_log_loss"]) == (best.candidate, best.log_loss.mean)
    assert best.parameters == {name: int(data.params[name]) for name in best.parameters}
    assert trained.exported[:4] == trained.searched
    assert data.params["threshold"] == str(trained.exported.threshold)
    assert data.metrics["onnx_parity_error"] < 1e-6
    assert "rejected_candidates" not in data.tags


def test_the_evaluation_is_of_the_test_table_and_belongs_to_the_run(trained: Trained) -> None:
    evaluation = load_dict(f"runs:/{trained.searched.run_id}/evaluation.json")
    assert evaluation["labels"] == listener(40, 2).labels.tolist()
    assert evaluation["threshold"] == trained.exported.threshold
    assert evaluation["model"] == answers(load_graph(twin_of(trained.registered)), listener(40, 2)).tolist()
    params = trained.run.data.params
    assert (params["songs_evaluated"], params["evaluated_on"]) == ("40", "test_table")
    assert trained.metrics.items() <= trained.run.data.metrics.items()
    pictures = MlflowClient().list_artifacts(trained.searched.run_id, "pictures")
    assert {Path(picture.path).name for picture in pictures} == {
        "calibration.png",
        "confusion_matrix.png",
        "partial_dependence.png",
        "permutation_importance.png",
        "precision_recall.png",
        "roc.png",
    }


def test_a_version_has_the_card_in_both_languages_and_the_tags_of_its_source(trained: Trained) -> None:
    version = trained.registered
    assert version.description == load_text(f"runs:/{trained.searched.run_id}/model_card.md")
    card = Message(recorded(version)["card_code"], json.loads(version.tags["card_params"]), str(version.description))
    assert card.text("en") == version.description
    assert card.text("es").startswith("# ¿Le gustará la canción")
    assert (version.run_id, recorded(version)["source_kind"]) == (trained.searched.run_id, "file")
    assert version.tags["dataset_version"] == VERSION


def test_a_version_has_at_most_a_dozen_tags_even_when_rolled_back_from_and_declined(
    datasets: Datasets, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("MLFLOW_TRACKING_URI", mlflow.get_tracking_uri()),
        ("MODEL_NAME", MODEL),
        ("MODEL_ALIAS", "c"),
    ):
        monkeypatch.setenv(name, value)
    first = MlflowClient().create_model_version(MODEL, "file:///nowhere")
    MlflowClient().set_registered_model_alias(MODEL, "c", first.version)
    assert steps.promote(datasets, ModelSettings(), trained.version, new_listener=True).promoted
    rollback(ModelSettings())
    decline(ModelSettings(), trained.version)
    tags = trained.registered.tags
    assert {"decision", "replaced", "rolled_back_at", "declined_at"} < tags.keys()
    assert len(tags) <= 12
    assert max(map(len, tags.values())) < 5000, "MLflow's limit before version 2.22"


def test_the_served_model_was_trained_on_all_songs_and_its_twin_on_the_training_table(
    datasets: Datasets, trained: Trained
) -> None:
    known, test = datasets.versions[VERSION]
    estimator = ranked_trials(trained.searched.run_id)[0].estimator(SEED)
    line = trained.run.data.params
    assert line["songs_refitted"] == "100"
    for graph, songs in ((load_graph(twin_of(trained.registered)), known), (served(trained), known.plus(test))):
        expected = probability_of(fit(estimator, songs), test.features)
        if slope := line.get("calibration_slope"):
            expected = Calibration(float(slope), float(line["calibration_intercept"])).of(expected)
        np.testing.assert_allclose(answers(graph, test), expected, atol=1e-6)


def test_a_run_holds_answers_on_own_songs_by_models_that_do_not_know_them(datasets: Datasets, trained: Trained) -> None:
    known, test = datasets.versions[VERSION]
    songs, left_out = load_own_songs(trained.searched.run_id)
    np.testing.assert_array_equal(songs.features, known.plus(test).features)
    np.testing.assert_array_equal(
        left_out[:, len(known.labels) :], [answers(load_graph(twin_of(trained.registered)), test)] * 3
    )
    everywhere = answers(served(trained), songs)
    assert not np.isclose(left_out, everywhere, atol=1e-4).any(axis=1).all()


def test_with_few_test_songs_all_songs_are_evaluated_each_left_out_in_turn(datasets: Datasets) -> None:
    trained = train(datasets, "few_songs")
    songs, left_out = load_own_songs(trained.searched.run_id)
    evaluation = load_dict(f"runs:/{trained.searched.run_id}/evaluation.json")
    assert evaluation["labels"] == songs.labels.tolist()
    assert evaluation["model"] == pytest.approx(left_out.mean(axis=0), abs=1e-12)
    assert len(set(map(tuple, left_out))) == 3
    assert evaluation["importances"] == []
    assert recorded(trained.registered)["evaluated_on"] == "left_out"
    assert "each song left out of training in turn, with 95 % intervals" in str(trained.registered.description)
    narrow = intervals.roc_auc(songs.labels, left_out.mean(axis=0))
    assert trained.metrics["test_roc_auc_low"] < narrow.low < narrow.high < trained.metrics["test_roc_auc_high"]


def served(trained: Trained) -> bytes:
    return load_graph(f"models:/{MODEL}/{trained.version}")


def answers(graph: bytes, songs: Songs) -> Probabilities:
    return run_graph(open_graph(graph), songs.features).probability


def test_an_export_that_was_interrupted_is_repeated(
    datasets: Datasets, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    params: dict[str, object] = {"trials": TRIALS}
    ranking = ranked_trials(trained.searched.run_id)
    run_id, experiment_id = registry.log_search("interrupted", ranking, params, {}, {})
    searched = steps.Searched(run_id, experiment_id, VERSION, SEED)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "log_own_songs", lambda *_: (_ for _ in ()).throw(ConnectionError()))
        with pytest.raises(ConnectionError):
            steps.export(datasets, searched)
    exported = steps.export(datasets, searched)
    assert exported.threshold == trained.exported.threshold
    assert len(load_own_songs(run_id)[0].labels) == 100


def test_steps_can_be_repeated(datasets: Datasets, trained: Trained) -> None:
    again = steps.export(datasets, trained.searched)
    assert again[:4] == trained.exported[:4]
    assert again.threshold == trained.exported.threshold
    assert steps.evaluate(datasets, again) == trained.metrics
    assert steps.register(datasets, MODEL, again) == trained.version


def test_without_the_dataset_nothing_is_logged(datasets: Datasets, trained: Trained) -> None:
    experiment = [trained.searched.experiment_id]
    before = len(MlflowClient().search_runs(experiment))
    with pytest.raises(DatasetNotFound):
        steps.search(datasets, "gone", SEED, TRIALS)
    assert len(MlflowClient().search_runs(experiment)) == before


@pytest.mark.parametrize("is_one_left", [True, False])
def test_candidates_that_do_not_convert_are_named(
    datasets: Datasets, trained: Trained, monkeypatch: pytest.MonkeyPatch, *, is_one_left: bool
) -> None:
    first = ranked_trials(trained.searched.run_id)[0]
    neighbors = first.model_copy(
        update={"candidate": "k_nearest_neighbors", "parameters": {"k_nearest_neighbors_neighbors": 25}}
    )
    params: dict[str, object] = {"trials": TRIALS}
    run_id, experiment_id = registry.log_search("few points", [neighbors, first][: 1 + is_one_left], params, {}, {})
    searched = steps.Searched(run_id, experiment_id, "few_points", SEED)
    if not is_one_left:
        with pytest.raises(TrainingFailed, match="k_nearest_neighbors"):
            steps.export(datasets, searched)
        return
    steps.export(datasets, searched)
    data = MlflowClient().get_run(run_id).data
    assert data.params["candidate"] == first.candidate
    assert data.tags["rejected_candidates"].startswith(f"trial {neighbors.number} (k_nearest_neighbors): ")


def test_a_twin_that_cannot_be_loaded_ends_the_evaluation_with_a_reason(
    datasets: Datasets, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "load_graph", lambda _: b"")
    with pytest.raises(ModelRejected, match="onnxruntime cannot load its graph"):
        steps.evaluate(datasets, trained.exported)
