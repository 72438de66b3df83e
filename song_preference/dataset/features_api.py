"""Asks a public service for the features of songs that no catalogue has, if FEATURES_API names one.

Only Spotify's ids leave the platform. Each answer is kept in S3 with its origin, and asked for once.
"""

import json
import logging
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel

from song_preference.errors import DiskFull, InvalidSong, StorageUnavailable
from song_preference.features import FeatureRow, Song
from song_preference.names import SPOTIFY_ID
from song_preference.storage import ObjectStore

log = logging.getLogger(__name__)

AGENT = f"song-preference/{version('song-preference')}"
"""The service rejects the names that HTTP clients give themselves."""

ASKED_AT_ONCE = 40
"""Most ids of a request, which more than that would make the service reject."""

TOTAL_SECONDS, REQUEST_SECONDS = 60, 10
"""Time for all requests about one file, and for each wait in one of them."""

ABOUT_THE_IDS = {400, 404, 413, 414, 422}
"""Statuses that concern one request: the service may answer the next one."""

MOST_BYTES = 1 << 20
TRACK = re.compile(rf"https://open\.spotify\.com/track/({SPOTIFY_ID.pattern})")


class Kept(BaseModel):
    """Answers that are kept in one object of S3: those about songs whose ids end alike."""

    origin: str
    songs: dict[str, Song] = {}


class FeaturesApi:
    """The service at an address, and what it answered before, in S3."""

    def __init__(self, address: str, objects: ObjectStore, total_seconds: float = TOTAL_SECONDS) -> None:
        self.host = urlsplit(address).netloc
        """Name of the service in files and messages."""
        self._address, self._objects, self._total_seconds = address, objects, total_seconds
        # One file at a time, so that no answer overwrites another one that was just kept. Replicas may do that, whole
        # objects at a time: a song that is lost so is asked for again.
        self._turn = Lock()

    def features(self, ids: Iterable[str]) -> dict[str, FeatureRow]:
        """Return the features of the songs that it knows, by Spotify id; fewer if it fails or takes too long.

        Nor is it asked while S3 is away, since its answers could not be kept.
        """
        deadline = time.monotonic() + self._total_seconds
        if not self._turn.acquire(timeout=self._total_seconds):
            return {}
        try:
            return self._features(ids, deadline)
        except (StorageUnavailable, DiskFull) as error:
            log.warning("%s finds no songs while its answers cannot be kept: %s", self.host, error)
            return {}
        finally:
            self._turn.release()

    def _features(self, ids: Iterable[str], deadline: float) -> dict[str, FeatureRow]:
        wanted = list(dict.fromkeys(song_id for song_id in ids if SPOTIFY_ID.fullmatch(song_id)))
        found: dict[str, Song] = {}
        # One object at a time is in memory: together they may hold far more songs than a file has.
        for end, those in _by_end(wanted).items():
            songs = self._kept(end).songs
            found |= {song_id: songs[song_id] for song_id in those if song_id in songs}
        asked = dict(self._asked([song_id for song_id in wanted if song_id not in found], deadline))
        for end, those in _by_end(asked).items():
            kept = self._kept(end)
            kept.songs |= {song_id: asked[song_id] for song_id in those}
            self._objects.put(self._key(end), kept.model_dump_json().encode())
        return {song_id: song.row() for song_id, song in (found | asked).items()}

    def _asked(self, ids: list[str], deadline: float) -> Iterator[tuple[str, Song]]:
        with httpx.Client(headers={"User-Agent": AGENT}, timeout=REQUEST_SECONDS) as http:
            for first in range(0, len(ids), ASKED_AT_ONCE):
                group = ids[first : first + ASKED_AT_ONCE]
                try:
                    content = self._answer(http, group, deadline)
                except (httpx.HTTPError, ValueError, OverflowError, RecursionError) as error:
                    goes_on = isinstance(error, httpx.HTTPStatusError) and error.response.status_code in ABOUT_THE_IDS
                    reason, unknown = type(error).__name__, len(group) if goes_on else len(ids) - first
                    log.warning("%s does not answer (%s): %s songs stay unknown.", self.host, reason, unknown)
                    if goes_on:
                        continue
                    return
                yield from _songs(content, set(group))

    def _answer(self, http: httpx.Client, ids: list[str], deadline: float) -> Any:
        """Return the JSON of an answer, asked again after the pause that a 429 names while there is time."""
        while time.monotonic() < deadline:
            with http.stream("GET", f"{self._address}/v1/audio-features", params={"ids": ",".join(ids)}) as response:
                pause = _pause(response)
                if pause is None or time.monotonic() + pause > deadline:
                    response.raise_for_status()
                    return json.loads(_bounded(response, deadline))
            time.sleep(pause)
        raise httpx.TimeoutException("no time is left")

    def _kept(self, end: str) -> Kept:
        content = self._objects.get(self._key(end))
        try:
            return Kept.model_validate_json(content) if content else Kept(origin=self._address)
        except ValueError:
            log.warning("%s is not whole: its songs are asked for again.", self._key(end))
            return Kept(origin=self._address)

    def _key(self, end: str) -> str:
        return f"features/{self.host}/{end}.json"


def _by_end(ids: Iterable[str]) -> dict[str, list[str]]:
    """Return ids by the object that holds them."""
    groups: dict[str, list[str]] = {}
    for song_id in ids:
        groups.setdefault(song_id[-1], []).append(song_id)
    return groups


def _pause(response: httpx.Response) -> float | None:
    """Return how many seconds the service wants to be left alone; None if it has answered."""
    if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return None
    told = response.headers.get("Retry-After", "")
    if re.fullmatch(r"[0-9]{1,6}", told):
        return max(1.0, float(told))
    with suppress(ValueError, OverflowError):
        return max(1.0, parsedate_to_datetime(told).timestamp() - time.time())
    return 1.0


def _bounded(response: httpx.Response, deadline: float) -> bytes:
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if len(content) > MOST_BYTES:
            raise ValueError("more than an answer needs")
        if time.monotonic() > deadline:
            raise httpx.TimeoutException("no time is left")
    return content


def _songs(content: Any, wanted: set[str]) -> Iterator[tuple[str, Song]]:
    """Yield the songs of an answer, in whatever order they come, by the id in their link."""
    rows = content.get("content") if isinstance(content, dict) else None
    for row in rows if isinstance(rows, list) else ():
        link = TRACK.fullmatch(str(row.get("href"))) if isinstance(row, dict) else None
        if link and link[1] in wanted:
            with suppress(InvalidSong):
                yield link[1], Song.checked(row)
