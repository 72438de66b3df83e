import asyncio
import re
import threading
from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from grpc_service.interceptors import outcome_of
from song_preference import logs
from song_preference.features import Song
from song_preference.prediction import Prediction
from song_preference.serving.metrics import Metrics
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
        """Return the counts by operation and outcome, once there are that many more."""
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
    rejected(lambda: edge.stub.Predict(predict_request(), timeout=TIMEOUT_SECONDS))
    monkeypatch.delattr(Predictor, "explain")
    rejected(lambda: edge.stub.Explain(pb.ExplainRequest(song=pb.Song(**SONG)), timeout=TIMEOUT_SECONDS))
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
    rejected(lambda: edge_without_champion.stub.GetModel(pb.GetModelRequest(), timeout=TIMEOUT_SECONDS))
    assert requests.after(1) == {("GetModel", "server_error"): 1}


def test_probes_and_methods_that_do_not_exist_are_left_out(edge: Edge, requests: Requests) -> None:
    edge.health.Check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS)
    call = edge.channel.unary_unary("/song_preference.v1.PredictionService/Nothing", bytes, bytes)
    assert rejected(lambda: call(b"", timeout=TIMEOUT_SECONDS)).code is grpc.StatusCode.UNIMPLEMENTED
    assert requests.after(0) == {}


@pytest.mark.parametrize("left", [asyncio.CancelledError(), GeneratorExit()])
def test_a_call_that_its_caller_left_counts_as_the_callers_error(left: BaseException) -> None:
    assert outcome_of(left) == "client_error"


def returned(call: Any) -> str:
    """The id in the trailing metadata of a call."""
    return str(dict(call.trailing_metadata())[logs.REQUEST_ID])


def ask(edge: Edge, *metadata: tuple[str, str], **features: float) -> str:
    request = predict_request(**features or SONG)
    call = edge.stub.Predict.future(request, timeout=TIMEOUT_SECONDS, metadata=metadata)
    call.exception()
    return returned(call)


def test_the_callers_id_comes_back_with_an_answer_and_with_an_error(edge: Edge) -> None:
    offered = (logs.REQUEST_ID, "a.B_c-1")
    assert ask(edge, offered) == "a.B_c-1"
    assert ask(edge, offered, energy=2) == "a.B_c-1"
    stream = edge.stub.PredictStream(iter(()), timeout=TIMEOUT_SECONDS, metadata=(offered,))
    assert list(stream) == []
    assert returned(stream) == "a.B_c-1"


@pytest.mark.parametrize("offered", ["", "x" * 65, "two words", "{json}"])
def test_an_id_that_is_not_fit_for_a_log_is_replaced(edge: Edge, offered: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", ask(edge, (logs.REQUEST_ID, offered)))


def test_calls_without_an_id_get_one_each(edge: Edge) -> None:
    assert len({ask(edge) for _ in range(5)}) == 5


def test_what_is_logged_on_the_way_knows_the_id(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[str] = []
    predict = Predictor.predict_each

    def note(predictor: Predictor, songs: Sequence[Song]) -> list[Prediction]:
        known.append(logs.request_id.get())
        return predict(predictor, songs)

    monkeypatch.setattr(Predictor, "predict_each", note)
    ask(edge, (logs.REQUEST_ID, "mine"))
    list(
        edge.stub.PredictStream(
            iter([pb.PredictStreamRequest(song=pb.Song(**SONG))]),
            timeout=TIMEOUT_SECONDS,
            metadata=((logs.REQUEST_ID, "streamed"),),
        )
    )
    assert known == ["mine", "streamed"]
