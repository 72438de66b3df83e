"""Additions to FastAPI's OpenAPI description."""

from typing import Any

from fastapi import FastAPI

from fastapi_app.schemas import PROBLEM_TYPE, Problem

DESCRIPTIONS = {
    400: "The body cannot be read, as JSON or as a form.",
    401: "The header X-API-Key is missing or wrong.",
    404: "There is no such version or run.",
    409: "The champion breaks the contract, or the dataset is in use.",
    413: "More songs or bytes than one request may hold.",
    415: "This path does not accept the body's content type.",
    422: "The input breaks a rule that the answer names.",
    500: "The service failed: see its log for the reason.",
    502: "Airflow rejected the request.",
    503: "No champion is loaded yet, too many requests wait, or a service that this one depends on cannot be reached.",
    507: "A volume is full; the answer names it.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can answer with these problems; 500 is always one of them."""
    return {status: {"model": Problem, "description": DESCRIPTIONS[status]} for status in (*statuses, 500)}


SONG_PROBLEMS = problems(400, 413, 415, 422, 503)


def install(app: FastAPI) -> None:
    """Set the media type of problems, which FastAPI's `responses` cannot express."""
    generate = app.openapi

    def described() -> dict[str, Any]:
        schema = generate()
        _name_problems(schema)
        return schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI documents this way to extend it


def _name_problems(schema: dict[str, Any]) -> None:
    operations = (operation for path in schema["paths"].values() for operation in path.values())
    for operation in operations:
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                response["content"] = {PROBLEM_TYPE: next(iter(response["content"].values()))}
