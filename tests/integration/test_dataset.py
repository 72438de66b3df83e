"""The ETL on a real S3 server and a real MLflow."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from mlflow import MlflowClient
from mlflow.entities import Run

from song_preference.dataset import etl, sample
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import DatasetVersion, Parameters
from song_preference.errors import DatasetNotFound, InvalidDataset, SourceUnavailable
from song_preference.settings import DatasetSettings, S3Settings
from song_preference.storage import ObjectStore, create_buckets, s3_client

PARAMETERS = Parameters(test_size=0.3, seed=42)


@pytest.fixture
def store(environment: dict[str, str]) -> Iterator[DatasetStore]:
    """A bucket of the test's own."""
    client, bucket = s3_client(S3Settings()), f"test-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    objects = ObjectStore(client, bucket)
    yield DatasetStore(objects)
    for key in list(objects.keys("")):
        client.delete_object(Bucket=bucket, Key=key)
    client.delete_bucket(Bucket=bucket)


@pytest.fixture
def playlist(tmp_path: Path) -> Path:
    """A listener's file: synthetic songs, two of them twice."""
    lines = sample.csv().decode().splitlines()
    path = tmp_path / "playlist.csv"
    path.write_text("\n".join([*lines, lines[1], lines[2]]) + "\n")
    return path


def settings(source: Path | str, monkeypatch: pytest.MonkeyPatch) -> DatasetSettings:
    monkeypatch.setenv("DATASET_SOURCE", str(source))
    return DatasetSettings()


def run(store: DatasetStore, configured: DatasetSettings) -> DatasetVersion:
    draft = etl.download(store, configured, PARAMETERS)
    return etl.register(store, etl.split_dataset(store, etl.engineer_features(store, draft)))


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
    assert store.raw(described.version) == playlist.read_bytes()
    assert len(store.part(described.version, "test")) == 225


def test_until_it_is_registered_a_version_is_invisible(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = etl.download(store, settings(playlist, monkeypatch), PARAMETERS)
    draft = etl.split_dataset(store, etl.engineer_features(store, draft))
    with pytest.raises(DatasetNotFound, match="run the DAG process_etl_spotify_data"):
        store.latest()
    assert list(store.published()) == []
    etl.register(store, draft)
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
    draft = etl.download(store, settings(page, monkeypatch), PARAMETERS)
    with pytest.raises(InvalidDataset, match="the file is an HTML page"):
        etl.engineer_features(store, draft)
    assert list(store.published()) == []


DRIVE = "https://drive.google.com/file/d/13DDhnS2FoXN-xqWM9PWryQyUBgRTqcKg"


@pytest.fixture
def no_drive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every https connection goes through a proxy that is not there."""
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
    with pytest.raises(SourceUnavailable, match="No such file"):
        etl.download(store, settings(tmp_path / "missing.csv", monkeypatch), PARAMETERS)


def test_a_playlist_can_be_handed_in_through_s3(
    store: DatasetStore, playlist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.objects.put("incoming/mine.csv", playlist.read_bytes())
    uri = store.objects.uri("incoming/mine.csv")
    draft = etl.download(store, settings(uri, monkeypatch), PARAMETERS)
    assert (draft.source.kind, draft.source.uri) == ("s3", uri)
    smaller = DatasetSettings().model_copy(update={"max_bytes": 10})
    with pytest.raises(InvalidDataset, match="MAX_DATASET_BYTES"):
        etl.download(store, smaller, PARAMETERS)


@pytest.mark.parametrize("uri", ["s3://another-bucket/mine.csv", "s3://data", "s3://{bucket}/incoming/none.csv"])
def test_an_s3_address_that_is_none_of_ours_is_unavailable(
    uri: str, store: DatasetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceUnavailable, match="s3://"):
        etl.download(store, settings(uri.format(bucket=store.objects.bucket), monkeypatch), PARAMETERS)


def test_of_two_writers_the_first_wins(store: DatasetStore) -> None:
    assert store.objects.put_new("one", b"first")
    assert not store.objects.put_new("one", b"second")
    assert store.objects.get("one") == b"first"
    assert store.objects.get("none") is None


def test_buckets_are_made_once(environment: dict[str, str]) -> None:
    create_buckets(S3Settings())
    names = {bucket["Name"] for bucket in s3_client(S3Settings()).list_buckets()["Buckets"]}
    assert {environment["DATA_REPO_BUCKET_NAME"], environment["MLFLOW_BUCKET_NAME"]} <= names


def test_a_wrong_secret_is_refused(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_SECRET_ACCESS_KEY", "wrong-secret")
    with pytest.raises(ClientError):
        s3_client(S3Settings()).list_buckets()
