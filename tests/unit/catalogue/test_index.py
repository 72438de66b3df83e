"""What the index of a catalogue holds: its songs, whose they are, and why a model likes them."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from song_preference.catalogue import index
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import Scores
from song_preference.dataset.store import DatasetStore
from song_preference.features import FEATURES
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.serving.song_index import SongIndex, connect
from tests.support.catalogues import songs
from tests.support.datasets import MemoryObjects, publish_list
from tests.support.playlists import as_csv, chosen
from tests.support.song_index import index_of

NOW = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.fixture
def path(store: CatalogueStore, scores: Scores, own: str, graph: bytes, tmp_path: Path) -> Path:
    """The index of the catalogue, with the reasons of the five likeliest likes."""
    path = tmp_path / "index.sqlite"
    index.build(store, scores, index.OwnSongs(DatasetStore(store.objects), own), path, 1_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "EXPLAINED", 5)
        index.explain(path, ServedModel.load(ModelRef("spotify_model_prod", "1", "champion"), graph))
    return path


def asked(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(connect(path)) as connection:
        return connection.execute(sql, values).fetchall()


def test_it_says_what_it_is_of_and_has_every_song_in_the_order_of_popularity(
    path: Path, scores: Scores, own: str
) -> None:
    found = SongIndex.of(path)
    assert (found.catalogue, found.model, found.dataset, found.songs) == (scores.catalogue, "1", own, 203)
    rows = asked(path, "select number, popularity, title from songs order by number")
    assert [number for number, *_ in rows] == list(range(1, 204))
    assert [title for *_, title in rows[:4]] == ["Mine 1", "Mine 2", "Mine 3", "Song 199"]


def test_it_has_the_scores_of_each_song(path: Path, scores: Scores, rows: pd.DataFrame) -> None:
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
    objects: MemoryObjects, own: str, rows: pd.DataFrame, graph: bytes, tmp_path: Path
) -> None:
    for remove in (False, True):
        key = DatasetStore(objects).key(own, "raw/1.csv")
        objects.remove(key) if remove else objects.put(key, b"title;artist\n")
        path = index_of(rows, graph, tmp_path / f"{remove}", objects, own)
        assert asked(path, "select count(*) from songs where is_own") == [(3,)]


def test_the_likeliest_likes_have_their_strongest_reason(path: Path) -> None:
    explained = asked(path, "select probability, reason from songs where reason is not null")
    best = asked(path, "select probability from songs where liked and not is_own order by probability desc limit 5")
    assert sorted(probability for probability, _ in explained) == sorted(probability for (probability,) in best)
    assert {reason for _, reason in explained} <= set(FEATURES)
