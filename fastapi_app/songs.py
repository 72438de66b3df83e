"""REST: songs of the catalogue by name, and recommendations."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from fastapi_app.errors import problems
from fastapi_app.schemas import ExplanationOut
from song_preference.errors import CatalogueNotFound
from song_preference.features import FEATURES, Song
from song_preference.messages import Message
from song_preference.serving.song_index import IndexStore
from song_preference.serving.songs import CatalogueSong, Found, Search, SongSearch, Wishes

# Not async: a search reads a file, so FastAPI runs these in threads.
router = APIRouter(tags=["Songs"], responses=problems(404, 422))

JSON = "application/json"
FEATURE = f"One of {', '.join(FEATURES)}"


class SongOut(Song):
    """A song of the catalogue; what its file did not tell is null."""

    id: str = Field(description="Spotify's where the file has it.")
    isrc: str | None
    title: str
    artist: str
    album: str | None
    genre: str | None
    year: int | None
    popularity: float | None = Field(description="Greater is better known.")
    spotify_url: str | None = Field(description="Its page at Spotify; null without Spotify's id.")


class ScoredSongOut(SongOut):
    """A song with the stored answer of the model that the index belongs to."""

    probability: float = Field(description="Probability that the listener likes the song, in [0, 1].")
    liked: bool = Field(description="Whether the probability reaches that model's threshold.")
    reason: str | None = Field(description=f"{FEATURE}: it adds most to the probability. Of the likeliest likes only.")


class FromIndex(BaseModel):
    """The index that the songs come from."""

    catalogue: str = Field(description="The catalogue.")
    model: str = Field(description="The version of the model that gave the stored answers.")
    stale: bool = Field(description="Whether another version of the model is in service by now.")


class SongsOut(FromIndex):
    """Songs of the catalogue."""

    songs: list[ScoredSongOut]


class SongPageOut(FromIndex):
    """A song, and what the model in service predicts for it and why."""

    song: SongOut
    explanation: ExplanationOut = Field(description="By the model in service, whatever the index belongs to.")


async def _songs(request: Request) -> SongSearch:
    found: SongSearch | None = request.app.state.songs
    if found is None:
        raise CatalogueNotFound(Message("no_index_yet"))
    return found


SongsDep = Annotated[SongSearch, Depends(_songs)]


async def _indexes(request: Request) -> IndexStore | None:
    found: SongSearch | None = request.app.state.songs
    return found.indexes if found else None


IndexesDep = Annotated[IndexStore | None, Depends(_indexes)]
"""Where songs without features are looked up; None without a search."""


@router.get("/songs", operation_id="searchSongs", summary="Search songs by name", response_model=SongsOut)
def search(asked: Annotated[Search, Query()], songs: SongsDep) -> Response:
    """Return the songs of the catalogue whose title and artist have all words of the query, the best known first."""
    return _found(songs.search(asked))


@router.get(
    "/songs/{song_id}",
    operation_id="song",
    summary="Predict a song of the catalogue",
    response_model=SongPageOut,
    responses=problems(503),
)
def song(song_id: str, songs: SongsDep) -> Response:
    """Return a song with the prediction of the model in service, and what each feature adds to it."""
    found = songs.song(song_id)
    explained = ExplanationOut.explaining(found.explanation)
    body = {**found.origin._asdict(), "song": _song(found.song), "explanation": explained.model_dump()}
    return Response(to_json(body), media_type=JSON)


@router.get("/recommendations", operation_id="recommendations", summary="Recommend songs", response_model=SongsOut)
def recommendations(asked: Annotated[Wishes, Query()], songs: SongsDep) -> Response:
    """Return songs that the listener would like and that are not in their list, spread over artists."""
    return _found(songs.recommend(asked))


def _found(found: Found) -> Response:
    # Serialised here, since FastAPI would validate each song again.
    body = {**found.origin._asdict(), "songs": [_scored(song) for song in found.songs]}
    return Response(to_json(body), media_type=JSON)


def _song(song: CatalogueSong) -> dict[str, Any]:
    told = song._asdict()
    del told["features"], told["probability"], told["liked"], told["reason"]
    return {**told, "spotify_url": song.spotify_url, **song.features.model_dump()}


def _scored(song: CatalogueSong) -> dict[str, Any]:
    return {**_song(song), "probability": song.probability, "liked": song.liked, "reason": song.reason}
