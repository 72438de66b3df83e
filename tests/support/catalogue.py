"""The index of a small catalogue of made-up songs, built as the pipeline builds it."""

from pathlib import Path
from secrets import token_hex
from typing import Any

import pandas as pd

from local_stack.config import ROOT
from song_preference.catalogue import importing
from song_preference.catalogue.index import OwnSongs, build, explain
from song_preference.catalogue.scoring import finish, plan, score
from song_preference.catalogue.store import CatalogueStore
from song_preference.dataset.store import DatasetStore
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.settings import CatalogueSettings
from tests.support.datasets import MemoryObjects

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


def write_index(path: Path, songs: pd.DataFrame, graph: bytes, model: str = "1") -> Path:
    """Write the index of a catalogue with the answers of a version of the model."""
    objects = MemoryObjects()
    store = CatalogueStore(objects)
    objects.put("incoming/songs.csv", songs.to_csv(index=False).encode())
    settings = CatalogueSettings.model_validate({"MAX_CATALOGUE_BYTES": 10**7, "INCOMING_DIR": "unused"})
    found = importing.read(store, settings, objects.uri("incoming/songs.csv"))
    importing.publish(store, found)
    ref = ModelRef("spotify_model_prod", model, "champion", token_hex(16))
    (group,) = plan(store, ref, graph, 1)
    build(store, finish(store, group, [score(store, group)]), OwnSongs(DatasetStore(objects), None), path, 1_000)
    explain(path, ServedModel.load(ref, graph))
    return path
