"""The steps of the pipeline, on a bucket in memory."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from song_preference.dataset import etl, source
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion, Draft, Parameters
from song_preference.errors import SourceUnavailable
from song_preference.settings import DatasetSettings
from tests.support.datasets import MemoryObjects

PARAMETERS = Parameters(test_size=0.3, seed=1)
DRIVE = "https://drive.google.com/file/d/13DDhnS2FoXN-xqWM9PWryQyUBgRTqcKg"


@pytest.fixture
def without_drive(configured: DatasetSettings, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], DatasetSettings]:
    """Settings with this source; of all sources only the sample answers."""

    def fetch(uri: str, *rest: Any, **options: Any) -> Any:
        if uri != "sample":
            raise SourceUnavailable(f"'{uri}' does not answer.")
        return source.fetch(uri, *rest, **options)

    monkeypatch.setattr(etl, "fetch", fetch)
    return lambda uri: configured.model_copy(update={"source": uri})


def test_the_steps_hand_on_what_they_found(store: DatasetStore, draft: Draft) -> None:
    assert draft.preparation is not None
    assert draft.split is not None
    assert (draft.preparation.rows_kept, draft.split.train, draft.split.test) == (750, 525, 225)
    assert len(store.table(draft.version, "train")) == 525
    assert len(store.table(draft.version, "test")) == 225


def test_a_repeated_step_writes_nothing_twice(
    store: DatasetStore, draft: Draft, configured: DatasetSettings, objects: MemoryObjects
) -> None:
    before = dict(objects.contents)
    again = etl.split_dataset(
        store, etl.engineer_features(store, configured, etl.download(store, configured, PARAMETERS))
    )
    assert again == draft
    assert objects.contents == before
    other = etl.download(store, configured, Parameters(test_size=0.3, seed=2))
    assert other.version != draft.version


def test_without_drive_the_sample_stands_in_and_says_so(
    store: DatasetStore, without_drive: Callable[[str], DatasetSettings], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = etl.download(store, without_drive(DRIVE), PARAMETERS).source
    assert (found.kind, found.fallback_reason) == ("sample", f"'{DRIVE}' does not answer.")
    assert found.tags == {"source_kind": "sample", "fallback_reason": f"'{DRIVE}' does not answer."}
    assert "USING THE BUNDLED SAMPLE" in caplog.text


def test_the_sample_never_stands_in_for_a_playlist_or_for_another_source(
    store: DatasetStore, published: DatasetVersion, without_drive: Callable[[str], DatasetSettings]
) -> None:
    assert published.source.kind == "file"
    with pytest.raises(SourceUnavailable, match="The dataset published last stays in force"):
        etl.download(store, without_drive(DRIVE), PARAMETERS)
    with pytest.raises(SourceUnavailable, match="does not answer"):
        etl.download(DatasetStore(MemoryObjects()), without_drive("https://example.org/a.csv"), PARAMETERS)


def test_a_version_is_published_before_mlflow_is_asked(
    store: DatasetStore, draft: Draft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def log_version(described: DatasetVersion, asked: DatasetStore) -> tuple[str, str]:
        seen.append(asked.latest())
        return "run", "experiment"

    monkeypatch.setattr("song_preference.dataset.mlflow_run.log_version", log_version)
    registered = etl.register(store, draft)
    assert seen == [registered.dataset] == store.published()
    assert (registered.run_id, registered.experiment_id) == ("run", "experiment")
    assert registered.dataset.code_version.startswith("0.")
