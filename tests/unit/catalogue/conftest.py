"""A catalogue in a bucket in memory with the scores of a model, and the listener's own songs."""

from datetime import UTC, datetime
from secrets import token_hex

import numpy as np
import pandas as pd
import pytest

from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import Scores
from song_preference.dataset.store import DatasetStore
from song_preference.features import FEATURES
from song_preference.prediction import ModelRef
from tests.support.datasets import MemoryObjects, publish_sample
from tests.support.mlflow import client, settings, tracking_uri
from tests.support.song_index import imported, scored

__all__ = ["client", "settings", "tracking_uri"]

NAMED = [("Beyoncé", "Déjà Vu"), ("Sigur Rós", "Hoppípolla"), ("O'Brien", "drop table songs; --")]


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def store(objects: MemoryObjects) -> CatalogueStore:
    return CatalogueStore(objects)


@pytest.fixture
def own(objects: MemoryObjects) -> str:
    """The version of the listener's dataset."""
    return publish_sample(objects, 1, datetime(2026, 11, 29, tzinfo=UTC)).version


@pytest.fixture
def rows(objects: MemoryObjects, own: str) -> pd.DataFrame:
    """The rows of a catalogue: named ones, others, and three of the listener's own under other names."""
    random = np.random.default_rng(1).random((200, len(FEATURES))).round(4)
    rows = pd.DataFrame(random, columns=list(FEATURES))
    rows["title"] = [title for _, title in NAMED] + [f"Song {number}" for number in range(3, 200)]
    rows["artist"] = [artist for artist, _ in NAMED] + ["Nobody"] * 197
    rows["popularity"] = range(200)
    table = DatasetStore(objects).table(own, "features")
    mine = table[list(FEATURES)].head(3).assign(title=["Mine 1", "Mine 2", "Mine 3"], artist="Me", popularity=500)
    return pd.concat([rows, mine], ignore_index=True)


@pytest.fixture
def scores(store: CatalogueStore, rows: pd.DataFrame, graph: bytes) -> Scores:
    """The scores of version 1 for the catalogue in use."""
    imported(store, rows)
    return scored(store, ModelRef("spotify_model_prod", "1", "champion", token_hex(16)), graph)
