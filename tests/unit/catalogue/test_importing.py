"""The import of a catalogue, from an upload to its description, on objects in memory."""

import gzip
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from song_preference.catalogue import importing
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import CatalogueVersion
from song_preference.dataset.manage import keep
from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.settings import CatalogueSettings
from song_preference.song_table import catalogue
from tests.support.datasets import MemoryObjects
from tests.support.playlists import as_csv

MAX_BYTES = 1_000_000


@pytest.fixture
def store() -> CatalogueStore:
    return CatalogueStore(MemoryObjects())


def songs(count: int, seed: int = 1) -> pd.DataFrame:
    features = np.random.default_rng(seed).random((count, len(FEATURES))).round(3)
    titles = [f"Song {seed}-{number}" for number in range(count)]
    return pd.DataFrame(features, columns=list(FEATURES)).assign(title=titles, artist="Anna")


def zipped(files: dict[str, bytes]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, file in files.items():
            packed.writestr(name, file)
    return content.getvalue()


def uploaded(store: CatalogueStore, content: bytes) -> CatalogueVersion:
    """Import an upload."""
    settings = CatalogueSettings.model_validate({"MAX_CATALOGUE_BYTES": MAX_BYTES, "INCOMING_DIR": "unused"})
    return importing.read(store, settings, keep(BytesIO(content), "Mine.zip", store.objects))


def test_an_upload_that_is_too_large_once_unpacked_leaves_nothing_behind(
    store: CatalogueStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    table = as_csv(songs(MAX_BYTES // 60))
    assert MAX_BYTES / 2 < len(table) < MAX_BYTES
    content = zipped({f"{number}.csv.gz": gzip.compress(table) for number in range(2)})
    with pytest.raises(InvalidDataset, match="has more than 1 MB once unpacked"):
        uploaded(store, content)
    assert store.objects.keys("") == []
    assert list(tmp_path.iterdir()) == []


def test_the_description_has_the_first_notes_and_says_how_many_more_there_were(
    store: CatalogueStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "MAX_NOTES", 2)
    found = uploaded(store, zipped({f"{name}.csv": as_csv(songs(2, ord(name)), sep=";") for name in "abcd"}))
    importing.publish(store, found)
    latest = store.latest()
    assert latest is not None
    assert [note.params.get("file") for note in latest.notes] == ["a.csv", "b.csv", None]
    assert str(latest.notes[-1]) == "further notes, not shown: 2"
    assert latest.notes[-1].text("es") == "otras notas que no se muestran: 2"
