"""Implements `song_preference.v1.PredictionService`; `interceptors` turns what its methods raise into statuses."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio
from typing_extensions import override

from grpc_service.converters import answer_of, batch_response_of, model_of, rows_of, song_of
from song_preference.serving.batching import MicroBatcher
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1 import prediction_pb2_grpc

Context: TypeAlias = "aio.ServicerContext[Any, Any]"

QUIET_TURNS = 8
"""Turns of the event loop without a new song that end a micro-batch; gRPC needs a few to deliver the next call."""


class PredictionServicer(prediction_pb2_grpc.PredictionServiceServicer):
    """Converts between messages and the predictor; batches and explanations run in threads beside the event loop."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._batcher = MicroBatcher(predictor, QUIET_TURNS)

    @override
    async def Predict(self, request: pb.PredictRequest, context: Context) -> pb.PredictResponse:
        answer = await self._batcher.predict(song_of(request.song))
        return pb.PredictResponse(
            label=answer.label,
            liked=answer.liked,
            probability=answer.probability,
            threshold=answer.threshold,
            model=model_of(answer.model),
            stale=answer.stale,
        )

    @override
    async def PredictBatch(self, request: pb.PredictBatchRequest, context: Context) -> pb.PredictBatchResponse:
        self._predictor.check_batch_size(len(request.songs))
        return await asyncio.to_thread(self._batch, request)

    def _batch(self, request: pb.PredictBatchRequest) -> pb.PredictBatchResponse:
        return batch_response_of(self._predictor.predict_rows(rows_of(request.songs)))

    @override
    async def PredictStream(
        self, request_iterator: AsyncIterator[pb.PredictStreamRequest], context: Context
    ) -> AsyncIterator[pb.PredictStreamResponse]:
        index = 0
        async for request in request_iterator:
            answer = await self._batcher.predict(song_of(request.song, index))
            yield pb.PredictStreamResponse(
                answer=answer_of(answer),
                threshold=answer.threshold,
                model=model_of(answer.model),
                stale=answer.stale,
            )
            index += 1

    @override
    async def Explain(self, request: pb.ExplainRequest, context: Context) -> pb.ExplainResponse:
        explanation = await asyncio.to_thread(self._predictor.explain, song_of(request.song))
        answer = explanation.prediction
        return pb.ExplainResponse(
            answer=answer_of(answer),
            threshold=answer.threshold,
            model=model_of(answer.model),
            stale=answer.stale,
            base=explanation.base,
            contributions=pb.Contributions(**explanation.contributions),
        )

    @override
    async def GetModel(self, request: pb.GetModelRequest, context: Context) -> pb.GetModelResponse:
        served = self._predictor.store.current()
        loaded_at = Timestamp()
        loaded_at.FromDatetime(served.since)
        return pb.GetModelResponse(
            model=model_of(served.model.ref),
            threshold=served.model.threshold,
            loaded_at=loaded_at,
            stale=served.stale,
        )
