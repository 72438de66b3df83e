"""The names of catalogue versions and of the folders of their scores."""

import pytest

from song_preference.catalogue import version
from song_preference.catalogue.version import scores_folder, version_of
from song_preference.prediction import ModelRef

MODEL = "spotify_model_prod"


def test_scores_of_a_registry_that_was_made_anew_are_others() -> None:
    first, second = (ModelRef(MODEL, "1", "champion", run) for run in ("a" * 32, "b" * 32))
    assert scores_folder(first) != scores_folder(second)
    assert scores_folder(ModelRef(MODEL, "1", "champion")) == "1"


def test_another_file_or_way_of_importing_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [version_of(digest) for digest in ("a", "b", "a")]
    assert names[0] == names[2] != names[1]
    monkeypatch.setattr(version, "IMPORT", version.IMPORT + 1)
    assert version_of("a") not in names
