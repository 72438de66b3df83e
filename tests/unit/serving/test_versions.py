"""What the registry hands out of a version, on MLflow's own store."""

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from song_preference.evaluation import EVALUATION_FILE, Answers, Importance, Interval, read_evaluation
from song_preference.messages import Message
from song_preference.serving.versions import DescribedRegistry
from song_preference.settings import ModelSettings

ANSWERS = Answers(
    labels=(1, 0),
    model=(0.7, 0.2),
    baseline=(0.6, 0.5),
    threshold=0.5,
    importances=(Importance(feature="energy", mean=0.1, std=0.02),),
)
"""As version 0.1 kept them."""


TRAINING = {"candidate": "extra_trees", "threshold": "0.42", "evaluated_on": "left_out"}
METRICS = {"test_roc_auc": 0.88, "test_roc_auc_low": 0.81, "test_roc_auc_high": 0.93, "test_f1": 0.8}


@pytest.mark.parametrize(
    "tags",
    [
        {"training": json.dumps(TRAINING), "metrics": json.dumps(METRICS)},
        pytest.param(TRAINING | {name: str(value) for name, value in METRICS.items()}, id="a tag each, as at first"),
    ],
)
def test_a_version_is_described_by_its_tags_and_its_card(
    client: MlflowClient, settings: ModelSettings, run_id: str, tmp_path: Path, tags: dict[str, str]
) -> None:
    tags = {**tags, "dataset_version": "abc"}
    client.create_model_version(settings.name, tmp_path.as_uri(), run_id, tags=tags, description="# Card")
    client.create_model_version(settings.name, tmp_path.as_uri())
    client.set_registered_model_alias(settings.name, "champion", "1")
    bare, described = DescribedRegistry(settings).described(5)
    assert (described.registered.version, described.registered.roc_auc) == ("1", 0.88)
    assert described.registered.aliases == ["champion"]
    assert (described.run_id, described.candidate, described.threshold) == (run_id, "extra_trees", 0.42)
    assert (described.evaluated_on, bare.evaluated_on) == ("left_out", None)
    # A metric without an interval is not shown.
    assert described.metrics == {"roc_auc": Interval(0.88, 0.81, 0.93)}
    assert described.card == Message(None, english="# Card")
    assert (bare.run_id, bare.candidate, bare.threshold, bare.metrics, str(bare.card)) == ("", None, None, {}, "")
    assert DescribedRegistry(settings).versions(5) == [bare.registered, described.registered]


def test_the_champion_is_described_however_old_it_is(client: MlflowClient, settings: ModelSettings) -> None:
    for _ in range(3):
        client.create_model_version(settings.name, "file:///nowhere")
    client.set_registered_model_alias(settings.name, "champion", "1")
    registry = DescribedRegistry(settings)
    found = [(each.registered.version, each.registered.aliases) for each in registry.described(1)]
    assert found == [("3", []), ("1", ["champion"])]
    assert len(registry.described(3)) == 3
    assert len(registry.versions(1)) == 1


def test_a_card_is_rendered_by_its_own_code(client: MlflowClient, settings: ModelSettings, tmp_path: Path) -> None:
    tags = {"card_params": "{}"}
    client.create_model_version(settings.name, tmp_path.as_uri(), tags=tags, description="# First")
    client.create_model_version(settings.name, tmp_path.as_uri(), tags=tags | {"card_code": "of_now"}, description="#")
    of_now, first = (version.card for version in DescribedRegistry(settings).described(2))
    assert first == Message("model_card", {}, "# First")
    assert of_now == Message("of_now", {}, "#")


def test_an_evaluation_is_read_back(client: MlflowClient, settings: ModelSettings, run_id: str) -> None:
    client.log_text(run_id, ANSWERS.model_dump_json(), EVALUATION_FILE)
    assert DescribedRegistry(settings).evaluation(run_id) == read_evaluation(ANSWERS.model_dump_json().encode())


@pytest.mark.parametrize("content", ["", "{}", ANSWERS.model_dump_json().replace("0.7,", "")])
def test_a_damaged_evaluation_is_as_good_as_none(
    client: MlflowClient, settings: ModelSettings, run_id: str, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.log_text(run_id, content, EVALUATION_FILE)
    assert DescribedRegistry(settings).evaluation(run_id) is None
    assert f"{EVALUATION_FILE} of run {run_id} failed validation" in caplog.text


def test_a_run_without_the_file_or_an_unknown_run_has_none(settings: ModelSettings, run_id: str) -> None:
    registry = DescribedRegistry(settings)
    assert registry.evaluation(run_id) is None
    assert registry.evaluation("0" * 32) is None
