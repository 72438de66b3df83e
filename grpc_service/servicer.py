"""Answers `song_preference.v1.PredictionService`; what its methods raise, the interceptor makes statuses of."""

from collections.abc import Iterator
from threading import BoundedSemaphore

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from typing_extensions import override

from grpc_service.combining import Combiner
from grpc_service.convert import answer_of, batch_response_of, model_of, rows_of, song_of
from grpc_service.errors import CallRefused
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1 import prediction_pb2_grpc


class PredictionServicer(prediction_pb2_grpc.PredictionServiceServicer):
    """Converts, and asks the predictor."""

    def __init__(self, predictor: Predictor, max_streams: int) -> None:
        self._predictor = predictor
        self._combiner = Combiner(predictor)
        self._max_streams = max_streams
        self._free_streams = BoundedSemaphore(max_streams)

    @override
    def Predict(self, request: pb.PredictRequest, context: grpc.ServicerContext) -> pb.PredictResponse:
        answer = self._combiner.predict(song_of(request.song))
        return pb.PredictResponse(
            label=answer.label,
            liked=answer.liked,
            probability=answer.probability,
            threshold=answer.threshold,
            model=model_of(answer.model),
            stale=answer.stale,
        )

    @override
    def PredictBatch(self, request: pb.PredictBatchRequest, context: grpc.ServicerContext) -> pb.PredictBatchResponse:
        self._predictor.check_batch_size(len(request.songs))
        features = rows_of(request.songs)
        _check_wanted(context)
        return batch_response_of(self._predictor.predict_rows(features))

    @override
    def PredictStream(
        self, request_iterator: Iterator[pb.PredictStreamRequest], context: grpc.ServicerContext
    ) -> Iterator[pb.PredictStreamResponse]:
        if not self._free_streams.acquire(blocking=False):
            text = f"There are {self._max_streams} streams already: wait, or send PredictBatch."
            raise CallRefused(grpc.StatusCode.RESOURCE_EXHAUSTED, text)
        try:
            for index, request in enumerate(request_iterator):
                _check_wanted(context)
                answer = self._predictor.predict(song_of(request.song, index))
                yield pb.PredictStreamResponse(
                    answer=answer_of(answer),
                    threshold=answer.threshold,
                    model=model_of(answer.model),
                    stale=answer.stale,
                )
        finally:
            self._free_streams.release()

    @override
    def Explain(self, request: pb.ExplainRequest, context: grpc.ServicerContext) -> pb.ExplainResponse:
        song = song_of(request.song)
        _check_wanted(context)
        explanation = self._predictor.explain(song)
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
    def GetModel(self, request: pb.GetModelRequest, context: grpc.ServicerContext) -> pb.GetModelResponse:
        served = self._predictor.store.current()
        loaded_at = Timestamp()
        loaded_at.FromDatetime(served.since)
        return pb.GetModelResponse(
            model=model_of(served.model.ref),
            threshold=served.model.threshold,
            loaded_at=loaded_at,
            stale=served.stale,
        )


def _check_wanted(context: grpc.ServicerContext) -> None:
    """Raises `CallRefused` where nobody waits for the answer any more."""
    if context.time_remaining() == 0:
        raise CallRefused(grpc.StatusCode.DEADLINE_EXCEEDED, "The deadline is over: allow more time, or ask for less.")
    if not context.is_active():
        raise CallRefused(grpc.StatusCode.CANCELLED, "The caller is gone.")
