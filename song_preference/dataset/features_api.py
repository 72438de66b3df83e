"""Asks a public service for the features of songs that no catalogue has, if FEATURES_API names one.

Only Spotify's ids leave the platform. Each answer is kept in S3 with its origin, and asked for once.
"""

import json
import logging
import re
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import httpx

from song_preference.errors import InvalidSong
from song_preference.features import Song
from song_preference.storage import ObjectStore

log = logging.getLogger(__name__)

AGENT = f"song-preference/{version('song-preference')}"
"""The service rejects the names that HTTP clients give themselves."""

ASKED_AT_ONCE = 40
"""Most ids of a request, which more than that would make the service reject."""

TOTAL_SECONDS, REQUEST_SECONDS = 60, 10
"""Time for all requests about one file, and for one of them."""

MOST_BYTES = 1 << 20
TRACK = re.compile(r"https://open\.spotify\.com/track/([0-9A-Za-z]{22})")
SPOTIFY_ID = re.compile("[0-9A-Za-z]{22}")


class FeaturesApi:
    """The service at an address, and what it answered before, in S3."""

    def __init__(self, address: str, objects: ObjectStore, total_seconds: float = TOTAL_SECONDS) -> None:
        self._address, self._objects, self._total_seconds = address.rstrip("/"), objects, total_seconds

    def features(self, ids: Iterable[str]) -> dict[str, Song]:
        """Return the features of the songs that it knows, by Spotify id; fewer where it fails or takes too long.

        Raise `StorageUnavailable`.
        """
        wanted = list(dict.fromkeys(song_id for song_id in ids if SPOTIFY_ID.fullmatch(song_id)))
        found = {song_id: song for song_id in wanted if (song := self._kept(song_id))}
        missing = [song_id for song_id in wanted if song_id not in found]
        for song_id, song in self._asked(missing):
            self._keep(song_id, song)
            found[song_id] = song
        return found

    def _asked(self, ids: list[str]) -> Iterator[tuple[str, Song]]:
        deadline = time.monotonic() + self._total_seconds
        with httpx.Client(headers={"User-Agent": AGENT}, timeout=REQUEST_SECONDS) as http:
            for first in range(0, len(ids), ASKED_AT_ONCE):
                group = ids[first : first + ASKED_AT_ONCE]
                try:
                    content = self._answer(http, group, deadline)
                except (httpx.HTTPError, ValueError) as error:
                    log.warning("FEATURES_API does not answer (%s): its songs stay unknown.", type(error).__name__)
                    return
                yield from _songs(content, set(group))

    def _answer(self, http: httpx.Client, ids: list[str], deadline: float) -> Any:
        """Return the JSON of an answer, asked again after the pause that a 429 names while there is time."""
        while True:
            with http.stream("GET", f"{self._address}/v1/audio-features", params={"ids": ",".join(ids)}) as response:
                pause = _pause(response)
                if pause is None or time.monotonic() + pause > deadline:
                    response.raise_for_status()
                    return json.loads(_bounded(response))
            time.sleep(pause)

    def _kept(self, song_id: str) -> Song | None:
        content = self._objects.get(_key(song_id))
        return Song.checked(json.loads(content)["features"]) if content else None

    def _keep(self, song_id: str, song: Song) -> None:
        origin = {"origin": self._address, "asked_at": datetime.now(UTC).isoformat()}
        self._objects.put(_key(song_id), json.dumps({"features": song.model_dump(), **origin}).encode())


def _pause(response: httpx.Response) -> float | None:
    """Return how many seconds the service wants to be left alone; None if it has answered."""
    if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return None
    told = response.headers.get("Retry-After", "")
    return float(told) if re.fullmatch(r"\d{1,4}", told) else 1.0


def _bounded(response: httpx.Response) -> bytes:
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if len(content) > MOST_BYTES:
            raise ValueError("more than an answer needs")
    return content


def _songs(content: Any, wanted: set[str]) -> Iterator[tuple[str, Song]]:
    """Yield the songs of an answer, in whatever order they come, by the id in their link."""
    rows = content.get("content") if isinstance(content, dict) else None
    for row in rows if isinstance(rows, list) else ():
        link = TRACK.fullmatch(str(row.get("href"))) if isinstance(row, dict) else None
        if link and link[1] in wanted:
            try:
                yield link[1], Song.checked({name: float(value) for name, value in _numbers(row)})
            except InvalidSong:
                log.warning("FEATURES_API has no usable features of %s.", link[1])


def _numbers(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in Song.model_fields:
        if isinstance(value := row.get(name), int | float) and not isinstance(value, bool):
            yield name, value


def _key(song_id: str) -> str:
    return f"features/{song_id}.json"
