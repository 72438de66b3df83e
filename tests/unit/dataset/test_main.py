"""`python -m song_preference.dataset`, on a bucket in memory and a registry that knows datasets."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from song_preference.dataset import __main__ as command
from song_preference.dataset.__main__ import main
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion
from tests.support.datasets import FakeMlflow, MemoryObjects, publish_sample


@pytest.fixture(autouse=True)
def mlflow(store: DatasetStore, monkeypatch: pytest.MonkeyPatch) -> FakeMlflow:
    found = FakeMlflow()
    monkeypatch.setattr(command, "open_store", lambda: store)
    monkeypatch.setattr(command, "MlflowClient", lambda: found)
    return found


@pytest.fixture
def first(objects: MemoryObjects, mlflow: FakeMlflow) -> DatasetVersion:
    """A version that two models were trained on."""
    found = publish_sample(objects, 1, datetime(2026, 11, 29, 10, tzinfo=UTC))
    mlflow.trained[found.version] = [SimpleNamespace(name="model", version=number) for number in ("9", "10")]
    return found


@pytest.fixture
def second(objects: MemoryObjects, first: DatasetVersion) -> DatasetVersion:
    """A newer one, which is the latest."""
    return publish_sample(objects, 2, datetime(2026, 11, 29, 11, tzinfo=UTC))


def test_versions_are_listed_the_newest_first_with_the_models_trained_on_them(
    objects: MemoryObjects, first: DatasetVersion, second: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    objects.put("datasets/0123456789ab/raw/1.csv", b"energy\n")
    main(["list"])
    header, *rows, last = capsys.readouterr().out.splitlines()
    columns = ["version", "created (UTC)", "source", "songs", "likes", "dislikes", "models", "name"]
    assert re.split(" {2,}", header) == columns
    songs = first.preparation
    counts = [str(count) for count in (songs.rows_kept, songs.likes, songs.dislikes)]
    assert [re.split(" {2,}", row) for row in rows] == [
        [second.version, "2026-11-29 11:00", "file", *counts, "-", second.name],
        [first.version, "2026-11-29 10:00", "file", *counts, "model/9, model/10", first.name],
    ]
    assert last.split()[:2] == ["0123456789ab", "unfinished:"]


def test_a_list_that_cannot_be_read_whole_has_no_header(
    objects: MemoryObjects, mlflow: FakeMlflow, first: DatasetVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    objects.is_down = True
    with pytest.raises(SystemExit, match="S3 did not serve"):
        main(["list"])
    assert capsys.readouterr().out == ""


def test_one_is_shown_as_it_is_stored(first: DatasetVersion, capsys: pytest.CaptureFixture[str]) -> None:
    main(["show", first.version])
    assert DatasetVersion.model_validate_json(capsys.readouterr().out) == first


def test_one_that_nothing_needs_is_removed(
    store: DatasetStore,
    first: DatasetVersion,
    second: DatasetVersion,
    mlflow: FakeMlflow,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mlflow.trained.clear()
    main(["remove", first.version])
    assert capsys.readouterr().out == f"Dataset version '{first.version}' is removed.\n"
    assert store.published() == [second]


def test_what_cannot_be_removed_ends_with_the_reason(
    store: DatasetStore, first: DatasetVersion, second: DatasetVersion
) -> None:
    for version, reason in (
        (first.version, "model/9, model/10"),
        (second.version, "is the latest"),
        ("none", "There is no dataset version 'none'"),
    ):
        with pytest.raises(SystemExit, match=reason):
            main(["remove", version])
    assert store.published() == [second, first]


@pytest.mark.parametrize("arguments", [[], ["show"], ["publish"]])
def test_what_is_no_command_is_rejected_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "usage: python -m song_preference.dataset" in capsys.readouterr().err
