"""What holds for the paths of other tools' protocols alike; the errors have each protocol's own form."""

import gzip
import json
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from fastapi_app.middleware import MAX_BODY_BYTES
from song_preference.serving.predictor import Predictor
from tests.support.rest import Threads
from tests.support.songs import SONG


class Protocol(NamedTuple):
    """A protocol, as far as these tests ask it."""

    path: str
    body: dict[str, Any]
    """About two songs."""
    operation: str
    probes: list[str]
    fields: list[str]
    """Of an error."""

    def post(self, rest: TestClient, content: Any, **headers: str) -> Response:
        return rest.post(self.path, content=content, headers={"Content-Type": "application/json", **headers})

    def fault(self, response: Response, status: int) -> str:
        assert (response.status_code, list(response.json())) == (status, self.fields)
        return response.text


TWO = [SONG, SONG]
TENSOR = {"name": "features", "shape": [2, 4], "datatype": "FP32", "data": [list(song.values()) for song in TWO]}
PROTOCOLS = [
    Protocol(
        "/v2/models/spotify_model_prod/infer",
        {"inputs": [TENSOR]},
        "infer",
        ["/v2/health/ready", "/v2/models/spotify_model_prod/ready", "/v2/models/spotify_model_prod/versions/1/ready"],
        ["error"],
    ),
    Protocol("/invocations", {"inputs": TWO}, "invocations", ["/ping"], ["error_code", "message"]),
]
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.operation)


@each_protocol
def test_a_body_is_bounded(rest: TestClient, protocol: Protocol) -> None:
    chunks = (b" " * 1_000_000 for _ in range(MAX_BODY_BYTES // 1_000_000 + 1))
    assert str(MAX_BODY_BYTES) in protocol.fault(protocol.post(rest, chunks), 413)


@each_protocol
def test_an_unexpected_error_reveals_nothing(
    rest: TestClient, protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(Predictor, "predict_rows", fail)
    assert "hunter2" not in protocol.fault(protocol.post(rest, json.dumps(protocol.body)), 500)


@each_protocol
def test_requests_are_counted_and_probes_are_not(rest: TestClient, protocol: Protocol) -> None:
    protocol.post(rest, json.dumps(protocol.body))
    protocol.post(rest, "{}")
    probes = [rest.get(probe).status_code for probe in protocol.probes]
    metrics = rest.get("/metrics").text
    counted = [line for line in metrics.splitlines() if line.startswith("song_preference_requests_total{")]
    total = 'song_preference_requests_total{{operation="{}",outcome="{}",protocol="rest"}} 1.0'
    assert sorted(counted) == [total.format(protocol.operation, outcome) for outcome in ("client_error", "ok")]
    assert "song_preference_batch_songs_sum 2.0" in metrics
    assert set(probes) == {200}


@each_protocol
def test_a_request_keeps_its_id(rest: TestClient, protocol: Protocol) -> None:
    for body, status in ((protocol.body, 200), ({}, 400)):
        answer = protocol.post(rest, json.dumps(body), **{"X-Request-ID": "mine"})
        assert (answer.status_code, answer.headers["X-Request-ID"]) == (status, "mine")


@each_protocol
def test_a_compressed_body_is_rejected_by_its_header(rest: TestClient, protocol: Protocol) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = rest.post(protocol.path, content=gzip.compress(json.dumps(protocol.body).encode()), headers=headers)
    assert "Content-Encoding must be left out" in protocol.fault(answer, 415)


@each_protocol
def test_songs_are_predicted_beside_the_event_loop(rest: TestClient, predictor: Predictor, protocol: Protocol) -> None:
    predictor.observer = threads = Threads()
    rest.post("/predict", json=SONG)
    protocol.post(rest, json.dumps(protocol.body))
    in_loop, beside = threads.seen
    assert in_loop != beside
