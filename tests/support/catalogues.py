"""Catalogues of made-up songs: tables, zips of them, and their import on a bucket in memory."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd

from song_preference.catalogue import importing
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import CatalogueVersion
from song_preference.dataset.incoming import CATALOGUES, kept
from song_preference.features import FEATURES
from song_preference.settings import CatalogueSettings


def songs(titles: Sequence[Any], artist: Any = "Anna", seed: int = 1, **others: Any) -> pd.DataFrame:
    """Return songs with these titles and different features."""
    features = np.random.default_rng(seed).random((len(titles), len(FEATURES))).round(3)
    table = pd.DataFrame(features, columns=list(FEATURES))
    return table.assign(title=list(titles), artist=artist, **others)


def zipped(files: dict[str, bytes]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, file in files.items():
            packed.writestr(name, file)
    return content.getvalue()


def read_upload(store: CatalogueStore, content: bytes, max_bytes: int = 10**7) -> CatalogueVersion:
    """Upload a file and read it, as the first task of an import does."""
    settings = CatalogueSettings.model_validate({"MAX_CATALOGUE_BYTES": max_bytes, "INCOMING_DIR": "unused"})
    with kept(BytesIO(content), "Mine.csv", store.objects, CATALOGUES) as source:
        return importing.read(store, settings, source)
