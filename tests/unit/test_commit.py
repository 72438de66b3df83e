import re
from pathlib import Path

import pytest

from song_preference import commit
from song_preference.commit import git_commit


def test_the_commit_is_the_environments_or_gits_or_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_COMMIT", "f00d")
    assert git_commit() == "f00d"
    monkeypatch.delenv("GIT_COMMIT")
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", git_commit())
    monkeypatch.setattr(commit, "ROOT", tmp_path)
    assert git_commit() == "unknown"


def test_without_git_or_where_git_fails_it_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GIT_COMMIT", raising=False)
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(commit, "ROOT", tmp_path)
    assert git_commit() == "unknown"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit() == "unknown"
