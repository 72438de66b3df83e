"""The description of a catalogue version and of its scores, as S3 holds them."""

import hashlib
import json
from datetime import datetime

from pydantic import BaseModel

from song_preference.dataset.version import Source
from song_preference.messages import Message
from song_preference.prediction import ModelRef

IMPORT = 4
"""Number of the way of importing, part of the version: raise it whenever the same file gives other parts."""


class Part(BaseModel):
    """A Parquet file of songs or of their scores."""

    name: str
    songs: int


class CatalogueVersion(BaseModel):
    """A catalogue, as `catalogue.json` holds it."""

    version: str
    created_at: datetime
    source: Source
    rows: int
    """Rows of its files; more than songs if some are left out or repeat others."""
    rows_left_out: int
    notes: list[Message]
    """What was understood as something else than it is written, and what was left out; of many, the first ones."""
    songs: int
    parts: list[Part]
    """In the order of their songs, the most popular first."""


class Scores(BaseModel):
    """The predictions of one version of the model for a catalogue, as `scores.json` describes them."""

    catalogue: str
    model: str
    """Version of the model."""
    folder: str
    """Name of the folder that they are in, as `scores_folder` gives it."""
    created_at: datetime
    songs: int
    liked: int
    parts: list[Part]


def scores_folder(ref: ModelRef) -> str:
    """Return the name of the folder of a model's scores; a registry that was recreated counts its versions anew."""
    return f"{ref.version}-{ref.run_id[:12]}" if ref.run_id else ref.version


def version_of(source_sha256: str) -> str:
    """Return the version's name: a digest of content and way of importing (first 12 hex digits)."""
    return hashlib.sha256(json.dumps([source_sha256, IMPORT]).encode()).hexdigest()[:12]
