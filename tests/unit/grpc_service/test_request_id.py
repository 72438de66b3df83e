import re
from collections.abc import Sequence
from typing import Any

import pytest

from song_preference import logs
from song_preference.features import Song
from song_preference.prediction import Prediction
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2 as pb
from tests.support.grpc_calls import TIMEOUT_SECONDS, Edge, predict_request
from tests.support.songs import SONG


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
