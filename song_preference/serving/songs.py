"""Songs of the catalogue by name, and those that the listener would like, for every protocol, which only converts."""

import asyncio
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from time import perf_counter
from typing import Annotated, Any, NamedTuple, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError

from song_preference.errors import CatalogueNotFound, FieldProblem, InvalidQuery
from song_preference.features import FEATURES, Song
from song_preference.messages import Message
from song_preference.names import SPOTIFY_ID, beginnings, main_artist, plain_name, words_of
from song_preference.prediction import Explanation
from song_preference.serving.predictor import Predictor
from song_preference.serving.song_index import IndexStore, SongIndex, connect

MOST_SONGS, LONGEST_QUERY = 100, 200
"""Most songs of one answer, and most characters of a query."""

MOMENT_SECONDS, STEPS = 0.015, 200
"""Time that a question may keep the event loop from other requests, after which no other begins in the same turn, and
steps of SQLite between two looks at it."""

Q = TypeVar("Q")

_plain = lru_cache(4_000)(plain_name)
"""Most answers begin with the same songs, and to compare names anew takes a third of the time of an answer."""

SPOTIFY = re.compile(
    r"(?:(?:https?://)?open\.spotify\.com/(?:intl-[a-z]+/)?track/|spotify:track:)?"
    rf"({SPOTIFY_ID.pattern})(?:[?#]\S*)?"
)
"""A song's link, URI or id at Spotify."""

TEXTS = ("id", "isrc", "title", "artist", "album", "genre", "year", "popularity")
COLUMNS = ", ".join(f"songs.{name}" for name in (*TEXTS, *FEATURES, "probability", "liked", "reason"))
FEATURE = f"One of {', '.join(FEATURES)}"

Year = Annotated[int | None, Field(ge=1000, le=2999)]


class Sort(StrEnum):
    """The order of recommendations."""

    PROBABILITY = "probability"
    POPULARITY = "popularity"


class Question(BaseModel):
    """A question about the catalogue."""

    limit: int = Field(20, ge=1, le=MOST_SONGS, description="How many songs at most.")

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Self:
        """Return the question in `values`; raise `InvalidQuery` with one problem for each field."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise InvalidQuery([FieldProblem(".".join(map(str, item["loc"])), item["msg"]) for item in found]) from None


class Search(Question):
    """A search by name."""

    query: str = Field(
        min_length=1,
        max_length=LONGEST_QUERY,
        description="Words of title and artist in any order, without regard to accents; their beginnings too, where "
        "too few songs have them whole. Or a song's link, URI or id at Spotify.",
    )


class Wishes(Question):
    """The wishes for recommendations."""

    genre: str | None = Field(None, max_length=100, description="One of their genres, whole; in capitals or not.")
    year_from: Year = Field(None, description="The earliest year.")
    year_to: Year = Field(None, description="The latest year.")
    popularity_from: float | None = Field(None, allow_inf_nan=False, description="The lowest popularity.")
    sort: Sort = Field(Sort.PROBABILITY, description="Which come first: the likeliest likes, or the best known.")
    per_artist: int = Field(2, ge=1, le=MOST_SONGS, description="How many songs of one artist at most.")


class DescribedSong(Song):
    """A song of the catalogue; what its file did not tell is null."""

    id: str = Field(description="Spotify's where the file has it.")
    isrc: str | None = Field(description="International Standard Recording Code.")
    title: str = Field(description="Its title.")
    artist: str = Field(description="Its artist, or several with commas.")
    album: str | None = Field(description="Its album.")
    genre: str | None = Field(description="Its genre, or several with commas.")
    year: int | None = Field(description="Year of its release.")
    popularity: float | None = Field(description="Greater is better known.")
    spotify_url: str | None = Field(description="Its page at Spotify; null without Spotify's id.")

    @property
    def features(self) -> Song:
        """The song without its description."""
        return Song.checked(vars(self))


class CatalogueSong(DescribedSong):
    """A song with the stored answer of the model that the index belongs to."""

    probability: float = Field(description="Probability that the listener likes the song, in [0, 1].")
    liked: bool = Field(description="Whether the probability reaches that model's threshold.")
    reason: str | None = Field(description=f"{FEATURE}: it adds most to the probability. Of the likeliest likes only.")


class Origin(BaseModel):
    """The index that the songs come from."""

    catalogue: str = Field(description="The catalogue.")
    model: str = Field(description="The version of the model that gave the stored answers.")
    stale: bool = Field(description="Whether another version of the model is in service by now, or none.")


class Found(NamedTuple):
    """The songs of an answer."""

    songs: list[CatalogueSong]
    origin: Origin


class Spans(NamedTuple):
    """The least and greatest values among the songs to recommend; None where no song has one."""

    years: tuple[int, int] | None
    popularity: tuple[float, float] | None


class ExplainedSong(NamedTuple):
    """A song, and what the champion predicts for it and why."""

    song: CatalogueSong
    explanation: Explanation
    origin: Origin


class SongSearch:
    """Searches the index in use; every question raises `CatalogueNotFound` while there is none."""

    def __init__(self, indexes: IndexStore | None, predictor: Predictor) -> None:
        self.indexes, self.predictor = indexes, predictor
        # One question at a time: threads that take turns at each row are four times slower, and each needs memory.
        self._turn = threading.RLock()
        self._open: tuple[SongIndex, sqlite3.Connection] | None = None
        self._is_late: Callable[[], bool] | None = None
        """Whether the question whose turn it is has to stop."""
        self._spent_seconds = 0.0
        """What the questions of this turn of the event loop have taken."""

    @property
    def current(self) -> SongIndex | None:
        """The index in use."""
        return self.indexes.current if self.indexes else None

    def start(self) -> None:
        """Start following the champion and the index."""
        self.predictor.store.start()
        if self.indexes:
            self.indexes.start()

    def stop(self) -> None:
        """Stop following them."""
        self.predictor.store.stop()
        if self.indexes:
            self.indexes.stop()

    async def answer(self, ask: Callable[[Q], Found], asked: Q) -> Found:
        """Return `ask(asked)`: `search` or `recommend`, in another thread only if it takes more than a moment.

        To hand a question over takes longer than most of them, and the threads would wait for each other.
        """
        while self._spent_seconds >= MOMENT_SECONDS:
            await asyncio.sleep(0)  # until the next turn
        if self._turn.acquire(blocking=False):
            began = perf_counter()
            until = began + MOMENT_SECONDS
            self._is_late = lambda: perf_counter() > until
            # Runs before the questions of the next turn, and after whatever else waits in this one.
            asyncio.get_running_loop().call_soon(self._begin_turn)
            try:
                return ask(asked)
            except sqlite3.OperationalError as error:
                # What Python itself finds wrong has no code.
                if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
                    raise
            finally:
                self._spent_seconds += perf_counter() - began
                self._is_late = None
                self._turn.release()
        return await asyncio.to_thread(ask, asked)

    def _begin_turn(self) -> None:
        self._spent_seconds = 0.0

    def search(self, asked: Search) -> Found:
        """Return the songs with all words of the query: whole, then as beginnings; of each the best known first."""
        with self._opened() as (index, connection):
            return Found(_named(connection, asked.query, asked.limit), self._origin(index))

    def song(self, song_id: str) -> ExplainedSong:
        """Return a song; raise `CatalogueNotFound` for an unknown id, and `ModelNotReady`."""
        with self._opened() as (index, connection):
            song = _by_id(connection, song_id)
        return ExplainedSong(song, self.predictor.explain(song), self._origin(index))

    def find(self, song_id: str) -> CatalogueSong:
        """Return a song as the index has it; raise `CatalogueNotFound` for an unknown id."""
        with self._opened() as (_, connection):
            return _by_id(connection, song_id)

    def recommend(self, asked: Wishes) -> Found:
        """Return songs that they would like, outside their list, spread over artists; raise `CatalogueNotFound`."""
        with self._opened() as (index, connection):
            served = self.predictor.store.served
            # An index of another list does not leave out the songs of this one.
            if served and served.model.ref.dataset_version not in (None, index.dataset):
                raise CatalogueNotFound(Message("index_of_another_list"))
            return Found(_spread(_rows(connection, *_proposed(asked)), asked), self._origin(index))

    def genres(self, limit: int) -> list[str]:
        """Return the genres with most songs to recommend."""
        counted = "select genre from genres group by genre order by count(*) desc, genre limit ?"
        with self._opened() as (_, connection):
            return [genre for (genre,) in connection.execute(counted, (limit,))]

    def spans(self) -> Spans:
        """Return how far years and popularity of the songs to recommend reach."""
        values = "min(year), max(year), min(popularity), max(popularity)"
        with self._opened() as (_, connection):
            ((first, last, least, most),) = connection.execute(f"select {values} from songs where liked and not is_own")
        return Spans(None if first is None else (first, last), None if least is None else (least, most))

    @contextmanager
    def _opened(self) -> Iterator[tuple[SongIndex, sqlite3.Connection]]:
        """Yield the index in use and the connection to it, to one thread at a time."""
        with self._turn:
            try:
                found = self._connected()
            except sqlite3.OperationalError:
                # Another one took its place, and its file went, between the two lines that look at it.
                found = self._connected()
            found[1].set_progress_handler(self._is_late, STEPS)
            yield found

    def _connected(self) -> tuple[SongIndex, sqlite3.Connection]:
        index = self.current
        if self._open and (index is None or self._open[0].path != index.path):
            self._open[1].close()
            self._open = None
        if index is None:
            raise CatalogueNotFound(Message("no_index_yet"))
        self._open = self._open or (index, connect(index.path))
        return self._open

    def is_stale(self, index: SongIndex) -> bool:
        """Return whether its answers are not those of the version in service."""
        served = self.predictor.store.served
        return served is None or served.model.ref.version != index.model

    def _origin(self, index: SongIndex) -> Origin:
        return Origin(catalogue=index.catalogue, model=index.model, stale=self.is_stale(index))


def _rows(connection: sqlite3.Connection, source: str, *values: Any) -> Iterator[CatalogueSong]:
    for row in connection.execute(f"select {COLUMNS} from {source}", values):
        told = dict(zip((*TEXTS, *FEATURES, "probability", "liked", "reason"), row, strict=True))
        page = f"https://open.spotify.com/track/{told['id']}" if SPOTIFY_ID.fullmatch(told["id"]) else None
        yield CatalogueSong(**told | {"liked": bool(told["liked"]), "spotify_url": page})


def _by_id(connection: sqlite3.Connection, song_id: str) -> CatalogueSong:
    """Return a song; raise `CatalogueNotFound` for an unknown id."""
    for song in _rows(connection, "songs where id = ? limit 1", song_id):
        return song
    raise CatalogueNotFound(Message("no_such_song", {"id": song_id[:LONGEST_QUERY]}))


def _spread(songs: Iterable[CatalogueSong], asked: Wishes) -> list[CatalogueSong]:
    """Return the first songs, few of each artist, and of several releases of a song the first."""
    found, names, artists = list[CatalogueSong](), set[tuple[str, str]](), Counter[str]()
    for song in songs:
        artist = _plain(main_artist(song.artist))
        name = (_plain(song.title), artist)
        if name in names or artists[artist] == asked.per_artist:
            continue
        names.add(name)
        artists[artist] += 1
        found.append(song)
        if len(found) == asked.limit:
            break
    return found


def _named(connection: sqlite3.Connection, query: str, limit: int) -> list[CatalogueSong]:
    link, words = SPOTIFY.fullmatch(query.strip()), words_of(query)
    if link and (linked := [*_rows(connection, "songs where id = ? limit 1", link[1])]):
        return linked
    # Whole words first: they say more, and the beginnings of a frequent word take thirty times as long.
    found = _matching(connection, " ".join(f'"{word}"' for word in words), limit)
    if len(found) < limit:
        further = _matching(connection, " ".join(beginnings(words)), limit)
        found = [*dict.fromkeys([*found, *further])]
    return found[:limit]


def _matching(connection: sqlite3.Connection, match: str, limit: int) -> list[CatalogueSong]:
    if not match:
        return []
    matching = "songs where number in (select rowid from words where words match ? order by rowid limit ?)"
    return [*_rows(connection, f"{matching} order by number", match, limit)]


def _proposed(asked: Wishes) -> tuple[str, *tuple[Any, ...]]:
    """Return the source of the songs that fit, in their order, and its values."""
    source, conditions, order = "songs", ["songs.liked and not songs.is_own"], "songs.probability desc, songs.number"
    if asked.sort is Sort.POPULARITY:
        order = "songs.number"
    filters: dict[str, Any] = {}
    if asked.genre is not None:
        source, filters = "genres join songs using (number)", {"genres.genre = ?": asked.genre.strip()}
        order = order.replace("songs.probability", "genres.probability")
    filters |= {
        "songs.year >= ?": asked.year_from,
        "songs.year <= ?": asked.year_to,
        "songs.popularity >= ?": asked.popularity_from,
    }
    used = {condition: value for condition, value in filters.items() if value is not None}
    return f"{source} where {' and '.join([*conditions, *used])} order by {order}", *used.values()
