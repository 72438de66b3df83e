"""Errors as problem+json (RFC 9457); the one table from the error tree to HTTP statuses."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from fastapi_app.schemas import Problem
from song_preference.errors import InvalidSong, ModelNotReady, SongPreferenceError

log = logging.getLogger(__name__)

STATUS: dict[type[SongPreferenceError], HTTPStatus] = {
    InvalidSong: HTTPStatus.UNPROCESSABLE_ENTITY,
    ModelNotReady: HTTPStatus.SERVICE_UNAVAILABLE,
}


def install(app: FastAPI) -> None:
    """Render every error of the application as a problem."""

    @app.exception_handler(SongPreferenceError)
    async def _domain(_: Request, error: SongPreferenceError) -> JSONResponse:
        status = STATUS.get(type(error), HTTPStatus.INTERNAL_SERVER_ERROR)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("Unexpected error", exc_info=error)
            return problem(status, "The service failed; its log tells why.")
        return problem(status, str(error))

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        if any(item["type"] == "json_invalid" for item in found):
            return problem(HTTPStatus.BAD_REQUEST, "The body is not JSON: send an object with the four features.")
        problems = [
            {"field": ".".join(str(part) for part in item["loc"][1:]), "problem": item["msg"]} for item in found
        ]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The song is not valid: see 'errors'.", problems)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(HTTPStatus(error.status_code), str(error.detail))

    @app.exception_handler(Exception)
    async def _unexpected(_: Request, __: Exception) -> JSONResponse:
        # Starlette logs the exception itself; the caller must not see a word of it.
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed; its log tells why.")


def problem(status: HTTPStatus, detail: str, errors: Sequence[dict[str, str]] | None = None) -> JSONResponse:
    """A problem+json response."""
    body = Problem(title=status.phrase, status=status, detail=detail, errors=list(errors) if errors else None)
    return JSONResponse(body.model_dump(exclude_none=True), status, media_type="application/problem+json")
