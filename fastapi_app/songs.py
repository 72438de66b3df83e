"""REST: songs of the catalogue by name, and recommendations."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from fastapi_app.dependencies import SongsDep
from fastapi_app.errors import problems
from fastapi_app.schemas import ExplanationOut, Json, explanation_out
from song_preference.serving.songs import CatalogueSong, DescribedSong, Found, Origin, Search, Wishes

router = APIRouter(tags=["Songs"], responses=problems(404, 422))


class SongOut(DescribedSong):
    """A song of the catalogue; what its file did not tell is null."""


class ScoredSongOut(CatalogueSong):
    """A song with the stored answer of the model that the index belongs to."""


class SongsOut(Origin):
    """Songs of the catalogue."""

    songs: list[ScoredSongOut] = Field(description="In the order that was asked for.")


class SongPageOut(Origin):
    """A song, and what the model in service predicts for it and why."""

    song: SongOut = Field(description="The song.")
    explanation: ExplanationOut = Field(description="By the model in service, whatever the index belongs to.")


@router.get("/songs", operation_id="searchSongs", summary="Search songs by name", response_model=SongsOut)
async def search(asked: Annotated[Search, Query()], songs: SongsDep) -> Response:
    """Return the songs of the catalogue with all words of the query in title and artist.

    First those with the words whole, then those with words that begin like them; of each the best known first.
    """
    return _found(await songs.answer(songs.search, asked))


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
    explanation = explanation_out(found.explanation)
    return Json({**vars(found.origin), "song": song_out(found.song), "explanation": explanation})


@router.get("/recommendations", operation_id="recommendations", summary="Recommend songs", response_model=SongsOut)
async def recommendations(asked: Annotated[Wishes, Query()], songs: SongsDep) -> Response:
    """Return songs that the listener would like and that are not in their list, spread over artists."""
    return _found(await songs.answer(songs.recommend, asked))


def _found(found: Found) -> Response:
    return Json({**vars(found.origin), "songs": [song.model_dump() for song in found.songs]})


def song_out(song: CatalogueSong) -> dict[str, Any]:
    """Return the fields of `SongOut`."""
    return song.model_dump(include=set(SongOut.model_fields))
