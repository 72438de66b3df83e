"""Maps the error tree to GraphQL errors: `extensions.code` is their kind, `extensions.reason` their message as data."""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from fastapi_app.errors import STATUS
from song_preference import errors

CODE: dict[type[errors.SongPreferenceError], str] = {
    errors.InvalidSong: "INVALID_FEATURE",
    errors.InvalidQuery: "INVALID_ARGUMENT",
    errors.CatalogueNotFound: "NOT_FOUND",
    errors.BatchTooLarge: "BATCH_TOO_LARGE",
    errors.ServiceBusy: "SERVICE_BUSY",
    errors.ModelNotReady: "MODEL_NOT_READY",
    errors.RegistryUnavailable: "REGISTRY_UNAVAILABLE",
    errors.NotManaged: "NOT_MANAGED",
    errors.DatasetNotFound: "DATASET_NOT_FOUND",
    errors.StorageUnavailable: "STORAGE_UNAVAILABLE",
    errors.DiskFull: "DISK_FULL",
    errors.RunNotFound: "RUN_NOT_FOUND",
    errors.PipelineUnavailable: "PIPELINE_UNAVAILABLE",
    errors.PipelineError: "PIPELINE_ERROR",
}
"""Code of each error; the first that fits counts, so subclasses stand before their parents."""

MASKED = "The service failed: see its log for the reason."
INVALID_QUERY = "INVALID_QUERY"
INTERNAL = "INTERNAL"
SERVER_CODES = {INTERNAL, *(code for kind, code in CODE.items() if STATUS.get(kind, 0) >= 500)}
"""Codes of failures that the caller did not cause, by their statuses in REST."""


def code_of(error: GraphQLError) -> str:
    """Return the code of an error."""
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        return INVALID_QUERY
    return next((code for kind, code in CODE.items() if isinstance(original, kind)), INTERNAL)


def outcome_of(errors: Sequence[GraphQLError]) -> str:
    """Return the outcome of a request for the metrics."""
    if not errors:
        return "ok"
    return "client_error" if SERVER_CODES.isdisjoint(map(code_of, errors)) else "server_error"


def public(error: GraphQLError) -> GraphQLError:
    """Return the error as callers may see it: with its kind and reason, and without the text of an internal one."""
    code, original = code_of(error), error.original_error
    message = error.message
    extensions: dict[str, Any] = {"code": code}
    if code == INTERNAL:
        message = MASKED
    elif isinstance(original, errors.InvalidInput):
        extensions["errors"] = [problem._asdict() for problem in original.problems]
    elif isinstance(original, errors.SongPreferenceError) and original.message.code:
        extensions["reason"] = original.message.as_json()
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)
