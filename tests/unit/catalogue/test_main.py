"""`python -m song_preference.catalogue`, on a bucket in memory and a registry in a folder."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mlflow import MlflowClient

from song_preference.catalogue import __main__ as command
from song_preference.catalogue import importing
from song_preference.catalogue.__main__ import main
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import CatalogueVersion, Scores
from song_preference.errors import RegistryUnavailable
from song_preference.serving.registry import INDEX_TAG, MlflowRegistry
from song_preference.settings import ModelSettings
from tests.support.catalogues import read_upload, songs
from tests.support.datasets import MemoryObjects, publish_sample
from tests.support.playlists import as_csv


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def store(objects: MemoryObjects, monkeypatch: pytest.MonkeyPatch) -> CatalogueStore:
    store = CatalogueStore(objects)
    monkeypatch.setattr(command, "open_store", lambda: store)
    return store


def published(store: CatalogueStore, *titles: str) -> CatalogueVersion:
    """Publish a catalogue of these songs, a minute after those that are there."""
    found = read_upload(store, as_csv(songs(titles)))
    minutes = len(store.published())
    found = found.model_copy(update={"created_at": datetime(2026, 11, 29, 10, minutes, tzinfo=UTC)})
    importing.publish(store, found)
    return found


@pytest.fixture
def first(store: CatalogueStore, tmp_path: Path) -> CatalogueVersion:
    """A catalogue that two versions of the model have scored."""
    found = published(store, "A", "B")
    part = tmp_path / "part"
    part.write_bytes(b"scores")
    for model in ("10", "9"):
        folder, parts = f"{model}-0123", found.parts
        store.put_part(found.version, parts[0].name, part, folder)
        store.publish_scores(
            Scores(
                catalogue=found.version,
                model=model,
                folder=folder,
                created_at=found.created_at,
                songs=2,
                liked=1,
                parts=parts,
            )
        )
    return found


@pytest.fixture
def second(store: CatalogueStore, first: CatalogueVersion) -> CatalogueVersion:
    """A newer one, which is in use."""
    return published(store, "C", "D", "E")


@pytest.fixture
def unfinished(store: CatalogueStore) -> str:
    """Leave what an ended import leaves; return its version."""
    return read_upload(store, as_csv(songs(["F"]))).version


def index_of(catalogue: CatalogueVersion, client: MlflowClient, settings: ModelSettings) -> str:
    """Put an index of the catalogue into use; return its run."""
    experiment = client.get_experiment_by_name("tests")
    assert experiment is not None
    run_id = str(client.create_run(experiment.experiment_id).info.run_id)
    client.log_param(run_id, "catalogue", catalogue.version)
    client.set_registered_model_tag(settings.name, INDEX_TAG, run_id)
    return run_id


def test_catalogues_are_listed_the_newest_first_with_the_models_that_scored_them(
    first: CatalogueVersion, second: CatalogueVersion, unfinished: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["list"])
    header, *rows, last = capsys.readouterr().out.splitlines()
    columns = ["version", "created (UTC)", "songs", "parts", "in use", "scored by", "source"]
    assert re.split(" {2,}", header) == columns
    assert [re.split(" {2,}", row) for row in rows] == [
        [second.version, "2026-11-29 10:01", "3", "1", "yes", "-", second.source.uri],
        [first.version, "2026-11-29 10:00", "2", "1", "-", "9, 10", first.source.uri],
    ]
    assert last.split()[:2] == [unfinished, "unfinished:"]


@pytest.mark.usefixtures("store")
def test_without_a_catalogue_the_list_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list"])
    (header,) = capsys.readouterr().out.splitlines()
    assert header.startswith("version")


def test_one_is_shown_as_it_is_stored(first: CatalogueVersion, capsys: pytest.CaptureFixture[str]) -> None:
    main(["show", first.version])
    assert CatalogueVersion.model_validate_json(capsys.readouterr().out) == first


def test_one_is_removed_with_scores_index_and_upload_and_the_other_stays(
    store: CatalogueStore,
    first: CatalogueVersion,
    second: CatalogueVersion,
    client: MlflowClient,
    settings: ModelSettings,
) -> None:
    index_of(first, client, settings)
    main(["remove", first.version])
    assert MlflowRegistry(settings).index_run() is None
    assert (store.published(), store.latest()) == ([second], second)
    assert store.objects.keys(f"catalogue/{first.version}/") == []
    assert [store.objects.uri(key) for key in store.objects.keys("incoming/")] == [second.source.uri]


def test_the_index_of_another_one_stays_in_use(
    first: CatalogueVersion, second: CatalogueVersion, client: MlflowClient, settings: ModelSettings
) -> None:
    run_id = index_of(second, client, settings)
    main(["remove", first.version])
    assert MlflowRegistry(settings).index_run() == run_id


@pytest.mark.usefixtures("settings")
def test_an_upload_stays_while_another_catalogue_came_of_it(store: CatalogueStore, first: CatalogueVersion) -> None:
    again = first.model_copy(update={"version": "0" * 12, "parts": []})
    store.publish(again)
    main(["remove", first.version])
    assert len(store.objects.keys("incoming/")) == 1
    main(["remove", again.version])
    assert store.objects.keys("") == []


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("is_dataset", [False, True])
def test_an_upload_of_before_goes_too_unless_a_dataset_came_of_it(
    store: CatalogueStore, objects: MemoryObjects, first: CatalogueVersion, *, is_dataset: bool
) -> None:
    dataset = publish_sample(objects, 1, first.created_at)
    digest = dataset.source.sha256 if is_dataset else first.source.sha256
    old, other = f"incoming/{digest[:32]}/Mine.csv", f"incoming/{'0' * 32}/Other.csv"
    for key in (old, other):
        objects.put(key, b"songs")
    source = first.source.model_copy(update={"uri": objects.uri(old), "sha256": digest})
    store.publish(first.model_copy(update={"source": source}))
    main(["remove", first.version])
    assert [objects.size(key) for key in (old, other)] == [5 if is_dataset else None, 5]


def test_an_unfinished_one_is_removed_without_mlflow(
    store: CatalogueStore, second: CatalogueVersion, unfinished: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["remove", unfinished])
    assert capsys.readouterr().out == f"Catalogue '{unfinished}' is removed.\n"
    assert store.unfinished() == []
    assert store.latest() == second


@pytest.mark.parametrize("asked", ["show", "remove"])
@pytest.mark.parametrize("version", ["none", "0" * 12])
def test_an_unknown_version_ends_with_its_message(
    store: CatalogueStore, first: CatalogueVersion, asked: str, version: str
) -> None:
    with pytest.raises(SystemExit, match=f"^There is no catalogue '{version}'"):
        main([asked, version])
    assert store.published() == [first]


@pytest.mark.usefixtures("settings")
def test_without_mlflow_a_catalogue_stays(
    store: CatalogueStore, first: CatalogueVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def withdraw(settings: ModelSettings, version: str) -> None:
        raise RegistryUnavailable(f"MLflow is away, so {version} of {settings.name} stays.")

    monkeypatch.setattr(command, "withdraw", withdraw)
    with pytest.raises(SystemExit, match=f"^MLflow is away, so {first.version} of spotify_model_prod stays"):
        main(["remove", first.version])
    assert store.latest() == first


@pytest.mark.parametrize("arguments", [[], ["show"], ["publish"]])
def test_what_is_no_command_is_rejected_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "usage: python -m song_preference.catalogue" in capsys.readouterr().err
