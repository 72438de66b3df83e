import re
from pathlib import Path

import pytest
from mlflow import MlflowClient

from song_preference import commit
from song_preference.commit import git_commit
from song_preference.errors import NothingToDo
from song_preference.training import identity
from song_preference.training.identity import DECIDED_AT, TRAINING_KEY, check_untrained, training_key

MODEL = "spotify_model_prod"


def test_the_key_changes_with_data_seed_and_trials() -> None:
    keys = {training_key(*values) for values in [("a", 1, 40), ("b", 1, 40), ("a", 2, 40), ("a", 1, 41)]}
    assert len(keys) == 4
    assert training_key("a", 1, 40) in keys


def test_the_key_changes_with_code_and_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = training_key("a", 1, 40)
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "search.py").write_text("trials = 1")
    monkeypatch.setattr(identity, "PACKAGE", tmp_path)
    other_code = training_key("a", 1, 40)
    (tmp_path / "training" / "search.py").write_text("trials = 2")
    changed = training_key("a", 1, 40)
    monkeypatch.setattr(identity, "installed_version", lambda _: "0.0.1")
    assert len({before, other_code, changed, training_key("a", 1, 40)}) == 4


def test_the_key_changes_with_the_contract_and_with_each_library_of_the_graph(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(identity, "PACKAGE", tmp_path)
    without = training_key("a", 1, 40)
    (tmp_path / "serving").mkdir()
    (tmp_path / "serving" / "contract.py").write_text("contract = 1")
    keys = {without, training_key("a", 1, 40)}
    for library in ("onnx", "onnxruntime", "scipy"):
        monkeypatch.setattr(identity, "installed_version", lambda name, new=library: "2" if name == new else "1")
        keys.add(training_key("a", 1, 40))
    assert len(keys) == 5


def test_the_commit_is_the_environments_or_gits_or_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_COMMIT", "f00d")
    assert git_commit() == "f00d"
    monkeypatch.delenv("GIT_COMMIT")
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", git_commit())
    monkeypatch.setattr(commit, "ROOT", tmp_path)
    assert git_commit() == "unknown"


def test_a_training_is_skipped_only_where_one_was_decided(client: MlflowClient) -> None:
    check_untrained(client, MODEL, "a", 1, 40)
    client.create_registered_model(MODEL)
    for _ in range(2):
        client.create_model_version(MODEL, "file:///nowhere", tags={TRAINING_KEY: training_key("a", 1, 40)})
    check_untrained(client, MODEL, "a", 1, 40)
    client.set_model_version_tag(MODEL, "2", DECIDED_AT, "2026-11-23")
    with pytest.raises(NothingToDo) as skipped:
        check_untrained(client, MODEL, "a", 1, 40)
    assert str(skipped.value) == (
        "Version 2 was trained from dataset a with seed 1, 40 trials and this code: set force to train again."
    )
    check_untrained(client, MODEL, "a", 2, 40)
