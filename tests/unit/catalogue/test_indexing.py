"""The index of a catalogue: what it holds and finds, and how it goes to MLflow and out of use again."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from song_preference.catalogue import index, indexing
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import Scores, scores_folder
from song_preference.dataset.store import DatasetStore
from song_preference.errors import NothingToDo
from song_preference.features import FEATURES
from song_preference.prediction import ModelRef
from song_preference.serving.registry import INDEX_TAG, MlflowRegistry
from song_preference.serving.song_index import SongIndex, connect
from song_preference.settings import IndexSettings
from tests.support.catalogues import songs
from tests.support.datasets import MemoryObjects, publish_list, publish_sample
from tests.support.playlists import as_csv, chosen
from tests.support.song_index import imported, index_of, scored

MODEL, MOST = "spotify_model_prod", 1_000
NOW = datetime(2026, 11, 29, tzinfo=UTC)
NAMED = [("Beyoncé", "Déjà Vu"), ("Sigur Rós", "Hoppípolla"), ("O'Brien", "drop table songs; --")]


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def store(objects: MemoryObjects) -> CatalogueStore:
    return CatalogueStore(objects)


@pytest.fixture
def own(objects: MemoryObjects) -> pd.DataFrame:
    """The songs of the listener's dataset."""
    version = publish_sample(objects, 1, NOW).version
    return DatasetStore(objects).table(version, "features").assign(version=version)


@pytest.fixture
def rows(own: pd.DataFrame) -> pd.DataFrame:
    """The rows of a catalogue: named ones, others, and three of the listener's own under other names."""
    random = np.random.default_rng(1).random((200, len(FEATURES))).round(4)
    rows = pd.DataFrame(random, columns=list(FEATURES))
    rows["title"] = [title for _, title in NAMED] + [f"Song {number}" for number in range(3, 200)]
    rows["artist"] = [artist for artist, _ in NAMED] + ["Nobody"] * 197
    rows["popularity"] = range(200)
    mine = own[list(FEATURES)].head(3).assign(title=["Mine 1", "Mine 2", "Mine 3"], artist="Me", popularity=500)
    return pd.concat([rows, mine], ignore_index=True)


@pytest.fixture(autouse=True)
def registered(client: MlflowClient, own: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A registry whose version 1 was trained on the listener's songs."""
    if client.get_experiment_by_name(indexing.EXPERIMENT) is None:
        client.create_experiment(indexing.EXPERIMENT, artifact_location=tmp_path_factory.mktemp("indexes").as_uri())
    client.create_registered_model(MODEL)
    client.create_model_version(MODEL, "file:///nowhere", tags={"dataset_version": own["version"][0]})


@pytest.fixture
def settings(tracking_uri: str) -> IndexSettings:
    return IndexSettings.model_validate(
        {
            "MLFLOW_TRACKING_URI": tracking_uri,
            "MODEL_NAME": MODEL,
            "MODEL_ALIAS": "champion",
            "CATALOGUE_INDEX_SONGS": MOST,
        }
    )


@pytest.fixture
def scores(store: CatalogueStore, rows: pd.DataFrame, graph: bytes) -> Scores:
    """The scores of version 1 for the catalogue in use."""
    imported(store, rows)
    return scored(store, ModelRef(MODEL, "1", "champion", token_hex(16)), graph)


def indexed(store: CatalogueStore, settings: IndexSettings, scores: Scores) -> str:
    return indexing.index(store, settings, scores.catalogue, scores.folder)["run_id"]


@pytest.fixture
def path(store: CatalogueStore, settings: IndexSettings, scores: Scores, client: MlflowClient, tmp_path: Path) -> Path:
    """The index, as a service fetches it."""
    run_id = indexed(store, settings, scores)
    assert MlflowRegistry(settings).index_run() == run_id
    return MlflowRegistry(settings).download_index(run_id, tmp_path)


def asked(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(connect(path)) as connection:
        return connection.execute(sql, values).fetchall()


def test_it_says_what_it_is_of_and_has_every_song_in_the_order_of_popularity(path: Path, scores: Scores) -> None:
    found = SongIndex.of(path)
    assert (found.catalogue, found.model, found.songs) == (scores.catalogue, "1", 203)
    rows = asked(path, "select number, popularity, title from songs order by number")
    assert [number for number, *_ in rows] == list(range(1, 204))
    assert [title for *_, title in rows[:4]] == ["Mine 1", "Mine 2", "Mine 3", "Song 199"]


def test_it_has_the_scores_of_each_song(path: Path, store: CatalogueStore, scores: Scores, rows: pd.DataFrame) -> None:
    found = asked(path, "select title, probability, liked from songs")
    assert sum(liked for *_, liked in found) == scores.liked
    model = {title: probability for title, probability, _ in found}
    assert len(model) == len(rows)
    assert all(0 <= probability <= 1 for probability in model.values())
    assert all(liked == (probability >= 0.5) for _, probability, liked in found)


def test_the_listeners_own_songs_are_marked_and_have_no_reason(path: Path) -> None:
    marked = asked(path, "select title, reason from songs where is_own order by title")
    assert marked == [("Mine 1", None), ("Mine 2", None), ("Mine 3", None)]


def owned(objects: MemoryObjects, rows: pd.DataFrame, listed: pd.DataFrame, graph: bytes, directory: Path) -> list[str]:
    """Return the titles of the songs of a catalogue that are marked, with this list as the listener's own."""
    version = publish_list(objects, as_csv(listed), 1, NOW).version
    path = index_of(rows, graph, directory / "index.sqlite", objects, version)
    return [title for (title,) in asked(path, "select title from songs where is_own order by number")]


def test_a_song_of_the_list_is_known_by_id_isrc_or_name(objects: MemoryObjects, graph: bytes, tmp_path: Path) -> None:
    listed = chosen(20, 20).assign(
        title=[f"Title {number}" for number in range(40)],
        artist="Mine",
        id=["1", "2", *(f"{number:022}" for number in range(2, 40))],
        isrc=[f"ESA01{number:07}" for number in range(40)],
    )
    rows = songs(["1 by number", "2 by id", "3 by ISRC", "TITLE 4!", "5 by nothing", "Title 6"], artist="Mine, Yours")
    rows["id"] = ["2", f"{2:022}", None, "x", "y", "z"]
    rows["isrc"] = [None, None, "es-a01-00-00003", None, "ESA019999999", None]
    rows.loc[5, "artist"] = "Yours"
    assert owned(objects, rows, listed, graph, tmp_path) == ["2 by id", "3 by ISRC", "TITLE 4!"]
    # Catalogues that were imported before still have numbers.
    version = publish_list(objects, as_csv(listed), 1, NOW).version
    assert not index.OwnSongs(DatasetStore(objects), version).include({"id": "2", "isrc": None}, b"", 0)


def test_rows_of_the_list_that_were_left_out_are_known_too(
    objects: MemoryObjects, graph: bytes, tmp_path: Path
) -> None:
    listed = chosen(20, 20)
    listed = pd.concat([listed, listed.head(1).assign(label=0)])
    listed = listed.assign(title=[f"Title {number}" for number in range(41)], artist="Mine")
    listed["id"] = [f"{number:022}" for number in range(41)]
    listed["energy"] = [{5: "", 6: "loud"}.get(place, energy) for place, energy in enumerate(listed["energy"])]
    rows = songs(["Title 0", "Title 5", "6 by id", "Title 40", "Title 41"], artist="Mine")
    rows["id"] = [None, None, f"{6:022}", None, None]
    assert owned(objects, rows, listed, graph, tmp_path) == ["Title 0", "Title 5", "6 by id", "Title 40"]


def test_a_song_that_is_liked_and_disliked_at_once_is_known_without_a_name(
    objects: MemoryObjects, graph: bytes, tmp_path: Path
) -> None:
    listed = chosen(20, 20)
    listed = pd.concat([listed, listed.head(1).assign(label=0)])
    # No song, so no key of one either.
    listed["energy"] = [{5: "", 6: "1e300"}.get(place, energy) for place, energy in enumerate(listed["energy"])]
    rows = songs(["Both", "Other"])
    rows.loc[0, [*FEATURES]] = listed.iloc[0][[*FEATURES]]
    assert owned(objects, rows, listed, graph, tmp_path) == ["Both"]


def test_a_list_whose_file_cannot_be_read_any_more_is_known_by_its_tables(
    objects: MemoryObjects, own: pd.DataFrame, rows: pd.DataFrame, graph: bytes, tmp_path: Path
) -> None:
    version = own["version"][0]
    for remove in (False, True):
        key = DatasetStore(objects).key(version, "raw/1.csv")
        objects.remove(key) if remove else objects.put(key, b"title;artist\n")
        path = index_of(rows, graph, tmp_path / f"{remove}", objects, version)
        assert asked(path, "select count(*) from songs where is_own") == [(3,)]


def test_the_likeliest_likes_have_their_strongest_reason(
    store: CatalogueStore, settings: IndexSettings, scores: Scores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(index, "EXPLAINED", 5)
    path = MlflowRegistry(settings).download_index(indexed(store, settings, scores), tmp_path)
    explained = asked(path, "select probability, reason from songs where reason is not null")
    best = asked(path, "select probability from songs where liked and not is_own order by probability desc limit 5")
    assert sorted(probability for probability, _ in explained) == sorted(probability for (probability,) in best)
    assert {reason for _, reason in explained} <= set(FEATURES)


def test_it_has_the_most_popular_songs_only(
    store: CatalogueStore, settings: IndexSettings, scores: Scores, tmp_path: Path
) -> None:
    run_id = indexed(store, settings.model_copy(update={"songs": 10}), scores)
    path = MlflowRegistry(settings).download_index(run_id, tmp_path)
    assert asked(path, "select count(*), min(popularity) from songs") == [(10, 193)]
    assert SongIndex.of(path).songs == 10


def test_it_is_built_once(store: CatalogueStore, settings: IndexSettings, scores: Scores, client: MlflowClient) -> None:
    first = indexed(store, settings, scores)
    client.delete_registered_model_tag(MODEL, INDEX_TAG)
    assert indexed(store, settings, scores) == first == MlflowRegistry(settings).index_run()
    assert indexed(store, settings.model_copy(update={"songs": 10}), scores) != first


def test_a_catalogue_that_is_not_in_use_any_more_gets_none(
    store: CatalogueStore, settings: IndexSettings, scores: Scores, rows: pd.DataFrame
) -> None:
    imported(store, rows.head(150))
    with pytest.raises(NothingToDo, match="is not in use any more"):
        indexed(store, settings, scores)
    assert MlflowRegistry(settings).index_run() is None


def test_only_the_index_of_a_catalogue_that_goes_is_taken_out_of_use(
    store: CatalogueStore, settings: IndexSettings, scores: Scores
) -> None:
    run_id = indexed(store, settings, scores)
    indexing.withdraw(settings, "0" * 12)
    assert MlflowRegistry(settings).index_run() == run_id
    indexing.withdraw(settings, scores.catalogue)
    assert MlflowRegistry(settings).index_run() is None


@pytest.mark.parametrize("tag", ["", "../../etc/passwd", "a" * 31, "A" * 32])
def test_a_tag_that_is_no_run_is_none(client: MlflowClient, settings: IndexSettings, tag: str) -> None:
    client.set_registered_model_tag(MODEL, INDEX_TAG, tag)
    assert MlflowRegistry(settings).index_run() is None


def test_scores_of_a_registry_that_was_made_anew_are_others() -> None:
    first, second = (ModelRef(MODEL, "1", "champion", run) for run in ("a" * 32, "b" * 32))
    assert scores_folder(first) != scores_folder(second)
    assert scores_folder(ModelRef(MODEL, "1", "champion")) == "1"
