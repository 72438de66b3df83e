"""The description of a dataset version: gathered from task to task, published as `dataset.json`."""

import hashlib
import json
import re
import unicodedata
from datetime import datetime
from pathlib import PurePath
from typing import Literal, Self
from urllib.parse import unquote

from pydantic import BaseModel, model_validator

from song_preference.messages import Message

PREPARATION = 8
"""Number of the way of preparing, part of the version: raise it whenever the same file gives other tables."""

NAME_LENGTH = 80
NAME_TAG = "dataset_name"
"""Tag of the runs in MLflow that made a dataset, or a model of it."""

EXTENSIONS = re.compile(r"([.](csv|tsv|txt|json|jsonl|ndjson|parquet|gz|zip))+$", re.IGNORECASE)

SourceKind = Literal["drive", "https", "s3", "file", "sample"]


class Source(BaseModel):
    """The source of the raw bytes."""

    kind: SourceKind
    uri: str
    sha256: str
    size_bytes: int
    fallback_reason: str | None = None
    """Why the bundled sample stands in for the configured source, in English."""
    fallback: Message | None = None
    """The same reason as data; None for a dataset published before messages had codes."""

    @model_validator(mode="after")
    def _without_folder(self) -> Self:
        # Where a file lies on the server's disk is nobody's business.
        if self.kind == "file":
            self.uri = PurePath(self.uri).name
        return self

    @property
    def name(self) -> str:
        """The file's name without extension, as a list is called until somebody names it; empty if it has none."""
        if self.kind in {"sample", "drive"}:
            return {"sample": "Demo", "drive": "Google Drive"}[self.kind]
        if self.uri.startswith("https://docs.google.com/"):
            return "Google Sheets"
        uri = unquote(self.uri.partition("?")[0]) if self.kind == "https" else self.uri
        stem = EXTENSIONS.sub("", PurePath(uri).name)
        # Uploads used to be stored under their digest, which says nothing to a listener.
        return "" if stem == self.sha256[:32] else named(stem)

    def fallback_message(self) -> Message | None:
        """Return why the bundled sample stands in for the configured source, if it does."""
        return self.fallback or (Message(None, english=self.fallback_reason) if self.fallback_reason else None)

    @property
    def tags(self) -> dict[str, str]:
        """The tags by which runs and model versions say where their data came from."""
        tags: dict[str, str] = {"source_kind": self.kind}
        if self.fallback_reason:
            tags["fallback_reason"] = self.fallback_reason
        if self.fallback and self.fallback.code:
            tags |= {"fallback_code": self.fallback.code, "fallback_params": json.dumps(self.fallback.params)}
        return tags


def named(text: str) -> str:
    """Return a name as it is kept: printable, without needless blanks, of at most `NAME_LENGTH` characters."""
    composed = unicodedata.normalize("NFC", text)
    printable = "".join(character if character.isprintable() else " " for character in composed)
    return re.sub(" +", " ", printable).strip()[:NAME_LENGTH].rstrip()


class Parameters(BaseModel):
    """The parameters that, with the raw bytes, decide the prepared dataset."""

    test_size: float
    seed: int


class FeatureStatistics(BaseModel):
    """Mean and sample standard deviation (n - 1) over the songs kept."""

    mean: float
    std: float


class ScalerRange(BaseModel):
    """The values that MinMaxScaler maps to 0 and 1."""

    min: float
    max: float


WITHOUT_NAMES = {
    "songs_found": ("some_songs_found", "not_found"),
    "songs_contradicting": ("some_songs_contradicting", "songs"),
}
"""By code, the message that names no songs, and the parameter that names them."""


def _nameless(note: Message) -> Message:
    if note.code == "of_file":
        message = _nameless(Message(**note.params["message"])).as_json()
        return Message("of_file", {**note.params, "message": message})
    if note.code not in WITHOUT_NAMES:
        return note
    code, names = WITHOUT_NAMES[note.code]
    return Message(code, {key: value for key, value in note.params.items() if key != names})


class Preparation(BaseModel):
    """The result of preparing the raw rows."""

    columns: dict[str, str]
    readings: list[str] = []
    """Normalisations of headers and cells, in English."""
    normalisations: list[Message] = []
    """The same normalisations as data; empty for a dataset published before messages had codes."""
    rows_raw: int
    rows_left_out: int = 0
    """Rows that could not be used; `notes` say why."""
    rows_kept: int
    likes: int
    dislikes: int
    scaler: dict[str, ScalerRange]
    features: dict[str, FeatureStatistics]
    other_numbers: dict[str, FeatureStatistics] = {}
    """Statistics of the other columns of numbers as the scaled table holds them; empty if published before 0.2."""

    def notes(self) -> list[Message]:
        """Return the normalisations of headers and cells."""
        return self.normalisations or [Message(None, english=text) for text in self.readings]

    def published(self) -> Self:
        """Return what may be read without a key: songs are counted, but not named."""
        notes = [_nameless(note) for note in self.normalisations]
        stored = [note.stored() for note in notes]
        return self.model_copy(update={"normalisations": stored, "readings": [str(note) for note in notes]})


class CheckedPlaylist(Preparation):
    """A playlist as the pipeline will prepare it; unlike a published description it shows songs of the listener's."""

    first_songs: list[dict[str, str | float | None]]
    """The first songs as understood: title, artist and album if there are any, features, label."""


class SplitRows(BaseModel):
    """Songs in each table."""

    train: int
    test: int


class Draft(BaseModel):
    """A version on its way: invisible to readers until it is published."""

    version: str
    name: str = ""
    """What the run was asked to call it, if anything."""
    source: Source
    parameters: Parameters
    preparation: Preparation | None = None
    split: SplitRows | None = None


class DatasetVersion(BaseModel):
    """A published version, as `dataset.json` holds it."""

    version: str
    name: str = ""
    """What its listener calls it; of a version without a name, its source's."""
    created_at: datetime
    code_version: str
    source: Source
    parameters: Parameters
    preparation: Preparation
    split: SplitRows

    @model_validator(mode="after")
    def _with_a_name(self) -> Self:
        self.name = self.name or self.source.name or self.version
        return self


def version_of(source_sha256: str, parameters: Parameters) -> str:
    """Return the version's name: a digest of content, parameters and way of preparing (first 12 hex digits)."""
    recipe = json.dumps([source_sha256, parameters.model_dump(), PREPARATION], sort_keys=True)
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


class Histogram(BaseModel):
    """Songs in bins of equal width; a bin holds its lower edge, the last one both."""

    edges: list[float]
    """(bins + 1,)"""
    counts: list[int]


class Spread(BaseModel):
    """Distribution of one feature over the songs of one label."""

    feature: str
    label: str
    songs: int
    mean: float
    std: float
    """Sample standard deviation (n - 1)."""
    quantiles: dict[str, float]
    """Quantiles by the share of the songs that lie below; "0.5" is the median."""
    histogram: Histogram
