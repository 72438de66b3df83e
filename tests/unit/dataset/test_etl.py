"""The steps of the pipeline, on a bucket in memory."""

import io
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from song_preference.dataset import etl, sample, source
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion, Draft, Parameters, Source, SourceKind
from song_preference.errors import SourceUnavailable
from song_preference.features import FEATURES, LABEL
from song_preference.settings import DatasetSettings
from song_preference.song_table.playlist import pack
from tests.support.datasets import MemoryObjects
from tests.support.outside import Outside, gives, leads_to
from tests.support.playlists import as_csv, chosen

CREATED = datetime(2026, 11, 29, tzinfo=UTC)
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


def test_a_version_is_called_as_its_file_until_a_run_names_it(
    store: DatasetStore, draft: Draft, configured: DatasetSettings
) -> None:
    first = store.publish(DatasetVersion(created_at=CREATED, code_version="1", **draft.model_dump()))
    assert first.name == "playlist"
    again = etl.download(store, configured, PARAMETERS, name=" Verano\n2026 ")
    assert (again.version, again.name) == (draft.version, "Verano 2026")


@pytest.mark.parametrize(
    ("kind", "uri", "name"),
    [
        ("sample", "sample", "Demo"),
        ("drive", DRIVE, "Google Drive"),
        ("https", "https://example.com/a/My%20songs.csv?...", "My songs"),
        ("file", "/home/ana/mi lista.csv", "mi lista"),
        ("s3", "s3://data/incoming/0123/Mis canciones.csv.gz", "Mis canciones"),
        ("file", "2024.05 summer.csv", "2024.05 summer"),
        ("file", "a.csv", "a"),
        ("file", "Cancio\u0301n.csv", "Canci\u00f3n"),
        ("https", "https://docs.google.com/spreadsheets/d/abc/export?...", "Google Sheets"),
        ("s3", f"s3://data/incoming/{'ab' * 16}.csv", "0123456789ab"),
        ("https", "https://example.com/", "example.com"),
    ],
)
def test_a_version_without_a_name_is_called_as_its_source(draft: Draft, kind: SourceKind, uri: str, name: str) -> None:
    source = Source(kind=kind, uri=uri, sha256="ab" * 32, size_bytes=1)
    version = DatasetVersion(created_at=CREATED, code_version="1", **{**draft.model_dump(), "source": source})
    assert version.name == name.replace("0123456789ab", version.version)


ZIP_SOURCES = {
    "https": "https://localhost:{port}/songs.zip",
    "s3": "s3://data/incoming/songs.zip",
    "drive": "https://drive.google.com/file/d/a-b_1/view",
    "file": "incoming/songs.zip",
}


@pytest.mark.parametrize(("songs", "test_size", "are_few"), [(50, 0.1, True), (20, 0.5, False)])
def test_songs_that_cannot_replace_a_model_are_noted_by_the_runs_own_split(
    songs: int, test_size: float, *, are_few: bool, store: DatasetStore, configured: DatasetSettings
) -> None:
    Path(configured.source).write_bytes(as_csv(chosen(songs, songs)))
    draft = etl.download(store, configured, Parameters(test_size=test_size, seed=1))
    report = etl.engineer_features(store, configured, draft).preparation
    assert report is not None
    assert ("too_few_to_compare" in [note.code for note in report.normalisations]) == are_few


@pytest.mark.parametrize("is_packed", [False, True])
def test_songs_that_a_look_up_did_not_find_are_published_without_names(
    store: DatasetStore, configured: DatasetSettings, *, is_packed: bool
) -> None:
    songs = sample.bundled()[lambda found: found[LABEL] == 1].assign(features_from="catalogue x")
    unknown = songs.tail(1).assign(title="Unheard of", features_from="").assign(**dict.fromkeys(FEATURES))
    liked, disliked = as_csv(pd.concat([songs, unknown])), as_csv(songs.assign(title="Other", danceability=0.5))
    path = configured.incoming / "songs"
    if is_packed:
        pack({"liked": io.BytesIO(liked), "disliked": io.BytesIO(disliked)}, path)
    else:
        path.write_bytes(as_csv(pd.concat([sample.bundled(), songs, unknown])))
    draft = etl.download(store, configured.model_copy(update={"source": str(path)}), PARAMETERS)
    report = etl.engineer_features(store, configured, draft).preparation
    assert report is not None
    assert any("songs found (" in reading for reading in report.readings)
    assert "not_found" not in report.model_dump_json()
    assert "Unheard of" not in report.model_dump_json()


@pytest.mark.parametrize(("kind", "name"), ZIP_SOURCES.items())
def test_a_zip_of_liked_and_disliked_songs_comes_through_every_source(
    kind: str, name: str, store: DatasetStore, configured: DatasetSettings, behind_proxy: Outside
) -> None:
    songs, path = sample.bundled(), configured.incoming / "songs.zip"
    liked, disliked = (as_csv(songs[songs[LABEL] == label].drop(columns=LABEL)) for label in (1, 0))
    pack({"liked": io.BytesIO(liked), "disliked": io.BytesIO(disliked)}, path)
    answer = gives(
        path.read_bytes(), Content_Type="application/zip", Content_Disposition='attachment; filename="songs.zip"'
    )
    behind_proxy.answers |= {
        "/songs.zip": [answer],
        "/uc": [leads_to("https://drive.usercontent.google.com/download?id=a-b_1")],
        "/download": [answer],
    }
    store.objects.put("incoming/songs.zip", path.read_bytes())
    settings = configured.model_copy(update={"source": name.format(port=behind_proxy.port)})
    # Only the operator may name an https server on this machine.
    downloaded = etl.download(store, settings, PARAMETERS, None if kind == "https" else name)
    assert downloaded.source.kind == kind
    assert store.file(downloaded.version, "raw") == "raw/1.zip"
    found = etl.engineer_features(store, settings, downloaded).preparation
    assert found is not None
    assert (found.likes, found.dislikes) == (songs[LABEL].sum(), (songs[LABEL] == 0).sum())


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
