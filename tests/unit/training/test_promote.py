import json
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import mlflow
import numpy as np
import onnx
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR
from onnx import TensorProto, helper, numpy_helper
from sklearn.dummy import DummyClassifier

from song_preference.errors import DatasetNotFound
from song_preference.serving.model import THRESHOLD_PROPERTY
from song_preference.serving.registry import find_version
from song_preference.settings import ModelSettings
from song_preference.training.data import Songs
from song_preference.training.export import describe
from song_preference.training.promote import paired_bootstrap, unseen_songs
from song_preference.training.steps import promote
from tests.support.training import MemoryDatasets, listener

MODEL = "spotify_model_prod"
Register = Callable[..., str]


def graph_of(feature: int) -> onnx.ModelProto:
    """A model whose probability is one of the four features."""
    nodes = [
        helper.make_node("Gather", ["features", "column"], ["probability"], axis=1),
        helper.make_node("GreaterOrEqual", ["probability", "threshold"], ["liked"]),
        helper.make_node("Cast", ["liked"], ["label"], to=TensorProto.INT64),
    ]
    graph = helper.make_graph(
        nodes,
        "of_one_feature",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 4])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None]),
        ],
        [
            numpy_helper.from_array(np.array(feature), "column"),
            numpy_helper.from_array(np.array(0.5, dtype=np.float32), "threshold"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    helper.set_model_props(model, {THRESHOLD_PROPERTY: "0.5"})
    describe(model, listener(50, seed=3))
    return model


KNOWS, GUESSES = graph_of(2), graph_of(0)


@pytest.fixture
def register(client: MlflowClient) -> Register:
    def register(graph: onnx.ModelProto = KNOWS, *, kind: str = "file", data: str = "old", low: str = "0.8") -> str:
        with mlflow.start_run():
            logged = mlflow.onnx.log_model(graph, name="model", pip_requirements=["onnxruntime"])
        tags = {"source_kind": kind, "dataset_version": data, "test_roc_auc_low": low}
        return str(mlflow.register_model(logged.model_uri, MODEL, tags=tags).version)

    return register


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("song_preference.training.promote.RESAMPLES", 200)


@pytest.fixture
def datasets(train: Songs, test: Songs) -> MemoryDatasets:
    few = test.take(np.arange(12))
    return MemoryDatasets(old=(train, test), new=(listener(200, 3), listener(100, 4)), few=(train, few))


def aliases(client: MlflowClient) -> tuple[str | None, str | None]:
    """Champion and challenger."""
    found = (find_version(client, MODEL, alias) for alias in ("champion", "challenger"))
    champion, challenger = (str(version.version) if version else None for version in found)
    return champion, challenger


def test_the_first_better_than_the_majority_becomes_champion(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, register: Register
) -> None:
    no_better = promote(datasets, settings, register(GUESSES, low="0.49"))
    assert not no_better.promoted
    assert "may be no better than always giving the majority's answer" in str(no_better.reason)
    assert aliases(client) == (None, "1")
    assert promote(datasets, settings, register(kind="sample", low="0.51")).promoted
    assert aliases(client) == ("2", "1")


def test_a_version_that_was_never_measured_is_no_first_champion(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets
) -> None:
    client.create_model_version(MODEL, "file:///nowhere")
    assert str(promote(datasets, settings, "1").reason) == (
        "There is no champion, but how good this version is was never measured: train again."
    )


@pytest.mark.parametrize(
    ("champion", "candidate", "promoted"),
    [("sample", "file", True), ("file", "sample", False)],
)
def test_a_real_playlist_beats_the_sample_however_good_it_is(
    *,
    champion: str,
    candidate: str,
    promoted: bool,
    client: MlflowClient,
    settings: ModelSettings,
    datasets: MemoryDatasets,
    register: Register,
) -> None:
    first, second = (KNOWS, GUESSES) if promoted else (GUESSES, KNOWS)
    promote(datasets, settings, register(first, kind=champion))
    decision = promote(datasets, settings, register(second, kind=candidate))
    assert decision.promoted is promoted
    assert "the bundled sample" in str(decision.reason)
    assert decision.reason.code in {"playlist_against_sample", "sample_against_playlist"}
    assert aliases(client) == (("2", None) if promoted else ("1", "2"))


@pytest.mark.parametrize(
    ("first", "second", "promoted"), [(KNOWS, KNOWS, True), (GUESSES, KNOWS, True), (KNOWS, GUESSES, False)]
)
def test_who_is_not_worse_replaces_the_champion(
    *,
    first: onnx.ModelProto,
    second: onnx.ModelProto,
    promoted: bool,
    client: MlflowClient,
    settings: ModelSettings,
    datasets: MemoryDatasets,
    register: Register,
) -> None:
    promote(datasets, settings, register(first))
    decision = promote(datasets, settings, register(second, data="new"))
    assert decision.promoted is promoted
    assert aliases(client) == (("2", None) if promoted else ("1", "2"))

    version = client.get_model_version(MODEL, "2")
    assert version.tags["decision"] == ("champion" if promoted else "challenger")
    assert version.tags["decision_reason"] == str(decision.reason)
    assert version.tags["decision_code"] == decision.reason.code
    assert json.loads(version.tags["decision_params"]) == decision.reason.params
    assert version.tags.get("replaced") == ("1" if promoted else None)
    assert "decided_at" in version.tags
    run = client.get_run(str(version.run_id))
    assert run.data.tags["decision"] == version.tags["decision"]
    assert run.data.metrics["promotion_songs"] == 100
    assert (run.data.metrics["promotion_share_worse"] <= 0.25) is promoted
    assert "On 100 songs that neither knew, ROC AUC 0." in str(decision.reason)


def test_the_sample_may_replace_the_sample(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, register: Register
) -> None:
    for number in ("1", "2"):
        promote(datasets, settings, register(kind="sample"))
        assert aliases(client) == (number, None)


@pytest.mark.parametrize(
    ("known", "reason"), [("old", "Only 12 test songs are new"), ("gone", "is not known any more")]
)
def test_without_new_songs_the_champion_stays(
    *,
    known: str,
    reason: str,
    client: MlflowClient,
    settings: ModelSettings,
    datasets: MemoryDatasets,
    register: Register,
) -> None:
    promote(datasets, settings, register(data=known))
    decision = promote(datasets, settings, register(data="few"))
    assert reason in str(decision.reason)
    assert "make rollback VERSION=2" in str(decision.reason)
    assert aliases(client) == ("1", "2")


def test_a_champion_of_before_the_tags_counts_as_one_of_a_real_playlist(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, register: Register
) -> None:
    promote(datasets, settings, register())
    for tag in ("source_kind", "dataset_version", "test_roc_auc_low", "decision", "decision_reason", "decided_at"):
        client.delete_model_version_tag(MODEL, "1", tag)
    assert not promote(datasets, settings, register(kind="sample")).promoted
    assert "is not known any more" in str(promote(datasets, settings, register()).reason)


def test_a_champion_that_no_service_can_load_is_none(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, register: Register
) -> None:
    broken = graph_of(2)
    del broken.metadata_props[:]
    promote(datasets, settings, register(broken))
    assert promote(datasets, settings, register(GUESSES)).promoted
    assert client.get_model_version(MODEL, "2").tags["replaced"] == "1"
    assert not promote(datasets, settings, register(broken)).promoted


def test_a_champion_that_is_no_onnx_model_or_has_no_files_is_none(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, register: Register, tmp_path: Path
) -> None:
    with mlflow.start_run():
        other = mlflow.sklearn.log_model(DummyClassifier(), name="model", pip_requirements=["scikit-learn"])
    for source in (other.model_uri, tmp_path.as_uri()):
        found = client.create_model_version(MODEL, source, model_id=other.model_id)
        client.set_registered_model_alias(MODEL, settings.alias, found.version)
        assert promote(datasets, settings, register()).promoted


def test_an_mlflow_that_does_not_answer_decides_nothing(
    client: MlflowClient,
    settings: ModelSettings,
    datasets: MemoryDatasets,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote(datasets, settings, register())
    candidate = register()
    lost = MlflowException("Connection refused", error_code=INTERNAL_ERROR)
    monkeypatch.setattr("song_preference.training.promote.load_graph", Mock(side_effect=lost))
    with pytest.raises(MlflowException, match="Connection refused"):
        promote(datasets, settings, candidate)
    assert aliases(client) == ("1", None)


def test_an_interrupted_promotion_is_carried_out_as_decided(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, register: Register
) -> None:
    promote(datasets, settings, register(KNOWS))
    decided = promote(datasets, settings, register(KNOWS))
    client.set_registered_model_alias(MODEL, "champion", "1")
    client.delete_model_version_tag(MODEL, "2", "decided_at")
    again = promote(MemoryDatasets(), settings, "2")
    assert (again.promoted, str(again.reason)) == (True, str(decided.reason))
    assert again.reason.text("es") == decided.reason.text("es")
    assert aliases(client) == ("2", None)


def test_a_decision_carried_out_is_not_carried_out_again(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, register: Register
) -> None:
    promote(datasets, settings, register())
    promote(datasets, settings, register())
    promote(datasets, settings, "1")
    assert aliases(client) == ("2", None)


def test_a_model_is_never_worse_than_itself(test: Songs) -> None:
    probability = test.features[:, 2].astype(np.float64)
    assert paired_bootstrap(test.labels, probability, probability, tolerance=0.0) == 0.0


def test_one_that_guesses_is_worse_than_one_that_knows(test: Songs) -> None:
    knows, guesses = test.features[:, 2].astype(np.float64), test.features[:, 0].astype(np.float64)
    assert paired_bootstrap(test.labels, guesses, knows, tolerance=0.02) > 0.99
    assert paired_bootstrap(test.labels, knows, guesses, tolerance=0.02) == 0.0
    assert paired_bootstrap(test.labels, guesses, knows, tolerance=1.0) == 0.0


def test_only_songs_that_neither_learned_from_are_compared_by(train: Songs, test: Songs) -> None:
    known = listener(50, 9)
    both = Songs(np.vstack([test.features, known.features]), np.concatenate([test.labels, known.labels]))
    datasets = MemoryDatasets(new=(train, both), old=(known, train))
    np.testing.assert_array_equal(unseen_songs(datasets, "new", "old").features, test.features)
    assert len(unseen_songs(datasets, "new", "new").labels) == 150
    with pytest.raises(DatasetNotFound):
        unseen_songs(datasets, "new", "gone")
