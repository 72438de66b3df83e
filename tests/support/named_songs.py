"""An index of a catalogue with chosen songs, and the files of listeners that name songs."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from song_preference.catalogue.index import COLUMNS, Row, write
from song_preference.errors import RegistryUnavailable
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.names import name_key
from song_preference.serving.song_index import IndexStore, SongIndex

CATALOGUE = "0123456789ab"
ORIGIN = f"catalogue {CATALOGUE}"
"""Where the features of songs that are found come from."""


def found_in(found: int, origin: str | None = None) -> dict[str, Any]:
    """Return how a note says that songs were found in the catalogue, or at a service by its name."""
    shown = origin or Message("from_catalogue", {"version": CATALOGUE}).as_json()
    return Message("found_in", {"found": found, "origin": shown}).as_json()


class Entry(NamedTuple):
    """A song of the catalogue; its features follow from its number."""

    title: str
    artist: str
    id: str | None = None
    isrc: str | None = None


def features(number: int) -> tuple[float, ...]:
    """Return the features of the song with a number, from 1, in a catalogue."""
    return tuple(np.random.default_rng(number).random(len(FEATURES), dtype=np.float32).round(4).tolist())


def spotify_id(number: int) -> str:
    return f"{number:022}"


ENTRIES = [Entry(f"Song {number}", f"Artist {number % 7}", spotify_id(number)) for number in range(1, 101)]
"""The songs of a made-up catalogue."""


def write_index(path: Path, entries: Sequence[Entry] = ENTRIES) -> SongIndex:
    """Write an index of songs, the most popular first."""
    rows = []
    for number, entry in enumerate(entries, start=1):
        told = {**entry._asdict(), **dict(zip(FEATURES, features(number), strict=True))}
        values = tuple(told.get(column) for column in COLUMNS)
        rows.append(Row(values, name_key(entry.title, entry.artist), 0.5, liked=True, is_own=False))
    write(path, (CATALOGUE, "1", None), rows)
    return SongIndex.of(path)


class NoSource:
    """A source of indexes that does not answer, so that a store keeps what it has."""

    def index_run(self) -> str | None:
        raise RegistryUnavailable("MLflow does not answer.")

    def download_index(self, run_id: str, directory: Path) -> Path:
        raise NotImplementedError


def without_index(directory: Path) -> IndexStore:
    """Return a store without an index."""
    return IndexStore(NoSource(), 60, directory)


def indexes(directory: Path, entries: Sequence[Entry] = ENTRIES) -> IndexStore:
    """Return a store whose index has these songs."""
    store = without_index(directory)
    store.current = write_index(directory / "index.sqlite", entries)
    return store


def tune_my_music(entries: Sequence[Entry], *, with_ids: bool = False) -> bytes:
    """Return the songs as TuneMyMusic exports them."""
    rows = ["Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id"]
    for title, artist, song_id, isrc in entries:
        rows.append(f'"{title}","{artist}",,Mine,Playlist,{isrc or ""},{song_id if with_ids and song_id else ""}')
    return "\n".join(rows).encode()


def your_library(likes: Sequence[Entry], dislikes: Sequence[Entry]) -> bytes:
    """Return the songs as Spotify lists them in `YourLibrary.json`."""

    def listed(entries: Sequence[Entry]) -> list[dict[str, str]]:
        return [
            {"artist": entry.artist, "album": "", "track": entry.title, "uri": f"spotify:track:{entry.id or ''}"}
            for entry in entries
        ]

    others: dict[str, Any] = {"albums": [{"artist": "A", "album": "B", "uri": "C"}], "shows": [], "episodes": []}
    return json.dumps({"tracks": listed(likes), **others, "bannedTracks": listed(dislikes), "other": []}).encode()


def spotify_zip(likes: Sequence[Entry], dislikes: Sequence[Entry]) -> bytes:
    """Return the zip that Spotify sends."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("Spotify Account Data/YourLibrary.json", your_library(likes, dislikes))
        packed.writestr("Spotify Account Data/Playlist1.json", b'{"playlists": []}')
        packed.writestr("Spotify Account Data/Read Me First.pdf", b"%PDF")
    return file.getvalue()
