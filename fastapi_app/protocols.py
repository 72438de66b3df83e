"""Errors in the form of the protocols that other tools speak."""

from http import HTTPStatus

from pydantic import BaseModel, Field

JSON = "application/json"
INFERENCE_PATH = "/v2"
INVOCATIONS_PATH = "/invocations"

CODES = {HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_ERROR", HTTPStatus.SERVICE_UNAVAILABLE: "TEMPORARILY_UNAVAILABLE"}
"""MLflow's names of the service's own errors; every other one is the caller's."""


class InferenceError(BaseModel):
    """An error of the Open Inference Protocol."""

    error: str = Field(description="What is wrong and what to do.")


class MlflowError(BaseModel):
    """An error as MLflow's scoring server gives it."""

    error_code: str = Field(description="MLflow's name of the kind of error.")
    message: str = Field(description="What is wrong and what to do.")


def has_own_errors(path: str) -> bool:
    """Return whether the path's protocol has errors of its own form."""
    return path == INVOCATIONS_PATH or f"{path}/".startswith(f"{INFERENCE_PATH}/")


def error_body(path: str, status: HTTPStatus, detail: str) -> InferenceError | MlflowError:
    """Return an error in the form of the path's protocol."""
    if path == INVOCATIONS_PATH:
        return MlflowError(error_code=CODES.get(status, "BAD_REQUEST"), message=detail)
    return InferenceError(error=detail)
