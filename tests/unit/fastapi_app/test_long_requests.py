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


def test_rest_and_graphql_share_one_turn_and_a_bounded_queue(rest: TestClient, held: Held) -> None:
    def batch(path: str) -> Any:
        query = {"query": BATCH, "variables": {"songs": [SONG]}}
        return rest.post(path, json=query if path == "/graphql" else {"songs": [SONG]})

    with ThreadPoolExecutor(WAITING + 2) as callers:
        # One is computed and two wait; whichever comes last is answered at once.
        calls = [callers.submit(batch, path) for path in ("/predict/batch", "/graphql") * 2]
        answered, waiting = wait(calls, 60, return_when=FIRST_COMPLETED)
        assert [call.result().status_code for call in answered] == [503]
        rejected = check_problem(batch("/predict/batch"), 503, "/predict/batch")
        assert rejected["detail"] == f"{WAITING} long requests are already waiting: try again in a few seconds."
        answer = batch("/graphql")
        assert (answer.status_code, code(answer.json())) == (503, "SERVICE_BUSY")
        assert rest.get("/health/live").status_code == 200
        held.ready.set()
        assert {caller.result().status_code for caller in waiting} == {200}
    assert held.most == 1
    for _ in range(WAITING + 2):
        assert "errors" not in ask(rest, BATCH, songs=[SONG])
