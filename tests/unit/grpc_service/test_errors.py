import logging
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from grpc_service.errors import MASKED
from grpc_service.server import SERVICE
from song_preference import errors
from song_preference.errors import (
    BatchTooLarge,
    FieldProblem,
    Finding,
    InvalidDataset,
    InvalidInput,
    InvalidQuery,
    InvalidSong,
    SongPreferenceError,
)
from song_preference.messages import Message
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2 as pb
from tests.support.grpc_calls import (
    TIMEOUT_SECONDS,
    Edge,
    Rejection,
    batch_request,
    converse,
    predict_request,
    rejected,
    stream_request,
)
from tests.support.songs import SONG

EXPECTED = {
    "InvalidInput": grpc.StatusCode.INVALID_ARGUMENT,
    "InvalidQuery": grpc.StatusCode.INVALID_ARGUMENT,
    "CatalogueNotFound": grpc.StatusCode.NOT_FOUND,
    "UnknownVersion": grpc.StatusCode.NOT_FOUND,
    "InvalidSong": grpc.StatusCode.INVALID_ARGUMENT,
    "BatchTooLarge": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "ModelNotReady": grpc.StatusCode.UNAVAILABLE,
    "RegistryUnavailable": grpc.StatusCode.UNAVAILABLE,
    "AccessDenied": grpc.StatusCode.UNAUTHENTICATED,
}
ARGUMENTS: dict[type[SongPreferenceError], tuple[Any, ...]] = {
    **dict.fromkeys((InvalidInput, InvalidQuery, InvalidSong), ([FieldProblem("energy", "is wrong")],)),
    BatchTooLarge: (3, 2),
    InvalidDataset: (Finding("energy", Message("column_missing"), 1),),
}


def every_error() -> list[type[SongPreferenceError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SongPreferenceError)]
    return [*found, type("OneThatNobodyKnows", (SongPreferenceError,), {})]


def raising(error: Exception) -> Callable[..., object]:
    def explode(*_: object, **__: object) -> None:
        raise error

    return explode


@pytest.mark.parametrize("kind", every_error())
def test_every_error_has_its_code_and_tells_its_text_or_nothing(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, kind: type[SongPreferenceError]
) -> None:
    error = kind(*ARGUMENTS.get(kind, ("What happened: and what to do. Ü",)))
    for method in ("predict_each", "predict_rows", "explain"):
        monkeypatch.setattr(Predictor, method, raising(error))
    code = EXPECTED.get(kind.__name__, grpc.StatusCode.INTERNAL)
    expected = (code, MASKED if code is grpc.StatusCode.INTERNAL else str(error))

    calls: list[Callable[[], object]] = [
        lambda: edge.stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS),
        lambda: edge.stub.PredictBatch(batch_request(SONG), timeout=TIMEOUT_SECONDS),
        lambda: edge.stub.Explain(pb.ExplainRequest(song=pb.Song(**SONG)), timeout=TIMEOUT_SECONDS),
        lambda: list(converse(edge, [stream_request(**SONG)])),
    ]
    for call in calls:
        rejection = rejected(call)
        assert (rejection.code, rejection.text) == expected


def test_every_field_at_fault_is_named_with_its_rule(edge: Edge) -> None:
    request = predict_request(speechiness=0.1, energy=1.5, danceability=float("nan"))
    assert rejected(lambda: edge.stub.Predict(request, timeout=TIMEOUT_SECONDS)).violations == {
        "energy": "must be a number from 0 to 1",
        "danceability": "must be a number from 0 to 1",
        "acousticness": "is missing: it must be a number from 0 to 1",
    }


def test_without_a_champion_the_remedy_is_named(edge_without_champion: Edge) -> None:
    stub = edge_without_champion.stub
    calls: list[Callable[[], object]] = [
        lambda: stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS),
        lambda: stub.GetModel(pb.GetModelRequest(), timeout=TIMEOUT_SECONDS),
    ]
    for call in calls:
        rejection = rejected(call)
        assert rejection.code is grpc.StatusCode.UNAVAILABLE
        assert "run the DAG process_etl_spotify_data" in rejection.text


def test_an_unexpected_error_is_told_to_the_log_only(
    edge: Edge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Predictor, "predict_each", raising(RuntimeError("password=hunter2")))
    with caplog.at_level(logging.ERROR):
        rejection = rejected(lambda: edge.stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS))
    assert rejection == Rejection(grpc.StatusCode.INTERNAL, MASKED, {})
    assert "hunter2" in caplog.text


def test_a_method_that_does_not_exist_is_unimplemented(edge: Edge) -> None:
    assert rejected(lambda: send_bytes(edge, "Nothing", b"")).code is grpc.StatusCode.UNIMPLEMENTED


def send_bytes(edge: Edge, method: str, message: bytes) -> object:
    call = edge.channel.unary_unary(f"/{SERVICE}/{method}", lambda sent: sent, lambda received: received)
    return call(message, timeout=TIMEOUT_SECONDS)
