from collections.abc import Iterator
from queue import Queue

import grpc
import numpy as np
from numpy.typing import NDArray

from song_preference.features import FEATURES, Song
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2 as pb
from tests.support.grpc_calls import Edge, converse, refused, stream_request
from tests.support.songs import SONG


class Talk:
    """What a test says on a stream, song by song, until it is closed."""

    def __init__(self) -> None:
        self._songs: Queue[pb.PredictStreamRequest | None] = Queue()

    def say(self, **features: float) -> None:
        self._songs.put(stream_request(**features))

    def close(self) -> None:
        self._songs.put(None)

    def __iter__(self) -> Iterator[pb.PredictStreamRequest]:
        return iter(self._songs.get, None)


def test_each_song_is_answered_before_the_next_is_sent(
    edge: Edge, predictor: Predictor, songs: NDArray[np.float32]
) -> None:
    talk = Talk()
    answers = converse(edge, talk)
    for row in songs[:20].tolist():
        song = dict(zip(FEATURES, row, strict=True))
        talk.say(**song)
        prediction = predictor.predict(Song.checked(song))
        found = next(answers)
        assert (found.answer.label, found.answer.probability) == (prediction.label, prediction.probability)
        assert (found.model.version, found.threshold, found.stale) == ("1", prediction.threshold, False)
    talk.close()
    assert list(answers) == []


def test_an_invalid_song_ends_the_stream_and_its_index_is_named(edge: Edge) -> None:
    talk = Talk()
    for features in (SONG, SONG, {**SONG, "energy": -1}, SONG):
        talk.say(**features)
    answers = converse(edge, talk)
    assert len([next(answers), next(answers)]) == 2
    refusal = refused(lambda: next(answers))
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refusal.violations == {"songs[2].energy": "must be a number from 0 to 1"}
    talk.close()


def test_a_stream_ends_with_its_deadline(edge: Edge) -> None:
    talk = Talk()
    answers = converse(edge, talk, seconds=0.2)
    talk.say(**SONG)
    assert refused(lambda: list(answers)).code is grpc.StatusCode.DEADLINE_EXCEEDED
    talk.close()
