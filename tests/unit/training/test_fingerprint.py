import re
from pathlib import Path

import pytest
from mlflow import MlflowClient

from song_preference.errors import NothingToDo
from song_preference.serving.versions import ROLLED_BACK
from song_preference.settings import ModelSettings
from song_preference.training import fingerprint
from song_preference.training.fingerprint import DECIDED_AT, TRAINING_KEY, trained_before, training_key
from song_preference.training.rollback import rollback

MODEL = "spotify_model_prod"


def test_the_key_changes_with_data_seed_and_trials() -> None:
    keys = {training_key(*values) for values in [("a", 1, 40), ("b", 1, 40), ("a", 2, 40), ("a", 1, 41)]}
    assert len(keys) == 4
    assert training_key("a", 1, 40) in keys


CHANGES_A_MODEL = {
    "features.py": True,
    "serving/model.py": True,
    "training/candidates.py": True,
    "training/choose.py": True,
    "training/cross_validation.py": True,
    "training/data.py": True,
    "training/export.py": True,
    "training/fit.py": True,
    "training/logistic.py": True,
    "training/search.py": True,
    "training/__init__.py": False,
    "training/compare.py": False,
    "training/evaluate.py": False,
    "training/fingerprint.py": False,
    "training/intervals.py": False,
    "training/plots.py": False,
    "training/promote.py": False,
    "training/registry.py": False,
    "training/rollback.py": False,
    "training/steps.py": False,
    "messages/card.en.md": False,
    "messages/card.toml": False,
    "messages/sentences.toml": False,
    "evaluation.py": False,
    "plotting.py": False,
    "errors.py": False,
    "settings.py": False,
    "dataset/mlflow_run.py": False,
    "serving/registry.py": False,
}


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the package, to be edited."""
    copy = tmp_path / "song_preference"
    for name in CHANGES_A_MODEL:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((fingerprint.PACKAGE / name).read_bytes())
    monkeypatch.setattr(fingerprint, "PACKAGE", copy)
    return copy


def test_every_module_of_the_training_is_in_the_table() -> None:
    modules = {f"training/{path.name}" for path in (fingerprint.PACKAGE / "training").glob("*.py")}
    assert modules == {name for name in CHANGES_A_MODEL if name.startswith("training/")}


@pytest.mark.parametrize(("name", "changes"), CHANGES_A_MODEL.items())
def test_an_edit_changes_the_key_where_it_may_change_a_model(package: Path, name: str, *, changes: bool) -> None:
    before, path = training_key("a", 1, 40), package / name
    path.write_text(path.read_text() + "\nEDITED = True\n")
    assert (training_key("a", 1, 40) != before) is changes


@pytest.mark.parametrize(
    ("name", "written", "instead", "changes"),
    [
        ("search.py", '"""Search', '"""Mended. Search', False),
        ("search.py", "    # ", "    # Mended. ", False),
        ("choose.py", 'log.warning("Rejected', 'log.warning("Not taken', False),
        ("choose.py", "rejected[-1])\n", "rejected[-1])\n                log.info('Next')\n", False),
        ("choose.py", 'TrainingFailed(Message("', 'TrainingFailed(Message("another_', False),
        ("choose.py", "raise TrainingFailed(", "raise ValueError(", True),
        ("steps.py", "The best of %d models is", "Of %d models the best is", False),
        ("steps.py", "evaluate_model(songs,", "evaluate_model(others,", False),
        ("steps.py", "search_candidates(songs,", "search_candidates(others,", True),
        (
            "steps.py",
            "choose(registry.ranked_trials(run_id), train",
            "choose(registry.ranked_trials(run_id), test",
            True,
        ),
    ],
)
def test_an_edit_within_a_file_changes_the_key_where_it_may_change_a_model(
    package: Path, name: str, written: str, instead: str, *, changes: bool
) -> None:
    before, path = training_key("a", 1, 40), package / "training" / name
    source = path.read_text()
    assert written in source
    path.write_text(source.replace(written, instead))
    assert (training_key("a", 1, 40) != before) is changes


def test_what_changes_a_model_imports_nothing_of_the_training_that_is_said_not_to() -> None:
    for name in set(fingerprint.SOURCES) - {"training/steps.py"}:
        used = re.findall(r"song_preference\.(training|serving)\.(\w+)", (fingerprint.PACKAGE / name).read_text())
        assert {f"{package}/{module}.py" for package, module in used} <= set(fingerprint.SOURCES), name


def test_the_key_changes_with_each_library_of_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {training_key("a", 1, 40)}
    for library in ("onnx", "onnxruntime", "scipy"):
        monkeypatch.setattr(fingerprint, "installed_version", lambda name, new=library: "2" if name == new else "1")
        keys.add(training_key("a", 1, 40))
    assert len(keys) == 4


def test_a_training_is_skipped_only_where_one_was_decided(client: MlflowClient, settings: ModelSettings) -> None:
    wanted = ("a", 1, 40)
    assert trained_before(client, settings, wanted) is None
    for _ in range(2):
        client.create_model_version(MODEL, "file:///nowhere", tags={TRAINING_KEY: training_key("a", 1, 40)})
    assert trained_before(client, settings, wanted) is None
    client.set_model_version_tag(MODEL, "2", DECIDED_AT, "2026-11-23")
    found = trained_before(client, settings, wanted)
    assert found is not None
    assert (found["version"], found["dataset_version"], found["seed"]) == ("2", "a", 1)
    assert trained_before(client, settings, ("a", 2, 40)) is None
    client.set_registered_model_alias(MODEL, "champion", "2")
    with pytest.raises(NothingToDo) as skipped:
        trained_before(client, settings, wanted)
    assert str(skipped.value) == (
        "Version 2 was trained from dataset a with seed 1, 40 trials and this code: set force to train again."
    )


def test_a_version_that_somebody_rolled_back_from_is_not_promoted_again_by_itself(
    client: MlflowClient, settings: ModelSettings
) -> None:
    wanted = ("a", 1, 40)
    client.create_model_version(MODEL, "file:///nowhere")
    tags = {TRAINING_KEY: training_key(*wanted), DECIDED_AT: "2026-11-23"}
    client.create_model_version(MODEL, "file:///nowhere", tags=tags)
    client.set_registered_model_alias(MODEL, "champion", "2")
    rollback(settings, "1")
    for new_listener in (None, False):
        with pytest.raises(NothingToDo, match="somebody rolled back from it"):
            trained_before(client, settings, wanted, new_listener)
    assert trained_before(client, settings, wanted, new_listener=True)
    rollback(settings, "2")
    assert ROLLED_BACK not in client.get_model_version(MODEL, "2").tags
