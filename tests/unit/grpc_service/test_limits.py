from functools import partial
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from grpc_service import limits
from song_preference.open_inference.inference_pb2 import ModelInferRequest
from song_preference.open_inference.inference_pb2_grpc import GRPCInferenceServiceStub
from song_preference.serving.predictor import Predictor
from tests.support.grpc_calls import TIMEOUT_SECONDS, Slow, Start, batch_request, predict_request, rejected
from tests.support.songs import SONG


def test_a_batch_too_many_is_rejected_at_once_and_songs_and_probes_are_answered(
    slow: Slow, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_HEAVY_CALLS", 1)
    edge = start(slow)
    infer = GRPCInferenceServiceStub(edge.channel).ModelInfer
    under_way = edge.stub.PredictBatch.future(batch_request(SONG), timeout=TIMEOUT_SECONDS)
    assert slow.asked.wait(TIMEOUT_SECONDS)
    calls: list[tuple[Any, Any]] = [(edge.stub.PredictBatch, batch_request(SONG)), (infer, ModelInferRequest())]
    for call, request in calls:
        rejection = rejected(partial(call, request, timeout=TIMEOUT_SECONDS))
        assert rejection.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert rejection.text == "The service already answers 1 such calls: wait a moment, then call again."
    assert edge.stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS).label
    edge.health.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS)
    slow.let.set()
    assert under_way.result().answers


def test_a_call_too_many_is_rejected_and_probes_are_not(
    start: Start, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_CALLS", 0)
    busy = start(predictor)
    rejection = rejected(lambda: busy.stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS))
    assert rejection.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    busy.health.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS)


def test_a_caller_waits_no_longer_than_its_deadline(slow: Slow, start: Start) -> None:
    edge = start(slow)
    rejection = rejected(lambda: edge.stub.PredictBatch(batch_request(SONG), timeout=0.1))
    assert rejection.code is grpc.StatusCode.DEADLINE_EXCEEDED
