"""Errors as gRPC statuses; the one table from the error tree to status codes."""

import grpc
from google.rpc.error_details_pb2 import BadRequest  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from grpc_status import rpc_status

from song_preference.errors import (
    AccessDenied,
    BatchTooLarge,
    InvalidSong,
    ModelNotReady,
    RegistryUnavailable,
    SongPreferenceError,
)

STATUS: dict[type[SongPreferenceError], grpc.StatusCode] = {
    InvalidSong: grpc.StatusCode.INVALID_ARGUMENT,
    BatchTooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
    ModelNotReady: grpc.StatusCode.UNAVAILABLE,
    RegistryUnavailable: grpc.StatusCode.UNAVAILABLE,
    AccessDenied: grpc.StatusCode.UNAUTHENTICATED,
}
"""An error that is not here is INTERNAL, and its message stays in the log."""

MASKED = "The service failed; its log tells why."

SERVER_ERRORS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE})
"""Failures of ours, not of the caller's."""


class CallRejected(Exception):
    """gRPC itself is the reason why there is no answer: too many streams, or a caller that waits no more."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code


def code_of(error: BaseException) -> grpc.StatusCode:
    """The status code of an error."""
    if isinstance(error, CallRejected):
        return error.code
    if isinstance(error, SongPreferenceError):
        return STATUS.get(type(error), grpc.StatusCode.INTERNAL)
    return grpc.StatusCode.INTERNAL


def status_of(error: Exception) -> grpc.Status:
    """The status to end a call with; an `InvalidSong` brings its fields along as `google.rpc.BadRequest`."""
    code = code_of(error)
    text = MASKED if code is grpc.StatusCode.INTERNAL else str(error)
    status = Status(code=code.value[0], message=text)
    if isinstance(error, InvalidSong):
        violations = [
            BadRequest.FieldViolation(field=field or "song", description=problem) for field, problem in error.problems
        ]
        status.details.add().Pack(BadRequest(field_violations=violations))
    return rpc_status.to_status(status)
