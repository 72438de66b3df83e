"""Maps the error tree to gRPC statuses."""

import grpc
from google.rpc.error_details_pb2 import BadRequest  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from grpc_status import rpc_status

from song_preference import errors

STATUS: dict[type[errors.SongPreferenceError], grpc.StatusCode] = {
    errors.InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    errors.CatalogueNotFound: grpc.StatusCode.NOT_FOUND,
    errors.BatchTooLarge: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ModelNotReady: grpc.StatusCode.UNAVAILABLE,
    errors.UnknownVersion: grpc.StatusCode.NOT_FOUND,
    errors.RegistryUnavailable: grpc.StatusCode.UNAVAILABLE,
    errors.AccessDenied: grpc.StatusCode.UNAUTHENTICATED,
}
"""An error that is missing here is INTERNAL, and only the log gets its message."""

MASKED = "The service failed: see its log for the reason."

SERVER_ERRORS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE})
"""Status codes of failures that the caller did not cause."""


class CallRejected(Exception):
    """A call that breaks a rule of the transport: too many calls, a malformed message, or a caller that is too slow."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code


def code_of(error: BaseException) -> grpc.StatusCode:
    """Return the status code of an error."""
    if isinstance(error, CallRejected):
        return error.code
    return next((code for kind, code in STATUS.items() if isinstance(error, kind)), grpc.StatusCode.INTERNAL)


def status_of(error: Exception) -> grpc.Status:
    """Return the status of an error; that of an `InvalidInput` holds its fields as `google.rpc.BadRequest`."""
    code = code_of(error)
    text = MASKED if code is grpc.StatusCode.INTERNAL else str(error)
    status = Status(code=code.value[0], message=text)
    if isinstance(error, errors.InvalidInput):
        violations = [
            BadRequest.FieldViolation(field=field or error.whole, description=problem)
            for field, problem in error.problems
        ]
        status.details.add().Pack(BadRequest(field_violations=violations))
    return rpc_status.to_status(status)
