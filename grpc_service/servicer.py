"""Implements `song_preference.v1.PredictionService`, and converts between its messages and the domain.

`interceptors` turns the errors that its methods raise into statuses.
"""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from google.protobuf.message import Message
from numpy.typing import NDArray
from typing_extensions import override

from grpc_service.health import Context
from song_preference.errors import FieldProblem, InvalidSong
from song_preference.features import DISLIKE, FEATURES, LIKE, Song
from song_preference.prediction import Batch, Explanation, ModelRef, Prediction
from song_preference.serving.batching import MicroBatcher
from song_preference.serving.songs import CatalogueSong, Found, Origin, Search, SongSearch, Wishes
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1 import prediction_pb2_grpc

QUIET_TURNS = 8
"""Turns of the event loop without a new song that end a micro-batch; gRPC needs a few to deliver the next call."""

SORTS = {pb.SORT_PROBABILITY: "probability", pb.SORT_POPULARITY: "popularity"}


class PredictionServicer(prediction_pb2_grpc.PredictionServiceServicer):
    """Converts between messages and the predictor; batches and explanations run in threads beside the event loop."""

    def __init__(self, songs: SongSearch) -> None:
        self._predictor, self._songs = songs.predictor, songs
        self._batcher = MicroBatcher(songs.predictor, QUIET_TURNS)

    @override
    async def Predict(self, request: pb.PredictRequest, context: Context) -> pb.PredictResponse:
        answer = await self._batcher.predict(song_of(request.song))
        return pb.PredictResponse(**{**answer._asdict(), "model": model_of(answer.model)})

    @override
    async def PredictBatch(self, request: pb.PredictBatchRequest, context: Context) -> pb.PredictBatchResponse:
        self._predictor.check_batch_size(len(request.songs))
        return await asyncio.to_thread(lambda: batch_response_of(self._predictor.predict_rows(rows_of(request.songs))))

    @override
    async def PredictStream(
        self, request_iterator: AsyncIterator[pb.PredictStreamRequest], context: Context
    ) -> AsyncIterator[pb.PredictStreamResponse]:
        index = 0
        async for request in request_iterator:
            answer = await self._batcher.predict(song_of(request.song, index))
            yield pb.PredictStreamResponse(answer=answer_of(answer), **origin_of(answer))
            index += 1

    @override
    async def Explain(self, request: pb.ExplainRequest, context: Context) -> pb.ExplainResponse:
        return explained(await asyncio.to_thread(self._predictor.explain, song_of(request.song)))

    @override
    async def GetModel(self, request: pb.GetModelRequest, context: Context) -> pb.GetModelResponse:
        served = self._predictor.store.current()
        model = model_of(served.model.ref)
        response = pb.GetModelResponse(model=model, threshold=served.model.threshold, stale=served.stale)
        response.loaded_at.FromDatetime(served.since)
        return response

    @override
    async def SearchSongs(self, request: pb.SearchSongsRequest, context: Context) -> pb.SearchSongsResponse:
        asked = Search.checked({"query": "", **question_of(request)})
        found = await self._songs.answer(self._songs.search, asked)
        return pb.SearchSongsResponse(songs=scored_messages(found), index=index_message(found.origin))

    @override
    async def GetSong(self, request: pb.GetSongRequest, context: Context) -> pb.GetSongResponse:
        song, explanation, origin = await asyncio.to_thread(self._songs.song, request.id)
        return pb.GetSongResponse(
            song=song_message(song), explanation=explained(explanation), index=index_message(origin)
        )

    @override
    async def Recommend(self, request: pb.RecommendRequest, context: Context) -> pb.RecommendResponse:
        found = await self._songs.answer(self._songs.recommend, Wishes.checked(question_of(request)))
        return pb.RecommendResponse(songs=scored_messages(found), index=index_message(found.origin))


MAX_INVALID_SONGS = 5
"""Most invalid songs that an error describes: it travels in metadata, of which a client accepts 8 KB."""


def song_of(message: pb.Song, index: int | None = None) -> Song:
    """Return the song of a message; raise `InvalidSong`, whose fields name the `index` if there is one."""
    try:
        return Song.checked({field.name: value for field, value in message.ListFields()})
    except InvalidSong as error:
        if index is None:
            raise
        problems = [FieldProblem(f"songs[{index}].{field}", problem) for field, problem in error.problems]
        raise InvalidSong(problems) from None


def rows_of(songs: Sequence[pb.Song]) -> NDArray[np.float32]:
    """Return features, shape (n, 4); raise `InvalidSong` with the problems of the first invalid songs."""
    values = np.array(
        [(song.speechiness, song.energy, song.danceability, song.acousticness) for song in songs], dtype=np.float64
    ).reshape(-1, len(FEATURES))
    # A missing feature reads as 0, so only songs with zeros need the slow check: 10,000 songs take milliseconds.
    suspects = ~((values > 0) & (values <= 1)).all(axis=1)
    problems: list[FieldProblem] = []
    invalid_songs = 0
    for index in np.flatnonzero(suspects).tolist():
        try:
            song_of(songs[index], index)
        except InvalidSong as error:
            problems.extend(error.problems)
            invalid_songs += 1
            if invalid_songs == MAX_INVALID_SONGS:
                break
    if problems:
        raise InvalidSong(problems)
    return values.astype(np.float32)


@lru_cache(maxsize=8)
def model_of(ref: ModelRef) -> pb.Model:
    """Return the message of a model; callers share it and must not change it."""
    trained_on = ref.dataset_version or ""
    return pb.Model(name=ref.name, version=ref.version, alias=ref.alias, dataset_version=trained_on)


def origin_of(answer: Prediction | Batch) -> dict[str, Any]:
    """Return the fields of a response that tell which model answered, by their names."""
    return {"threshold": answer.threshold, "model": model_of(answer.model), "stale": answer.stale}


def answer_of(prediction: Prediction) -> pb.Answer:
    """Return the message of the fields that differ from song to song."""
    return pb.Answer(label=prediction.label, liked=prediction.liked, probability=prediction.probability)


def explained(explanation: Explanation) -> pb.ExplainResponse:
    """Return the message of an explanation."""
    answer = explanation.prediction
    return pb.ExplainResponse(
        answer=answer_of(answer),
        **origin_of(answer),
        base=explanation.base,
        contributions=pb.Contributions(**explanation.contributions),
    )


def batch_response_of(batch: Batch) -> pb.PredictBatchResponse:
    """Return the message of a batch, in the order of its songs."""
    response = pb.PredictBatchResponse(**origin_of(batch))
    # Added in place, since copying a list of 10,000 messages into the response takes three times as long.
    add = response.answers.add
    for liked, probability in zip(batch.liked.tolist(), batch.probability.tolist(), strict=True):
        add(label=LIKE if liked else DISLIKE, liked=liked, probability=probability)
    return response


def question_of(message: Message) -> dict[str, Any]:
    """Return the fields of a request that are set."""
    asked = {field.name: value for field, value in message.ListFields()}
    if "sort" in asked:
        asked["sort"] = SORTS.get(asked["sort"], asked["sort"])
    return asked


def song_message(song: CatalogueSong) -> pb.CatalogueSong:
    """Return the message of a song, without a model's answer."""
    described = song.model_dump(include={field.name for field in pb.CatalogueSong.DESCRIPTOR.fields})
    return pb.CatalogueSong(**described, features=pb.Song(**song.features.model_dump()))


def scored_messages(found: Found) -> list[pb.ScoredSong]:
    """Return the messages of songs with the stored answers."""
    return [
        pb.ScoredSong(song=song_message(song), probability=song.probability, liked=song.liked, reason=song.reason)
        for song in found.songs
    ]


def index_message(origin: Origin) -> pb.SongIndex:
    """Return the message of an index."""
    return pb.SongIndex(**vars(origin))
