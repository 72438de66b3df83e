"""Maps the error tree to HTTP statuses and problem+json (RFC 9457), and describes the problems in OpenAPI."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from fastapi_app.protocols import error_body, has_own_errors
from fastapi_app.schemas import PROBLEM_TYPE, Problem
from song_preference import errors
from song_preference.features import FEATURES, NUMBER, broken_rule
from song_preference.logs import request_id
from song_preference.messages import Message

log = logging.getLogger(__name__)

STATUS: dict[type[errors.SongPreferenceError], HTTPStatus] = {
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidUpload: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.BatchTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UploadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.ServiceBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.AccessDenied: HTTPStatus.UNAUTHORIZED,
    errors.ModelRejected: HTTPStatus.CONFLICT,
    errors.ModelNotReady: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.UnknownVersion: HTTPStatus.NOT_FOUND,
    errors.RegistryUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.InvalidDataset: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DatasetNotFound: HTTPStatus.NOT_FOUND,
    errors.CatalogueNotFound: HTTPStatus.NOT_FOUND,
    errors.DatasetInUse: HTTPStatus.CONFLICT,
    errors.StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.SourceRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SourceUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.VersionNotFound: HTTPStatus.NOT_FOUND,
    errors.RunNotFound: HTTPStatus.NOT_FOUND,
    errors.PipelineUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.PipelineError: HTTPStatus.BAD_GATEWAY,
}
"""Errors that this API can raise; the others of the tree belong to other services and are internal errors here."""

INPUT_FAULTS = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}

RESPONSES = {
    400: "The body cannot be read, as JSON or as a form.",
    401: "The header X-API-Key is missing or wrong.",
    404: "There is no such version, run or song, or no catalogue yet.",
    409: "The champion breaks the contract, or the dataset is in use.",
    413: "More songs or bytes than one request may hold.",
    415: "This path does not accept the body's content type.",
    422: "The input breaks a rule that the answer names.",
    500: "The service failed: see its log for the reason.",
    502: "Airflow rejected the request.",
    503: "No champion is loaded yet, too many requests wait, or a service that this one depends on cannot be reached.",
    507: "A volume is full; the answer names it.",
}
"""Description of each problem in OpenAPI."""

FAILED = Message("service_failed")
SONG = f"an object with {', '.join(FEATURES)}, each {NUMBER}"

SONG_PATHS, BATCH_PATH = ("/predict", "/explain"), "/predict/batch"
SONG_RULES = {
    "missing": "is missing",
    "list_type": f"must be a list of songs, each {SONG}",
    "model_attributes_type": f"must be {SONG}",
    "model_type": f"must be {SONG}",
}
"""Rules for the body of a song, by pydantic's error type; every other type is about a feature's value."""

DETAILS = {
    HTTPStatus.BAD_REQUEST: "The body cannot be read: send a JSON object, or to /predict/csv a form with one file.",
    HTTPStatus.NOT_FOUND: "There is nothing at this path: see /docs for all paths.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not allow this method: the header Allow names the allowed ones.",
}
"""Messages that replace the framework's, which do not say what to do."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can answer with these problems; 500 is always one of them."""
    return {status: {"model": Problem, "description": RESPONSES[status]} for status in (*statuses, 500)}


SONG_PROBLEMS = problems(400, 413, 415, 422, 503)


def install(app: FastAPI) -> None:
    """Turn every error that a handler raises into a problem, as OpenAPI says; the middleware handles all others."""
    generate = app.openapi
    app.openapi = lambda: _with_problem_type(generate())  # type: ignore[method-assign]  # FastAPI's documented way

    @app.exception_handler(errors.SongPreferenceError)
    async def _domain(request: Request, error: errors.SongPreferenceError) -> JSONResponse:
        status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), None)
        if status is None:
            log.error("Unexpected error", exc_info=error)
            return problem(request.url.path, HTTPStatus.INTERNAL_SERVER_ERROR, FAILED)
        # The other protocols know one status for every fault of the input.
        if status in INPUT_FAULTS and has_own_errors(request.url.path):
            status = HTTPStatus.BAD_REQUEST
        headers = {"WWW-Authenticate": "ApiKey"} if status == HTTPStatus.UNAUTHORIZED else None
        return problem(request.url.path, status, error.message, _problems(error), headers)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI leaves a body as bytes only if its content type is not JSON.
        if isinstance(error.body, bytes):
            detail = "The body must be JSON: send it with the header 'Content-Type: application/json'."
            return problem(request.url.path, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        found = error.errors()
        if any(item["type"] == "json_invalid" for item in found):
            return problem(request.url.path, HTTPStatus.BAD_REQUEST, DETAILS[HTTPStatus.BAD_REQUEST])
        detail = "The input is not valid: 'errors' names each field and the rule that it breaks."
        problems = [_field_problem(item, request.url.path)._asdict() for item in found]
        return problem(request.url.path, HTTPStatus.UNPROCESSABLE_ENTITY, detail, problems)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        return problem(request.url.path, status, DETAILS.get(status, error.detail), headers=error.headers)


def _with_problem_type(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with the media type of problems, which FastAPI's `responses` cannot express."""
    operations = (operation for path in schema["paths"].values() for operation in path.values())
    for operation in operations:
        for status, response in operation["responses"].items():
            if status != "default" and int(status) >= 400:
                response["content"] = {PROBLEM_TYPE: next(iter(response["content"].values()))}
    return schema


def _problems(error: errors.SongPreferenceError) -> Sequence[dict[str, Any]]:
    match error:
        case errors.InvalidInput(problems=problems):
            return [found._asdict() for found in problems]
        case errors.InvalidDataset(findings=findings):
            return [_finding(found) for found in findings]
    return ()


def _finding(found: errors.Finding) -> dict[str, Any]:
    where = {"field": found.column or "file", "count": found.count, "rows": found.rows}
    return {**where, "problem": str(found.rule), **found.rule.as_json()}


def problem(
    path: str,
    status: HTTPStatus,
    detail: str | Message,
    problems: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem+json response to the current request, or the error of the path's protocol."""
    if has_own_errors(path):
        return JSONResponse(error_body(path, status, str(detail)).model_dump(), status, headers)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": str(detail),
        "instance": path,
        "request_id": request_id.get(),
    }
    if isinstance(detail, Message) and detail.code:
        body |= detail.as_json()
    if problems:
        body["errors"] = problems
    return JSONResponse(body, status, headers, PROBLEM_TYPE)


def _field_problem(found: Mapping[str, Any], path: str) -> errors.FieldProblem:
    field = ".".join(str(part) for part in found["loc"][1:]) or "body"
    if found["loc"][0] != "body" or not path.startswith(SONG_PATHS):
        return errors.FieldProblem(field, str(found["msg"]))
    if field == "body" and path == BATCH_PATH:
        return errors.FieldProblem(field, f"must be an object with songs, a list of songs, each {SONG}")
    rule = broken_rule(found["type"])
    return errors.FieldProblem(field, rule if found["loc"][-1] in FEATURES else SONG_RULES.get(found["type"], rule))
