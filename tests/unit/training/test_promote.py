import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
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

from song_preference.serving.model import THRESHOLD_PROPERTY
from song_preference.serving.registry import find_version, recorded
from song_preference.serving.versions import ROLLED_BACK
from song_preference.settings import ModelSettings
from song_preference.training.data import Songs
from song_preference.training.export import describe
from song_preference.training.promote import Decision
from song_preference.training.registry import TWIN
from song_preference.training.rollback import rollback
from song_preference.training.steps import promote
from tests.support.training import MemoryDatasets, listener

MODEL = "spotify_model_prod"
Register = Callable[..., str]
Decide = Callable[..., Decision]


def graph_of(feature: int, steps: int = 1_000_000) -> onnx.ModelProto:
    """A model whose probability is one of the four features, in so many steps."""
    nodes = [
        helper.make_node("Gather", ["features", "column"], ["exact"], axis=1),
        helper.make_node("Mul", ["exact", "steps"], ["many"]),
        helper.make_node("Round", ["many"], ["whole"]),
        helper.make_node("Div", ["whole", "steps"], ["probability"]),
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
            numpy_helper.from_array(np.array(steps, dtype=np.float32), "steps"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    helper.set_model_props(model, {THRESHOLD_PROPERTY: "0.5"})
    describe(model, listener(50, seed=3))
    return model


KNOWS, GUESSES = graph_of(2), graph_of(0)
NEARLY_KNOWS = graph_of(2, steps=12)
"""A little worse: songs that differ little are equal to it."""


@pytest.fixture(scope="module")
def addresses() -> dict[bytes, str]:
    """Return the addresses of the graphs that were logged, which takes longer than all else: each of them once."""
    return {}


@pytest.fixture
def register(client: MlflowClient, addresses: dict[bytes, str]) -> Register:
    def logged(graph: onnx.ModelProto) -> str:
        key = graph.SerializeToString()
        if key not in addresses:
            with mlflow.start_run():
                model = mlflow.onnx.log_model(graph, name="model", pip_requirements=["onnxruntime"])
            addresses[key] = model.model_uri
        return addresses[key]

    def register(
        graph: onnx.ModelProto = KNOWS,
        *,
        kind: str = "file",
        data: str = "old",
        low: str = "0.8",
        twin: onnx.ModelProto | None = None,
    ) -> str:
        tags = {"source_kind": kind, "dataset_version": data, "test_roc_auc_low": low}
        if twin:
            tags[TWIN] = logged(twin)
        address = logged(graph)
        with mlflow.start_run() as run:
            return str(client.create_model_version(MODEL, address, run.info.run_id, tags).version)

    return register


@pytest.fixture
def decide(settings: ModelSettings, datasets: MemoryDatasets, register: Register) -> Decide:
    """Register a candidate and decide on it."""

    def decide(*graph: onnx.ModelProto, new_listener: bool | None = None, **how: Any) -> Decision:
        return promote(datasets, settings, register(*graph, **how), new_listener)

    return decide


@pytest.fixture(autouse=True)
def fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("song_preference.training.compare.RESAMPLES", 200)


@pytest.fixture
def datasets(train: Songs, test: Songs) -> MemoryDatasets:
    """Datasets that share most songs with `old`, and one that shares none."""
    few = test.take(np.arange(12))
    return MemoryDatasets(
        old=(train, test),
        grown=(train, listener(100, 4)),
        few=(train, few),
        strange=(listener(200, 3), listener(100, 5)),
    )


def aliases(client: MlflowClient) -> tuple[str | None, str | None]:
    """Champion and challenger."""
    found = (find_version(client, MODEL, alias) for alias in ("champion", "challenger"))
    champion, challenger = (str(version.version) if version else None for version in found)
    return champion, challenger


def test_the_first_better_than_the_majority_becomes_champion(client: MlflowClient, decide: Decide) -> None:
    no_better = decide(GUESSES, low="0.49")
    assert not no_better.promoted
    assert "may be no better than always giving the majority's answer" in str(no_better.reason)
    assert aliases(client) == (None, "1")
    assert decide(kind="sample", low="0.51").promoted
    assert aliases(client) == ("2", "1")


def test_a_version_that_was_never_evaluated_is_no_first_champion(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets
) -> None:
    client.create_model_version(MODEL, "file:///nowhere")
    assert str(promote(datasets, settings, "1").reason) == (
        "There is no champion, but this version was never evaluated: train again."
    )


@pytest.mark.parametrize(
    ("champion", "candidate", "promoted"),
    [("sample", "file", True), ("file", "sample", False)],
)
def test_a_real_playlist_beats_the_sample_however_good_it_is(
    *, champion: str, candidate: str, promoted: bool, client: MlflowClient, decide: Decide
) -> None:
    first, second = (KNOWS, GUESSES) if promoted else (GUESSES, KNOWS)
    decide(first, kind=champion)
    decision = decide(second, kind=candidate)
    assert decision.promoted is promoted
    assert "the bundled sample" in str(decision.reason)
    assert decision.reason.code in {"playlist_against_sample", "sample_against_playlist"}
    assert aliases(client) == (("2", None) if promoted else ("1", "2"))


@pytest.mark.parametrize(
    ("first", "second", "promoted"), [(KNOWS, KNOWS, True), (GUESSES, KNOWS, True), (KNOWS, GUESSES, False)]
)
def test_who_is_not_worse_replaces_the_champion(
    *, first: onnx.ModelProto, second: onnx.ModelProto, promoted: bool, client: MlflowClient, decide: Decide
) -> None:
    decide(first)
    decision = decide(second, data="grown")
    assert decision.promoted is promoted
    assert aliases(client) == (("2", None) if promoted else ("1", "2"))

    version = client.get_model_version(MODEL, "2")
    assert version.tags["decision"] == ("champion" if promoted else "challenger")
    assert version.tags["decision_reason"] == str(decision.reason)
    values = recorded(version)
    assert (values["decision_code"], values["decision_params"]) == (decision.reason.code, decision.reason.params)
    assert version.tags.get("replaced") == ("1" if promoted else None)
    assert "decided_at" in version.tags
    run = client.get_run(str(version.run_id))
    assert run.data.tags["decision"] == version.tags["decision"]
    assert run.data.metrics["promotion_songs"] == 200
    assert (run.data.metrics["promotion_share_worse"] <= 0.25) is promoted
    assert "of version 1 on 200 songs that neither was trained on" in str(decision.reason)
    assert (values["listener"], values.get("best_version")) == ("1", "2" if promoted else None)


def test_the_sample_may_replace_the_sample(client: MlflowClient, decide: Decide) -> None:
    for number in ("1", "2"):
        decide(kind="sample")
        assert aliases(client) == (number, None)


@pytest.mark.parametrize(
    ("known", "reason"), [("old", "Only 12 test songs are new"), ("gone", "is not known any more")]
)
def test_without_new_songs_the_champion_stays(*, known: str, reason: str, client: MlflowClient, decide: Decide) -> None:
    decide(data="few" if known == "old" else known)
    decision = decide(data="few")
    assert reason in str(decision.reason)
    assert "make rollback VERSION=2" in str(decision.reason)
    assert aliases(client) == ("1", "2")


def test_a_champion_of_before_the_tags_counts_as_one_of_a_real_playlist(client: MlflowClient, decide: Decide) -> None:
    decide()
    for tag in ("source_kind", "dataset_version", "test_roc_auc_low", "decision", "decision_reason", "decided_at"):
        client.delete_model_version_tag(MODEL, "1", tag)
    assert not decide(kind="sample").promoted
    assert "is not known any more" in str(decide().reason)


def test_a_champion_that_no_service_can_load_is_none(client: MlflowClient, decide: Decide) -> None:
    broken = graph_of(2)
    del broken.metadata_props[:]
    decide(broken)
    assert decide(GUESSES).promoted
    assert client.get_model_version(MODEL, "2").tags["replaced"] == "1"
    assert not decide(broken).promoted


def test_a_champion_that_is_no_onnx_model_or_has_no_files_is_none(
    client: MlflowClient, settings: ModelSettings, tmp_path: Path, decide: Decide
) -> None:
    with mlflow.start_run():
        other = mlflow.sklearn.log_model(DummyClassifier(), name="model", pip_requirements=["scikit-learn"])
    for source in (other.model_uri, tmp_path.as_uri()):
        found = client.create_model_version(MODEL, source, model_id=other.model_id)
        client.set_registered_model_alias(MODEL, settings.alias, found.version)
        assert decide().promoted


def test_an_mlflow_that_does_not_answer_decides_nothing(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, decide: Decide
) -> None:
    decide()
    lost = MlflowException("Connection refused", error_code=INTERNAL_ERROR)
    monkeypatch.setattr("song_preference.training.promote.load_graph", Mock(side_effect=lost))
    with pytest.raises(MlflowException, match="Connection refused"):
        decide()
    assert aliases(client) == ("1", None)


def test_an_interrupted_promotion_is_carried_out_as_decided(
    client: MlflowClient, settings: ModelSettings, decide: Decide
) -> None:
    decide(KNOWS)
    decided = decide(KNOWS)
    client.set_registered_model_alias(MODEL, "champion", "1")
    client.delete_model_version_tag(MODEL, "2", "decided_at")
    again = promote(MemoryDatasets(), settings, "2")
    assert (again.promoted, str(again.reason)) == (True, str(decided.reason))
    assert again.reason.text("es") == decided.reason.text("es")
    assert aliases(client) == ("2", None)


def test_a_decision_carried_out_is_not_carried_out_again(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, decide: Decide
) -> None:
    decide()
    decide()
    promote(datasets, settings, "1")
    assert aliases(client) == ("2", None)


def test_a_decision_that_the_first_versions_recorded_is_carried_out(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, register: Register
) -> None:
    register()
    tags = {
        "decision_code": "new_listener_beats_majority",
        "decision_params": json.dumps({"low": 0.7, "champion": "9"}),
    }
    for name, value in {**tags, "decision_reason": "It is good.", "decision": "champion"}.items():
        client.set_model_version_tag(MODEL, "1", name, value)
    decision = promote(datasets, settings, "1")
    assert (decision.promoted, decision.reason.params) == (True, {"low": 0.7, "champion": "9"})
    assert (decision.reason.code, str(decision.reason)) == ("new_listener_beats_majority", "It is good.")
    assert aliases(client) == ("1", None)


def test_twins_are_compared_and_not_the_models(decide: Decide) -> None:
    decide(GUESSES, twin=KNOWS)
    assert decide(KNOWS, twin=GUESSES).reason.code == "inferior"
    assert decide(GUESSES, twin=KNOWS).reason.code == "not_inferior"


def test_a_champion_whose_twin_is_gone_stays(client: MlflowClient, decide: Decide) -> None:
    decide()
    client.set_model_version_tag(MODEL, "1", TWIN, "models:/m-0123456789abcdef0123456789abcdef")
    assert decide().reason.code == "twin_gone"
    assert aliases(client) == ("1", "2")


@pytest.mark.parametrize(
    ("new_listener", "code"),
    [(None, "another_listener"), (True, "new_listener_beats_majority"), (False, "not_inferior")],
)
def test_another_listener_replaces_the_champion_only_if_the_run_says_so(
    *, new_listener: bool | None, code: str, client: MlflowClient, decide: Decide
) -> None:
    decide(data="strange")
    decision = decide(new_listener=new_listener)
    assert decision.reason.code == code
    assert aliases(client) == (("2", None) if decision.promoted else ("1", "2"))
    values = recorded(client.get_model_version(MODEL, "2"))
    assert values.get("new_listener") is new_listener
    assert values["listener"] == ("1" if new_listener is False else "2")
    if new_listener is None:
        assert "shares 0 of 300 songs with the list in use" in str(decision.reason)


@pytest.mark.parametrize(("shared", "code"), [(100, "not_inferior"), (99, "another_listener")])
def test_who_shares_exactly_half_of_the_songs_is_the_same_listener(
    *, shared: int, code: str, train: Songs, datasets: MemoryDatasets, decide: Decide
) -> None:
    datasets.versions["half"] = (listener(200 - shared, 6), train.take(np.arange(shared)))
    decide()
    assert decide(data="half").reason.code == code


def test_another_listener_must_beat_the_majority(client: MlflowClient, decide: Decide) -> None:
    decide(data="strange")
    assert decide(low="0.49", new_listener=True).reason.code == "new_listener_may_not_beat_majority"
    assert aliases(client) == ("1", "2")


@pytest.mark.parametrize(
    ("gone", "codes"),
    [
        ("nothing", ["against_the_best", "worse_on_one_table"]),
        ("version", ["best_not_comparable"]),
        ("dataset", ["best_not_comparable"]),
    ],
)
def test_a_candidate_is_compared_with_the_best_champion_so_far(
    *, gone: str, codes: list[str], client: MlflowClient, datasets: MemoryDatasets, decide: Decide
) -> None:
    decide(KNOWS, data="grown")
    decide(GUESSES)
    client.set_registered_model_alias(MODEL, "champion", "2")
    client.set_model_version_tag(MODEL, "2", "best_version", "1")
    if gone == "version":
        client.delete_model_version(MODEL, "1")
    elif gone == "dataset":
        del datasets.versions["grown"]
    decision = decide(GUESSES)
    assert decision.promoted is (gone != "nothing")
    assert [part["code"] for part in decision.reason.params["comparisons"]] == ["against_the_champion", *codes]
    assert "version 1, the best so far" in str(decision.reason)


def test_the_best_stays_the_best_until_a_better_one_comes(
    client: MlflowClient, settings: ModelSettings, decide: Decide
) -> None:
    decide()
    for version, best in (("2", "2"), ("3", "3")):
        decide()
        assert recorded(client.get_model_version(MODEL, version))["best_version"] == best
    rollback(settings, "1")
    decide()
    assert recorded(client.get_model_version(MODEL, "4"))["best_version"] == "4"


def test_a_champion_that_is_a_little_worse_leaves_the_best_as_it_is(client: MlflowClient, decide: Decide) -> None:
    decide()
    decision = decide(NEARLY_KNOWS)
    (compared,) = decision.reason.params["comparisons"]
    assert compared["params"]["roc_auc"] < compared["params"]["other_roc_auc"]
    assert decision.promoted
    assert recorded(client.get_model_version(MODEL, "2"))["best_version"] == "1"


def test_a_challenger_made_champion_by_hand_is_the_best_of_its_listener(
    client: MlflowClient, settings: ModelSettings, decide: Decide
) -> None:
    decide(KNOWS)
    decide(GUESSES)
    rollback(settings, "2")
    decision = decide(GUESSES)
    assert decision.promoted
    assert [part["params"]["version"] for part in decision.reason.params["comparisons"]] == ["2"]
    assert recorded(client.get_model_version(MODEL, "3"))["listener"] == "1"


def test_an_earlier_version_is_decided_again_unless_it_is_the_champion(
    client: MlflowClient, settings: ModelSettings, datasets: MemoryDatasets, decide: Decide
) -> None:
    decide()
    decide(data="strange", new_listener=True)
    rollback(settings, "1")
    rollback(settings, "2")
    assert promote(datasets, settings, "1", again=True).reason.code == "another_listener"
    assert aliases(client) == ("2", "1")
    assert ROLLED_BACK in client.get_model_version(MODEL, "1").tags
    assert promote(datasets, settings, "1", new_listener=True, again=True).promoted
    assert aliases(client)[0] == "1"
    assert ROLLED_BACK not in client.get_model_version(MODEL, "1").tags
    assert client.get_model_version(MODEL, "1").tags["replaced"] == "2"
    decided_at = client.get_model_version(MODEL, "1").tags["decided_at"]
    assert promote(datasets, settings, "1", again=True).reason.code == "new_listener_beats_majority"
    assert client.get_model_version(MODEL, "1").tags["decided_at"] == decided_at
