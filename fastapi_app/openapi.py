"""What the published description of the API says beyond FastAPI's own."""

from typing import Any

from fastapi import FastAPI

from fastapi_app.schemas import PROBLEM_TYPE, Problem

DESCRIPTIONS = {
    400: "The body cannot be read, as JSON or as a form.",
    401: "The header X-API-Key is missing or wrong.",
    404: "There is no such version or run.",
    409: "It cannot be done as things are: the champion breaks the contract, or the dataset is in use.",
    413: "More songs or bytes than one request may hold.",
    415: "The body's content type is none that this path reads.",
    422: "The input breaks a rule that the answer names.",
    500: "The service failed; its log tells why.",
    502: "Airflow refused the request.",
    503: "No champion is loaded yet, too many requests wait, or a service that this one asks cannot be reached.",
    507: "A volume has no room left; the answer names it.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with these problems, besides a failure of the service."""
    return {status: {"model": Problem, "description": DESCRIPTIONS[status]} for status in (*statuses, 500)}


SONG_PROBLEMS = problems(400, 413, 415, 422, 503)


def install(app: FastAPI) -> None:
    """Publish problems under their own media type, which FastAPI's `responses` cannot say."""
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
