"""Requests as the tests send them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest  # type: ignore[import-untyped]
from grpc_status import rpc_status

from song_preference.v1 import prediction_pb2 as pb
from tests.unit.grpc_service.conftest import Edge

TIMEOUT_SECONDS = 10


def predict_request(**features: float | None) -> pb.PredictRequest:
    return pb.PredictRequest(song=pb.Song(**features))


def batch_request(*songs: dict[str, float]) -> pb.PredictBatchRequest:
    return pb.PredictBatchRequest(songs=[pb.Song(**song) for song in songs])


def stream_request(**features: float) -> pb.PredictStreamRequest:
    return pb.PredictStreamRequest(song=pb.Song(**features))


def converse(edge: Edge, requests: Iterable[pb.PredictStreamRequest], seconds: float = TIMEOUT_SECONDS) -> Any:
    """The answers of a stream, which is the call as well: the stubs know the one or the other."""
    return edge.stub.PredictStream(iter(requests), timeout=seconds)


@dataclass(frozen=True)
class Refusal:
    """A status that is not OK."""

    code: grpc.StatusCode
    text: str
    violations: dict[str, str]
    """The rule that each field breaks, from the details of the status."""


def refused(call: Callable[[], object]) -> Refusal:
    """How a call is refused; fails where it is not."""
    with pytest.raises(grpc.RpcError) as raised:
        call()
    error: Any = raised.value
    status = rpc_status.from_call(error)
    details = BadRequest()
    for detail in status.details if status is not None else ():
        assert detail.Unpack(details)
    violations = {violation.field: violation.description for violation in details.field_violations}
    return Refusal(error.code(), error.details(), violations)
