"""Converters between the messages of `song_preference.v1` and the domain."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from song_preference.errors import FieldProblem, InvalidSong
from song_preference.features import DISLIKE, FEATURES, LIKE, Song
from song_preference.prediction import Batch, ModelRef, Prediction
from song_preference.v1 import prediction_pb2

MAX_INVALID_SONGS = 5
"""Most invalid songs that an error describes: it travels in metadata, of which a client accepts 8 KB."""


def song_of(message: prediction_pb2.Song, index: int | None = None) -> Song:
    """Return the song of a message; raise `InvalidSong`, whose fields name the `index` if there is one."""
    values = {field.name: value for field, value in message.ListFields()}
    if index is None:
        return Song.checked(values)
    try:
        return Song.checked(values)
    except InvalidSong as error:
        problems = [FieldProblem(f"songs[{index}].{field}", problem) for field, problem in error.problems]
        raise InvalidSong(problems) from None


def rows_of(songs: Sequence[prediction_pb2.Song]) -> NDArray[np.float32]:
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
def model_of(ref: ModelRef) -> prediction_pb2.Model:
    """Return the message of a model; callers share it and must not change it."""
    return prediction_pb2.Model(name=ref.name, version=ref.version, alias=ref.alias)


def answer_of(prediction: Prediction) -> prediction_pb2.Answer:
    """Return the message of the fields that differ from song to song."""
    return prediction_pb2.Answer(label=prediction.label, liked=prediction.liked, probability=prediction.probability)


def batch_response_of(batch: Batch) -> prediction_pb2.PredictBatchResponse:
    """Return the message of a batch, in the order of its songs."""
    response = prediction_pb2.PredictBatchResponse(
        threshold=batch.threshold, model=model_of(batch.model), stale=batch.stale
    )
    # Added in place, since copying a list of 10,000 messages into the response takes three times as long.
    add = response.answers.add
    for liked, probability in zip(batch.liked.tolist(), batch.probability.tolist(), strict=True):
        add(label=LIKE if liked else DISLIKE, liked=liked, probability=probability)
    return response
