import asyncio
import threading
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from grpc_service.interceptors import outcome_of
from song_preference.serving.metrics import Metrics
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2 as pb
from tests.support.grpc_calls import (
    TIMEOUT_SECONDS,
    Edge,
    batch_request,
    converse,
    predict_request,
    refused,
    stream_request,
)
from tests.support.songs import SONG


class Requests:
    """The requests that were counted, and the moment when the next one is: after its answer is sent."""

    def __init__(self, metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
        self._counted = threading.Semaphore(0)
        count, self._metrics = metrics.request, metrics

        def counting(*request: Any) -> None:
            count(*request)
            self._counted.release()

        monkeypatch.setattr(metrics, "request", counting)

    def after(self, number: int) -> dict[tuple[str, str], float]:
        """How many by operation and outcome, once there are that many more."""
        for _ in range(number):
            assert self._counted.acquire(timeout=TIMEOUT_SECONDS)
        return {
            (sample.labels["operation"], sample.labels["outcome"]): sample.value
            for family in self._metrics.registry.collect()
            for sample in family.samples
            if sample.name == "song_preference_requests_total" and sample.labels["protocol"] == "grpc"
        }


@pytest.fixture
def requests(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> Requests:
    return Requests(edge.metrics, monkeypatch)


def test_requests_are_counted_by_method_and_outcome(
    edge: Edge, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge.stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS)
    edge.stub.PredictBatch(batch_request(SONG, SONG), timeout=TIMEOUT_SECONDS)
    list(converse(edge, [stream_request(**SONG)]))
    refused(lambda: edge.stub.Predict(predict_request(), timeout=TIMEOUT_SECONDS))
    monkeypatch.delattr(Predictor, "explain")
    refused(lambda: edge.stub.Explain(pb.ExplainRequest(song=pb.Song(**SONG)), timeout=TIMEOUT_SECONDS))
    assert requests.after(5) == {
        ("Predict", "ok"): 1,
        ("PredictBatch", "ok"): 1,
        ("PredictStream", "ok"): 1,
        ("Predict", "client_error"): 1,
        ("Explain", "server_error"): 1,
    }


def test_a_caller_that_leaves_its_stream_is_no_fault_of_ours(
    edge: Edge, requests: Requests, caplog: pytest.LogCaptureFixture
) -> None:
    ended = threading.Event()

    def songs() -> Any:
        yield stream_request(**SONG)
        ended.wait(TIMEOUT_SECONDS)

    answers = converse(edge, songs())
    next(answers)
    answers.cancel()
    # gRPC may tell of the end of the songs before it tells that the caller left; then the stream ended well.
    assert requests.after(1).keys() < {("PredictStream", "client_error"), ("PredictStream", "ok")}
    ended.set()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_missing_champion_is_a_failure_of_ours(edge_without_champion: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = Requests(edge_without_champion.metrics, monkeypatch)
    refused(lambda: edge_without_champion.stub.GetModel(pb.GetModelRequest(), timeout=TIMEOUT_SECONDS))
    assert requests.after(1) == {("GetModel", "server_error"): 1}


def test_predictions_are_observed(edge: Edge) -> None:
    edge.stub.PredictBatch(batch_request(SONG, SONG), timeout=TIMEOUT_SECONDS)
    assert edge.metrics.registry.get_sample_value("song_preference_batch_songs_sum") == 2


def test_probes_and_methods_that_do_not_exist_are_left_out(edge: Edge, requests: Requests) -> None:
    edge.health.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS)
    call = edge.channel.unary_unary("/song_preference.v1.PredictionService/Nothing", bytes, bytes)
    assert refused(lambda: call(b"", timeout=TIMEOUT_SECONDS)).code is grpc.StatusCode.UNIMPLEMENTED
    assert requests.after(0) == {}


@pytest.mark.parametrize("left", [asyncio.CancelledError(), GeneratorExit()])
def test_a_call_that_its_caller_left_counts_as_the_callers_error(left: BaseException) -> None:
    assert outcome_of(left) == "client_error"
