"""Implements the Open Inference Protocol's `inference.GRPCInferenceService`: converts between messages and tensors."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio
from collections.abc import Sequence
from importlib.metadata import version
from itertools import islice
from typing import Any

import numpy as np
from typing_extensions import override

from grpc_service.health import Context, ModelHealth
from song_preference.errors import FieldProblem, InvalidInput, ModelNotReady
from song_preference.features import FEATURES
from song_preference.open_inference import inference_pb2 as pb
from song_preference.open_inference.inference_pb2_grpc import GRPCInferenceServiceServicer
from song_preference.serving.inference import (
    INPUTS,
    OUTPUTS,
    PLATFORM,
    SERVER,
    Answer,
    Tensor,
    TensorMetadata,
    find,
    infer,
)
from song_preference.serving.predictor import Predictor

VERSION = version(SERVER)
CONTENTS = {"FP32": "fp32_contents", "FP64": "fp64_contents", "INT64": "int64_contents"}
"""Field that holds the elements of a tensor, by its datatype."""

RAW_RULE = "must have the bytes of each input, in the order of the inputs, none of which may have contents then"
CONTENTS_RULE = "must be only in fp32_contents for FP32, and only in fp64_contents for FP64"


class InferenceServicer(GRPCInferenceServiceServicer):
    """Answers from the predictor's store; predictions run in threads beside the event loop."""

    def __init__(self, predictor: Predictor, health: ModelHealth) -> None:
        self._predictor, self._health = predictor, health

    @override
    async def ServerLive(self, request: pb.ServerLiveRequest, context: Context) -> pb.ServerLiveResponse:
        return pb.ServerLiveResponse(live=True)

    @override
    async def ServerReady(self, request: pb.ServerReadyRequest, context: Context) -> pb.ServerReadyResponse:
        return pb.ServerReadyResponse(ready=self._health.serves)

    @override
    async def ModelReady(self, request: pb.ModelReadyRequest, context: Context) -> pb.ModelReadyResponse:
        try:
            find(self._predictor.store, request.name, request.version or None)
        except ModelNotReady:
            return pb.ModelReadyResponse(ready=False)
        return pb.ModelReadyResponse(ready=True)

    @override
    async def ServerMetadata(self, request: pb.ServerMetadataRequest, context: Context) -> pb.ServerMetadataResponse:
        return pb.ServerMetadataResponse(name=SERVER, version=VERSION)

    @override
    async def ModelMetadata(self, request: pb.ModelMetadataRequest, context: Context) -> pb.ModelMetadataResponse:
        store = self._predictor.store
        served = find(store, request.name, request.version or None)
        return pb.ModelMetadataResponse(
            name=served.model.ref.name,
            versions=store.loaded(),
            platform=PLATFORM,
            inputs=map(_described, INPUTS),
            outputs=map(_described, OUTPUTS),
        )

    @override
    async def ModelInfer(self, request: pb.ModelInferRequest, context: Context) -> pb.ModelInferResponse:
        return await asyncio.to_thread(self._infer, request)

    def _infer(self, request: pb.ModelInferRequest) -> pb.ModelInferResponse:
        inputs, asked = tensors_of(request), [output.name for output in request.outputs]
        answer = infer(self._predictor, request.model_name, request.model_version or None, inputs, asked)
        return response_of(answer, request)


def tensors_of(request: pb.ModelInferRequest) -> list[Tensor]:
    """Return the inputs of a request; raise `InvalidInput` if their elements are not where they should be."""
    # One more than a request may have, so that it is rejected without a look at all of them.
    inputs, raw = list(islice(request.inputs, len(FEATURES) + 1)), request.raw_input_contents
    if raw and (len(raw) != len(request.inputs) or any(one.HasField("contents") for one in inputs)):
        raise InvalidInput([FieldProblem("raw_input_contents", RAW_RULE)])
    elements = raw or [_elements(one) for one in inputs]
    return [Tensor(one.name, one.datatype, one.shape, data) for one, data in zip(inputs, elements, strict=False)]


def response_of(answer: Answer, request: pb.ModelInferRequest) -> pb.ModelInferResponse:
    """Return the message of an answer, with raw contents if the request has them."""
    model = answer.model
    response = pb.ModelInferResponse(model_name=model.name, model_version=model.version, id=request.id)
    for output in answer.outputs:
        tensor = response.outputs.add(name=output.name, datatype=output.datatype, shape=output.shape)
        values = np.asarray(output.data)
        if request.raw_input_contents:
            response.raw_output_contents.append(values.tobytes())
        else:
            getattr(tensor.contents, CONTENTS[output.datatype]).extend(values.tolist())
    return response


def _elements(tensor: pb.ModelInferRequest.InferInputTensor) -> Sequence[Any]:
    field = CONTENTS.get(tensor.datatype)
    filled = {one.name for one, _ in tensor.contents.ListFields()}
    if field and not filled <= {field}:
        raise InvalidInput([FieldProblem("inputs.contents", CONTENTS_RULE)])
    elements: Sequence[Any] = getattr(tensor.contents, field) if field else ()
    return elements


def _described(tensor: TensorMetadata) -> pb.ModelMetadataResponse.TensorMetadata:
    return pb.ModelMetadataResponse.TensorMetadata(**tensor._asdict())
