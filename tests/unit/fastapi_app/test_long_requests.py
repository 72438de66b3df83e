import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fastapi_app import long_requests
from song_preference.serving.predictor import Predictor
from tests.support.graphql import BATCH, ask, code
from tests.support.rest import check_problem
from tests.support.songs import SONG

WAITING = 2
TENSOR = {"name": "features", "shape": [1, 4], "datatype": "FP32", "data": list(SONG.values())}
BODIES: dict[str, dict[str, Any]] = {
    "/predict/batch": {"songs": [SONG]},
    "/graphql": {"query": BATCH, "variables": {"songs": [SONG]}},
    "/v2/models/spotify_model_prod/infer": {"inputs": [TENSOR]},
    "/invocations": {"inputs": [SONG]},
}


class Held:
    """Notes how many compute at once, and lets them end when told."""

    def __init__(self) -> None:
        self.ready, self.at_once, self.most = threading.Event(), 0, 0

    def predicted(self, *_: object, **__: object) -> None:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        assert self.ready.wait(60)
        self.at_once -= 1


@pytest.fixture
def held(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> Held:
    monkeypatch.setattr(long_requests, "MAX_WAITING", WAITING)
    predictor.observer = held = Held()
    return held


def test_all_protocols_share_one_turn_and_a_bounded_queue(rest: TestClient, held: Held) -> None:
    def batch(path: str) -> Any:
        return rest.post(path, json=BODIES[path])

    with ThreadPoolExecutor(WAITING + 2) as callers:
        # One is computed and two wait; whichever comes last is answered at once.
        calls = [callers.submit(batch, path) for path in BODIES]
        answered, waiting = wait(calls, 60, return_when=FIRST_COMPLETED)
        assert [call.result().status_code for call in answered] == [503]
        rejected = check_problem(batch("/predict/batch"), 503, "/predict/batch")
        assert rejected["detail"] == f"{WAITING} long requests are already waiting: try again in a few seconds."
        answer, *others = (batch(path) for path in [*BODIES][1:])
        assert (answer.status_code, code(answer.json())) == (503, "SERVICE_BUSY")
        busy = {"error_code": "TEMPORARILY_UNAVAILABLE", "message": rejected["detail"]}
        assert [other.status_code for other in others] == [503, 503]
        assert [other.json() for other in others] == [{"error": rejected["detail"]}, busy]
        assert rest.get("/health/live").status_code == 200
        held.ready.set()
        assert {caller.result().status_code for caller in waiting} == {200}
    assert held.most == 1
    for _ in range(WAITING + 2):
        assert "errors" not in ask(rest, BATCH, songs=[SONG])
