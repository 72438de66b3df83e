"""The index of a catalogue goes to MLflow, and out of use again."""

from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from song_preference.catalogue import indexing
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import Scores
from song_preference.errors import NothingToDo
from song_preference.serving.registry import INDEX_TAG, MlflowRegistry
from song_preference.serving.song_index import SongIndex, connect
from song_preference.settings import IndexSettings
from tests.support.song_index import imported

MODEL, MOST = "spotify_model_prod", 1_000


@pytest.fixture(autouse=True)
def registered(client: MlflowClient, own: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A registry whose version 1 was trained on the listener's songs."""
    if client.get_experiment_by_name(indexing.EXPERIMENT) is None:
        client.create_experiment(indexing.EXPERIMENT, artifact_location=tmp_path_factory.mktemp("indexes").as_uri())
    client.create_registered_model(MODEL)
    client.create_model_version(MODEL, "file:///nowhere", tags={"dataset_version": own})


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


def indexed(store: CatalogueStore, settings: IndexSettings, scores: Scores) -> str:
    return indexing.index(store, settings, scores.catalogue, scores.folder)["run_id"]


def test_a_service_fetches_the_index_in_use_with_reasons_and_the_listeners_songs_marked(
    store: CatalogueStore, settings: IndexSettings, scores: Scores, tmp_path: Path
) -> None:
    run_id = indexed(store, settings, scores)
    assert MlflowRegistry(settings).index_run() == run_id
    path = MlflowRegistry(settings).download_index(run_id, tmp_path)
    found = SongIndex.of(path)
    assert (found.catalogue, found.model, found.songs) == (scores.catalogue, "1", 203)
    with closing(connect(path)) as connection:
        counts = "select count(reason) > 0, sum(is_own), sum(liked) from songs"
        assert connection.execute(counts).fetchall() == [(True, 3, scores.liked)]


def test_it_has_the_most_popular_songs_only(
    store: CatalogueStore, settings: IndexSettings, scores: Scores, tmp_path: Path
) -> None:
    run_id = indexed(store, settings.model_copy(update={"songs": 10}), scores)
    path = MlflowRegistry(settings).download_index(run_id, tmp_path)
    with closing(connect(path)) as connection:
        assert connection.execute("select count(*), min(popularity) from songs").fetchall() == [(10, 193)]
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
