"""Converts between the wire types of `song_preference.v1` and the domain."""

import logging

import grpc

from song_preference.errors import InvalidSong, ModelNotReady, SongPreferenceError
from song_preference.features import Song
from song_preference.serving.predictor import Predictor
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc

log = logging.getLogger(__name__)

STATUS: dict[type[SongPreferenceError], grpc.StatusCode] = {
    InvalidSong: grpc.StatusCode.INVALID_ARGUMENT,
    ModelNotReady: grpc.StatusCode.UNAVAILABLE,
}


class PredictionServicer(prediction_pb2_grpc.PredictionServiceServicer):
    """Answers `song_preference.v1.PredictionService`."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def Predict(  # noqa: N802 - the name is the protocol's
        self, request: prediction_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> prediction_pb2.PredictResponse:
        """Predict one song."""
        song = {field.name: value for field, value in request.song.ListFields()}
        try:
            answer = self._predictor.predict(Song.checked(song))
        except (InvalidSong, ModelNotReady) as error:
            context.abort(STATUS[type(error)], str(error))
        except Exception:
            # gRPC would send the exception's text to the caller.
            log.exception("Unexpected error")
            context.abort(grpc.StatusCode.INTERNAL, "The service failed; its log tells why.")
        return prediction_pb2.PredictResponse(
            label=answer.label,
            liked=answer.liked,
            probability=answer.probability,
            threshold=answer.threshold,
            model=prediction_pb2.Model(name=answer.model.name, version=answer.model.version, alias=answer.model.alias),
        )
