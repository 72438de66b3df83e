"""The ETL on a real S3 server and a real MLflow."""

import json
import re
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from local_stack.config import ROOT
from song_preference.dataset import etl, incoming
from song_preference.dataset.__main__ import main as versions
from song_preference.dataset.etl import register
from song_preference.dataset.source import fetch
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.transfer import Network
from song_preference.dataset.version import DatasetVersion, Parameters
from song_preference.errors import (
    DatasetNotFound,
    InvalidDataset,
    SourceRejected,
    SourceUnavailable,
    StorageUnavailable,
)
from song_preference.settings import DatasetSettings, S3Settings
from song_preference.storage import ObjectStore, s3_client

PARAMETERS = Parameters(test_size=0.3, seed=42)


def settings(source: Path | str, monkeypatch: pytest.MonkeyPatch) -> DatasetSettings:
    monkeypatch.setenv("DATASET_SOURCE", str(source))
    return DatasetSettings()


def run(store: DatasetStore, configured: DatasetSettings, parameters: Parameters = PARAMETERS) -> DatasetVersion:
    draft = etl.download(store, configured, parameters)
    return register(store, etl.split_dataset(store, etl.engineer_features(store, configured, draft))).dataset


def runs_of(described: DatasetVersion) -> list[Run]:
    """The version's MLflow runs, newest first."""
    (experiment,) = MlflowClient().search_experiments(filter_string="name = 'Spotify data'")
    found = MlflowClient().search_runs([experiment.experiment_id], f"tags.dataset_version = '{described.version}'")
    return list(found)


def test_a_playlist_becomes_a_published_version(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = run(store, settings(playlist, monkeypatch))
    assert store.latest() == described
    assert (described.preparation.rows_raw, described.preparation.rows_kept) == (752, 750)
    assert (described.split.train, described.split.test) == (525, 225)
    store.fetch(described.version, "raw", playlist.with_suffix(".again"))
    assert playlist.with_suffix(".again").read_bytes() == playlist.read_bytes()
    assert len(store.table(described.version, "test")) == 225


def test_mlflow_shows_the_version_with_its_source_pictures_and_card(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = run(store, settings(playlist, monkeypatch))
    logged = runs_of(described)[0]
    assert logged.data.params["seed"] == "42"
    shown = [store.latest().model_dump_json(), *logged.data.params.values(), *logged.data.tags.values()]
    assert not any(str(playlist.parent) in text for text in shown)
    assert logged.data.metrics["likes"] == described.preparation.likes
    assert "# Dataset" in logged.data.tags["mlflow.note.content"]
    assert logged.inputs is not None
    (used,) = logged.inputs.dataset_inputs
    assert json.loads(used.dataset.source)["uri"].endswith(f"/{described.version}/features.parquet")
    assert used.dataset.digest == described.version
    names = {item.path for item in MlflowClient().list_artifacts(logged.info.run_id)}
    assert names == {"dataset.json", "data_card.md", "pictures"}
    assert len(MlflowClient().list_artifacts(logged.info.run_id, "pictures")) == 3


def test_a_version_that_nothing_needs_can_be_removed(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_REPO_BUCKET_NAME", store.objects.bucket)
    old = run(store, settings(playlist, monkeypatch))
    latest = run(store, settings("sample", monkeypatch))
    rejected = etl.download(store, settings(ROOT / "README.md", monkeypatch), PARAMETERS)
    registry = MlflowClient()
    registry.create_registered_model("test_of_retention")
    try:
        registry.create_model_version(
            "test_of_retention", "s3://elsewhere/model", tags={"dataset_version": old.version}
        )
        versions(["list"])
        assert re.search(rf"{latest.version}.*\n.*{old.version}.*test_of_retention/1", capsys.readouterr().out)
        with pytest.raises(SystemExit, match="test_of_retention/1 was trained on it"):
            versions(["remove", old.version])
    finally:
        registry.delete_registered_model("test_of_retention")
    with pytest.raises(SystemExit, match="is the latest"):
        versions(["remove", latest.version])
    with pytest.raises(SystemExit, match="There is no dataset version 'none'"):
        versions(["remove", "none"])
    versions(["show", old.version])
    assert DatasetVersion.model_validate_json(capsys.readouterr().out) == old
    versions(["remove", old.version])
    versions(["remove", rejected.version])
    assert {key.split("/")[1] for key in store.objects.keys("datasets/")} == {latest.version, "latest.json"}


def test_a_playlist_that_was_uploaded_goes_with_the_last_version_made_of_it(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_REPO_BUCKET_NAME", store.objects.bucket)
    with playlist.open("rb") as file, incoming.kept(file, playlist.name, store.objects) as source:
        uploaded = settings(source, monkeypatch)
    old = [run(store, uploaded, Parameters(test_size=0.3, seed=seed)) for seed in (1, 2)]
    run(store, settings("sample", monkeypatch))
    versions(["remove", old[0].version])
    assert len(store.objects.keys("incoming/")) == 1
    versions(["remove", old[1].version])
    assert store.objects.keys("incoming/") == []


def test_without_s3_the_reason_and_the_remedy_are_reported(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(
        SystemExit, match=r"S3 at http://\S+ did not serve .*EndpointConnectionError.*check that it runs"
    ):
        versions(["list"])


def test_until_it_is_registered_a_version_is_invisible(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = etl.download(store, settings(playlist, monkeypatch), PARAMETERS)
    draft = etl.split_dataset(store, etl.engineer_features(store, DatasetSettings(), draft))
    with pytest.raises(DatasetNotFound, match="run the DAG process_etl_spotify_data"):
        store.latest()
    assert list(store.published()) == []
    register(store, draft)
    assert [published.version for published in store.published()] == [draft.version]


def test_the_same_input_is_the_same_version_and_writes_nothing_twice(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(store, settings(playlist, monkeypatch))
    objects = store.objects
    before = {key: objects.get(key) for key in objects.keys("datasets/")}
    runs_before = len(runs_of(first))
    assert run(store, settings(playlist, monkeypatch)) == first
    assert {key: objects.get(key) for key in objects.keys("datasets/")} == before
    assert len(runs_of(first)) == runs_before + 1


def test_other_parameters_are_another_version(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = settings(playlist, monkeypatch)
    other = Parameters(test_size=0.3, seed=43)
    assert etl.download(store, configured, PARAMETERS).version != etl.download(store, configured, other).version


def test_a_bad_file_publishes_nothing(store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html>Sign in</html>")
    with pytest.raises(InvalidDataset, match="the file is an HTML page"):
        etl.download(store, settings(page, monkeypatch), PARAMETERS)
    assert list(store.objects.keys("")) == []


DRIVE = "https://drive.google.com/file/d/13DDhnS2FoXN-xqWM9PWryQyUBgRTqcKg"


@pytest.fixture
def no_drive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every https connection goes through a proxy that is not there, and nobody waits to try it again."""
    monkeypatch.setattr("song_preference.dataset.source.NETWORK", Network(waits_seconds=(0, 0)))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.mark.usefixtures("no_drive")
def test_without_drive_the_sample_is_used_and_said(
    store: DatasetStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    described = run(store, settings(DRIVE, monkeypatch))
    assert described.source.kind == "sample"
    assert DRIVE in str(described.source.fallback_reason)
    assert "USING THE BUNDLED SAMPLE" in caplog.text
    logged = runs_of(described)[0]
    assert logged.data.tags["source_kind"] == "sample"
    assert DRIVE in logged.data.tags["fallback_reason"]


@pytest.mark.usefixtures("no_drive")
def test_the_sample_never_stands_in_for_a_real_playlist_once_published(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = run(store, settings(playlist, monkeypatch))
    with pytest.raises(SourceUnavailable, match="stays in force"):
        etl.download(store, settings(DRIVE, monkeypatch), PARAMETERS)
    assert store.latest() == real


def test_nor_for_a_file_that_somebody_named(
    store: DatasetStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceRejected, match="there is no such file"):
        etl.download(store, settings(tmp_path / "missing.csv", monkeypatch), PARAMETERS)


def test_a_playlist_can_be_uploaded_through_s3(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.objects.put("incoming/mine.csv", playlist.read_bytes())
    uri = store.objects.uri("incoming/mine.csv")
    draft = etl.download(store, settings(uri, monkeypatch), PARAMETERS)
    assert (draft.source.kind, draft.source.uri) == ("s3", uri)
    smaller = DatasetSettings().model_copy(update={"max_bytes": 10})
    with pytest.raises(InvalidDataset, match="MAX_DATASET_BYTES"):
        etl.download(store, smaller, PARAMETERS)


def test_a_stranger_uploads_through_s3_below_incoming_alone(
    store: DatasetStore, playlist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured, target = settings("sample", monkeypatch), tmp_path / "raw.csv"
    for key in ("incoming/mine.csv", "theirs.csv"):
        store.objects.put(key, playlist.read_bytes())
    uri = store.objects.uri("incoming/mine.csv")
    assert fetch(uri, target, store.objects, configured, trusted=False).uri == uri
    assert target.read_bytes() == playlist.read_bytes()
    with pytest.raises(SourceRejected, match="it is not below s3://"):
        fetch(store.objects.uri("theirs.csv"), target, store.objects, configured, trusted=False)


@pytest.mark.parametrize("uri", ["s3://another-bucket/mine.csv", "s3://data"])
def test_an_s3_address_that_is_none_of_ours_is_rejected(
    uri: str, store: DatasetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceRejected, match="s3://"):
        etl.download(store, settings(uri, monkeypatch), PARAMETERS)


def test_a_key_that_is_not_there_is_rejected(store: DatasetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = store.objects.uri("incoming/none.csv")
    with pytest.raises(
        SourceRejected, match=f"'{uri}' is rejected: there is no such object; copy the file there first"
    ):
        etl.download(store, settings(uri, monkeypatch), PARAMETERS)


def test_of_two_writers_the_first_wins(store: DatasetStore) -> None:
    assert store.objects.put_new("one", b"first")
    assert not store.objects.put_new("one", b"second")
    assert store.objects.get("one") == b"first"
    assert store.objects.get("none") is None


def test_a_wrong_secret_is_reported_with_what_to_check(store: DatasetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_SECRET_ACCESS_KEY", "wrong-secret")
    rejected = ObjectStore(s3_client(S3Settings()), store.objects.bucket)
    said = rf"S3 at http://\S+ did not serve {rejected.uri('a.csv')} \(\w+\)"
    message = rf"{said}: check that it runs, that its volume has room, and its keys\."
    with pytest.raises(StorageUnavailable, match=message):
        rejected.get("a.csv")
