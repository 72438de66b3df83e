"""Catalogues made on the spot, and searches in their index."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from local_stack.config import ROOT
from song_preference.catalogue import importing
from song_preference.catalogue.index import OwnSongs, build, explain
from song_preference.catalogue.scoring import finish, plan, score
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import CatalogueVersion, Scores
from song_preference.dataset.store import DatasetStore
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.serving.predictor import Predictor
from song_preference.serving.song_index import IndexStore
from song_preference.serving.songs import SongSearch
from song_preference.storage import ObjectStore
from tests.support.catalogues import read_upload
from tests.support.datasets import MemoryObjects

RUN = "a" * 32
EXAMPLE = ROOT / "incoming" / "example_catalogue.csv"
NAMED: dict[str, list[Any]] = {
    "title": ["Déjà Vu [live]", "=cmd|'/c calc'!A1", "Hoppípolla"],
    "artist": ["Beyoncé", "O'Brien", "Sigur Rós"],
    "id": ["4GiXBCUF7H6YfNQsnBRIzl", None, "5GiXBCUF7H6YfNQsnBRIzl"],
    "danceability": [0.9871, 0.9654, 0.0312],
    "speechiness": [0.5, 0.5, 0.04],
    "energy": [0.8249, 0.31, 0.2],
    "acousticness": [0.0651, 0.2, 0.9],
    "year": [2006, 1999, 2005],
    "popularity": [900, 800, 700],
    "genre": ["pop", "rock", "ambient"],
}
"""Songs that tests look for: the first two can be danced to."""


def rows(songs: int = 40) -> pd.DataFrame:
    """Return `NAMED` and the first songs of the example."""
    return pd.concat([pd.DataFrame(NAMED), pd.read_csv(EXAMPLE).head(songs)], ignore_index=True)


def imported(store: CatalogueStore, rows: pd.DataFrame) -> CatalogueVersion:
    """Import a catalogue and make it the one in use."""
    found = read_upload(store, rows.to_csv(index=False).encode())
    importing.publish(store, found)
    return found


def scored(store: CatalogueStore, ref: ModelRef, graph: bytes) -> Scores:
    """Ask a model about every song of the catalogue in use."""
    groups = plan(store, ref, graph, 10)
    return finish(store, groups[0], [score(store, group) for group in groups])


def index_of(
    rows: pd.DataFrame, graph: bytes, target: Path, objects: ObjectStore | None = None, own: str | None = None
) -> Path:
    """Write the index of a catalogue by version 1 of a model that was trained on the dataset version `own`."""
    store = CatalogueStore(objects or MemoryObjects())
    ref = ModelRef("spotify_model_prod", "1", "champion", RUN)
    imported(store, rows)
    build(store, scored(store, ref, graph), OwnSongs(DatasetStore(store.objects), own), target, 10**6)
    explain(target, ServedModel.load(ref, graph))
    return target


class OneIndex:
    """A source of one index."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def index_run(self) -> str | None:
        return RUN

    def download_index(self, run_id: str, directory: Path) -> Path:
        assert run_id == RUN
        return Path(shutil.copy(self._path, directory))


def searching(path: Path, predictor: Predictor, directory: Path) -> SongSearch:
    """Return a search in an index, kept in a directory."""
    indexes = IndexStore(OneIndex(path), 60, directory)
    indexes.refresh()
    return SongSearch(indexes, predictor)
