from collections.abc import Callable, Iterator
from queue import Queue

import grpc
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grpc_service.servicer import MAX_INVALID_SONGS
from song_preference.errors import (
    RegistryUnavailable,
)
from song_preference.features import FEATURES, Song
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2 as pb
from tests.support.grpc_calls import (
    TIMEOUT_SECONDS,
    Edge,
    batch_request,
    converse,
    predict_request,
    rejected,
    stream_request,
)
from tests.support.registry import FakeRegistry
from tests.support.songs import SONG

MODEL = pb.Model(name="spotify_model_prod", version="1", alias="champion")


def test_a_song_is_predicted(edge: Edge, predictor: Predictor) -> None:
    expected = predictor.predict(Song.checked(SONG))
    assert edge.stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS) == pb.PredictResponse(
        label=expected.label,
        liked=expected.liked,
        probability=expected.probability,
        threshold=expected.threshold,
        model=MODEL,
        stale=False,
    )


def test_an_answer_tells_that_the_registry_is_away(edge: Edge, registry: FakeRegistry, store: ModelStore) -> None:
    registry.is_down = True
    with pytest.raises(RegistryUnavailable):
        store.refresh()
    assert edge.stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS).stale
    assert edge.stub.PredictBatch(batch_request(SONG), timeout=TIMEOUT_SECONDS).stale
    assert edge.stub.GetModel(pb.GetModelRequest(), timeout=TIMEOUT_SECONDS).stale


def test_zero_is_a_value_and_nothing_is_not(edge: Edge) -> None:
    zeros = dict.fromkeys(FEATURES, 0.0)
    assert edge.stub.Predict(predict_request(**zeros), timeout=TIMEOUT_SECONDS).label
    assert len(edge.stub.PredictBatch(batch_request(zeros), timeout=TIMEOUT_SECONDS).answers) == 1
    incomplete = predict_request(**{**zeros, "acousticness": None})
    calls: list[Callable[[], object]] = [
        lambda: edge.stub.Predict(incomplete, timeout=TIMEOUT_SECONDS),
        lambda: edge.stub.Predict(pb.PredictRequest(), timeout=TIMEOUT_SECONDS),
        lambda: edge.stub.PredictBatch(pb.PredictBatchRequest(songs=[incomplete.song]), timeout=TIMEOUT_SECONDS),
    ]
    for call in calls:
        rejection = rejected(call)
        assert rejection.code is grpc.StatusCode.INVALID_ARGUMENT
        assert "acousticness: is missing: it must be a number from 0 to 1" in rejection.text


def test_a_batch_is_answered_in_its_order_with_the_model_once(
    edge: Edge, predictor: Predictor, songs: NDArray[np.float32]
) -> None:
    request = batch_request(*(dict(zip(FEATURES, song, strict=True)) for song in songs.tolist()))
    answer, expected = edge.stub.PredictBatch(request, timeout=TIMEOUT_SECONDS), predictor.predict_rows(songs)
    assert [found.liked for found in answer.answers] == expected.liked.tolist()
    assert [found.probability for found in answer.answers] == expected.probability.tolist()
    assert {found.label for found in answer.answers} == {"like", "dislike"}
    assert (answer.model, answer.threshold) == (MODEL, expected.threshold)


def test_a_batch_may_be_empty(edge: Edge) -> None:
    assert not edge.stub.PredictBatch(batch_request(), timeout=TIMEOUT_SECONDS).answers


def test_a_batch_of_the_allowed_size_fits_and_one_song_more_is_rejected(edge: Edge, predictor: Predictor) -> None:
    request = batch_request(*[SONG] * predictor.max_batch_size)
    answer = edge.stub.PredictBatch(request, timeout=TIMEOUT_SECONDS, compression=grpc.Compression.Gzip)
    assert len(answer.answers) == predictor.max_batch_size
    request.songs.add(**SONG)
    rejection = rejected(lambda: edge.stub.PredictBatch(request, timeout=TIMEOUT_SECONDS))
    assert rejection.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert rejection.text == "There are 10001 songs in the request and at most 10000 are allowed: send several."


def test_an_explanation_adds_up_to_the_probability(edge: Edge, predictor: Predictor) -> None:
    request = pb.ExplainRequest(song=pb.Song(**SONG))
    answer, expected = edge.stub.Explain(request, timeout=TIMEOUT_SECONDS), predictor.explain(Song.checked(SONG))
    contributions = {name: getattr(answer.contributions, name) for name in FEATURES}
    assert contributions == expected.contributions
    assert answer.base + sum(contributions.values()) == pytest.approx(answer.answer.probability, abs=1e-6)
    assert (answer.answer.label, answer.model) == (expected.prediction.label, MODEL)


def test_the_model_in_service_is_told(edge: Edge, store: ModelStore) -> None:
    answer, served = edge.stub.GetModel(pb.GetModelRequest(), timeout=TIMEOUT_SECONDS), store.current()
    assert (answer.model, answer.threshold, answer.stale) == (MODEL, served.model.threshold, False)
    assert answer.loaded_at.ToDatetime(served.since.tzinfo) == served.since


def test_whatever_numbers_come_the_service_answers_or_names_the_field(edge: Edge) -> None:
    @settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
    @given(st.fixed_dictionaries({}, optional=dict.fromkeys(FEATURES, st.floats() | st.floats(0, 1))))
    def check(features: dict[str, float]) -> None:
        at_fault = {name for name in FEATURES if not 0 <= features.get(name, -1) <= 1}
        batch = batch_request(SONG, features)
        if at_fault:
            rejection = rejected(lambda: edge.stub.Predict(predict_request(**features), timeout=TIMEOUT_SECONDS))
            assert rejection.code is grpc.StatusCode.INVALID_ARGUMENT
            assert set(rejection.violations) == at_fault
            of_batch = rejected(lambda: edge.stub.PredictBatch(batch, timeout=TIMEOUT_SECONDS))
            assert of_batch.violations == {f"songs[1].{name}": rule for name, rule in rejection.violations.items()}
        else:
            alone = edge.stub.Predict(predict_request(**features), timeout=TIMEOUT_SECONDS)
            answer = edge.stub.PredictBatch(batch, timeout=TIMEOUT_SECONDS).answers[1]
            assert (answer.label, answer.probability) == (alone.label, alone.probability)

    check()


class Talk:
    """A stream of the songs that a test sends one by one, until it is closed."""

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
    rejection = rejected(lambda: next(answers))
    assert rejection.code is grpc.StatusCode.INVALID_ARGUMENT
    assert rejection.violations == {"songs[2].energy": "must be a number from 0 to 1"}
    talk.close()


def test_a_stream_ends_with_its_deadline(edge: Edge) -> None:
    talk = Talk()
    answers = converse(edge, talk, seconds=0.2)
    talk.say(**SONG)
    assert rejected(lambda: list(answers)).code is grpc.StatusCode.DEADLINE_EXCEEDED
    talk.close()


def test_the_faults_of_a_batch_fit_into_the_metadata(edge: Edge) -> None:
    request = batch_request(SONG, *[{}] * 9_000)
    rejection = rejected(lambda: edge.stub.PredictBatch(request, timeout=TIMEOUT_SECONDS))
    assert rejection.code is grpc.StatusCode.INVALID_ARGUMENT
    assert len(rejection.violations) == MAX_INVALID_SONGS * 4
    assert rejection.violations["songs[1].energy"] == "is missing: it must be a number from 0 to 1"


def test_predictions_are_observed(edge: Edge) -> None:
    edge.stub.PredictBatch(batch_request(SONG, SONG), timeout=TIMEOUT_SECONDS)
    assert edge.metrics.registry.get_sample_value("song_preference_batch_songs_sum") == 2
