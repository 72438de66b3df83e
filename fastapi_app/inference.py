"""The Open Inference Protocol (KServe's version 2) over HTTP, with the extension for binary tensors."""

import re
from collections.abc import Collection, Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic.types import FailFast
from pydantic_core import from_json, to_json

from fastapi_app.dependencies import PredictorDep
from fastapi_app.long_requests import LongRequestRoute
from fastapi_app.protocols import INFERENCE_PATH, JSON, InferenceError
from fastapi_app.schemas import EXAMPLE_SONG
from song_preference.errors import FieldProblem, InvalidInput, ModelNotReady
from song_preference.features import FEATURES
from song_preference.serving.inference import (
    INPUTS,
    INPUTS_RULE,
    OUTPUTS,
    OUTPUTS_RULE,
    PLATFORM,
    SERVER,
    Answer,
    Tensor,
    find,
    infer,
)

HEAD_LENGTH = "Inference-Header-Content-Length"
"""Header with the number of bytes of the JSON, which the binary tensors follow."""

RULES = {
    "inputs": INPUTS_RULE,
    "outputs": OUTPUTS_RULE,
    "shape": "must be a list of integers from 0 on",
    "data": "must be a list of numbers",
}
"""Rules of the fields of a request; pydantic has its own words for the others."""

ERRORS: dict[int | str, dict[str, Any]] = {"default": {"model": InferenceError, "description": "The protocol's error."}}
NOT_READY = 503

router = APIRouter(prefix=INFERENCE_PATH, tags=["Open Inference Protocol"], responses=ERRORS)
long_router = APIRouter(route_class=LongRequestRoute)


async def _version(request: Request) -> str | None:
    return request.path_params.get("version")


VersionDep = Annotated[str | None, Depends(_version)]


class Parameters(BaseModel, strict=True):
    """Parameters of a request, an input or an output."""

    binary_data_output: bool = False
    binary_data_size: Annotated[int, Field(ge=0)] | None = None
    binary_data: bool | None = None


ParametersOrNull = Annotated[Parameters, BeforeValidator(lambda value: {} if value is None else value)]


class SentTensor(BaseModel, strict=True):
    """An input; its numbers are in `data`, or follow the JSON as bytes."""

    name: str
    datatype: str
    shape: Annotated[list[Annotated[int, Field(ge=0, lt=2**63)]], FailFast()]
    parameters: ParametersOrNull = Parameters()
    data: list[Any] | None = None


class AskedOutput(BaseModel, strict=True):
    """An output that is asked for."""

    name: str
    parameters: ParametersOrNull = Parameters()


class InferenceRequest(BaseModel, strict=True):
    """A request of the protocol; other keys are ignored."""

    id: str | None = None
    parameters: ParametersOrNull = Parameters()
    inputs: Annotated[list[SentTensor], Field(max_length=len(FEATURES))]
    outputs: Annotated[list[AskedOutput] | None, Field(max_length=len(OUTPUTS))] = None


@router.get("", operation_id="inferenceServer", summary="Name the server")
async def server(request: Request) -> dict[str, Any]:
    """Return name and version of the service, and the extensions of the protocol that it has."""
    app = request.app
    return {"name": SERVER, "version": app.version, "extensions": ["binary_tensor_data"]}


@router.get("/health/live", operation_id="inferenceLive", summary="Is the server live?")
async def live() -> dict[str, bool]:
    """Confirm that the process answers."""
    return {"live": True}


@router.get("/health/ready", operation_id="inferenceReady", summary="Is the server ready?")
async def ready(predictor: PredictorDep, response: Response) -> dict[str, bool]:
    """Return whether a model is loaded, with status 503 if there is none."""
    is_ready = predictor.store.served is not None
    if not is_ready:
        response.status_code = NOT_READY
    return {"ready": is_ready}


@router.get("/models/{name}/versions/{version}", include_in_schema=False, operation_id="inferenceModel")
@router.get("/models/{name}", operation_id="inferenceModel", summary="Describe the model and its tensors")
async def metadata(name: str, version: VersionDep, predictor: PredictorDep) -> dict[str, Any]:
    """Return the versions that answer, and names, datatypes and shapes of inputs and outputs."""
    find(predictor.store, name, version)
    return {
        "name": name,
        "versions": list(predictor.store.loaded()),
        "platform": PLATFORM,
        "inputs": [tensor._asdict() for tensor in INPUTS],
        "outputs": [tensor._asdict() for tensor in OUTPUTS],
    }


@router.get("/models/{name}/versions/{version}/ready", include_in_schema=False, operation_id="inferenceModelReady")
@router.get("/models/{name}/ready", operation_id="inferenceModelReady", summary="Is the model ready?")
async def model_ready(name: str, version: VersionDep, predictor: PredictorDep, response: Response) -> dict[str, Any]:
    """Return whether the model is loaded, with status 503 if none is."""
    try:
        find(predictor.store, name, version)
    except ModelNotReady:
        response.status_code = NOT_READY
        return {"name": name, "ready": False}
    return {"name": name, "ready": True}


EXAMPLE = {
    "inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": list(EXAMPLE_SONG.values())}],
    "outputs": [{"name": "probability"}, {"name": "label"}],
}
BODY = {"requestBody": {"required": True, "content": {JSON: {"schema": {"type": "object"}, "example": EXAMPLE}}}}


@long_router.post("/models/{name}/versions/{version}/infer", include_in_schema=False, operation_id="infer")
@long_router.post("/models/{name}/infer", operation_id="infer", summary="Predict tensors of songs", openapi_extra=BODY)
async def predict(name: str, version: VersionDep, request: Request, predictor: PredictorDep) -> Response:
    """Predict for each of several songs whether the listener will like it; at most MAX_BATCH_SIZE songs.

    The songs are one tensor `features` [n, 4], with speechiness, energy, danceability and acousticness in this order,
    or one tensor for each of these, [n] or [n, 1]; FP32 or FP64, as JSON or binary. In all paths, `/versions/{version}`
    may follow the model's name: the champion's or the challenger's.
    """
    head, binary = _split(await request.body(), request.headers.get(HEAD_LENGTH))
    try:
        # In two steps, since one would keep the whole JSON in memory in two forms.
        asked = InferenceRequest.model_validate(from_json(head))
    except ValidationError as error:
        raise InvalidInput([_problem(error)]) from None
    except ValueError as error:
        raise InvalidInput([FieldProblem("body", f"must be JSON: {error}")]) from None
    outputs, by_default = asked.outputs or [], asked.parameters.binary_data_output
    answer = infer(predictor, name, version, _tensors(asked.inputs, binary), [output.name for output in outputs])
    wishes = {
        output.name: output.parameters.binary_data for output in outputs if output.parameters.binary_data is not None
    }
    in_binary = {output.name for output in answer.outputs if wishes.get(output.name, by_default)}
    return _response(answer, asked.id, in_binary)


router.include_router(long_router)


def _split(body: bytes, length: str | None) -> tuple[bytes, bytes]:
    """Return the JSON and the bytes that follow it."""
    if length is None:
        return body, b""
    if not re.fullmatch("[0-9]{1,9}", length) or int(length) > len(body):
        raise InvalidInput([FieldProblem(HEAD_LENGTH, "must be the length of the JSON in bytes")])
    return body[: int(length)], body[int(length) :]


def _problem(error: ValidationError) -> FieldProblem:
    """Return the first field at fault."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # Further down, names are pydantic's.
    path = found["loc"][:3]
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    return FieldProblem(".".join(map(str, path)) or "body", RULES.get(name, found["msg"]))


def _tensors(inputs: Sequence[SentTensor], binary: bytes) -> list[Tensor]:
    """Return the inputs with their numbers, from the JSON or in turn from the bytes that follow it."""
    tensors, start = [], 0
    for position, sent in enumerate(inputs):
        size = sent.parameters.binary_data_size
        if (size is None) == (sent.data is None):
            rule = "must have either data or the parameter binary_data_size"
            raise InvalidInput([FieldProblem(f"inputs.{position}", rule)])
        end = start + (size or 0)
        tensors.append(Tensor(sent.name, sent.datatype, sent.shape, sent.data or binary[start:end]))
        start = end
    if start != len(binary):
        rule = f"must have binary_data_size of {len(binary)} together, the bytes after the JSON of {HEAD_LENGTH}"
        raise InvalidInput([FieldProblem("inputs", rule)])
    return tensors


def _response(answer: Answer, identifier: str | None, in_binary: Collection[str]) -> Response:
    outputs, binary = [], []
    for name, datatype, shape, data in answer.outputs:
        output: dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
        values = np.asarray(data)
        if name in in_binary:
            binary.append(values.tobytes())
            output["parameters"] = {"binary_data_size": values.nbytes}
        else:
            output["data"] = values.tolist()
        outputs.append(output)
    body: dict[str, Any] = {"model_name": answer.model.name, "model_version": answer.model.version, "outputs": outputs}
    head = to_json(body if identifier is None else body | {"id": identifier})
    if not binary:
        return Response(head, media_type=JSON)
    content = b"".join([head, *binary])
    return Response(content, media_type="application/octet-stream", headers={HEAD_LENGTH: str(len(head))})
