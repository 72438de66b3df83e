import grpc
import pytest

from grpc_service import server
from grpc_service.errors import CallRefused
from grpc_service.servicer import PredictionServicer
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2 as pb
from tests.conftest import SONG
from tests.unit.grpc_service.calls import TIMEOUT_SECONDS, batch_request, predict_request, refused
from tests.unit.grpc_service.conftest import Slow, Start


class Context:
    """A call as the servicer sees it."""

    def __init__(self, remaining: float, *, active: bool) -> None:
        self._remaining, self._active = remaining, active

    def time_remaining(self) -> float:
        return self._remaining

    def is_active(self) -> bool:
        return self._active


def test_a_call_too_many_is_refused_at_once(slow: Slow, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CALLS", 1)
    edge = start(slow)
    under_way = edge.stub.Predict.future(predict_request(**SONG), timeout=TIMEOUT_SECONDS)
    assert slow.asked.wait(TIMEOUT_SECONDS)
    refusal = refused(lambda: edge.stub.Predict(predict_request(**SONG), timeout=TIMEOUT_SECONDS))
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    slow.let.set()
    assert under_way.result().label


def test_a_caller_waits_no_longer_than_its_deadline(slow: Slow, start: Start) -> None:
    edge = start(slow)
    refusal = refused(lambda: edge.stub.Predict(predict_request(**SONG), timeout=0.1))
    assert refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("context", "code"),
    [
        (Context(0, active=True), grpc.StatusCode.DEADLINE_EXCEEDED),
        (Context(1, active=False), grpc.StatusCode.CANCELLED),
    ],
)
def test_nothing_is_computed_for_a_caller_that_is_gone(
    predictor: Predictor, context: grpc.ServicerContext, code: grpc.StatusCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("predict_each", "predict_rows", "explain"):
        monkeypatch.delattr(Predictor, method)
    servicer, song = PredictionServicer(predictor, max_streams=1), pb.Song(**SONG)
    for call in (
        lambda: servicer.PredictBatch(batch_request(SONG), context),
        lambda: servicer.Explain(pb.ExplainRequest(song=song), context),
        lambda: list(servicer.PredictStream(iter([pb.PredictStreamRequest(song=song)]), context)),
    ):
        with pytest.raises(CallRefused) as refusal:
            call()
        assert refusal.value.code is code
