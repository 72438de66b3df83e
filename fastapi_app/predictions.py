"""REST: predictions."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from fastapi_app.csv_scoring import Answered, answered
from fastapi_app.dependencies import PredictorDep, SettingsDep, SourcesDep
from fastapi_app.errors import SONG_PROBLEMS, problems
from fastapi_app.long_requests import LongRequestRoute
from fastapi_app.schemas import (
    EXAMPLE_SONG,
    EXAMPLE_TALK,
    BatchBody,
    BatchOut,
    ExplanationOut,
    Json,
    ModelOut,
    PredictionOut,
    SongBody,
    explanation_out,
    prediction_out,
)
from fastapi_app.uploads import FILE_BODY, TurnsDep, UploadDep
from song_preference.serving.batching import MicroBatcher

router = APIRouter(tags=["Predictions"], responses=SONG_PROBLEMS)
long_router = APIRouter(route_class=LongRequestRoute)

SongIn = Annotated[SongBody, Body(openapi_examples={"song": {"value": EXAMPLE_SONG}, "talk": {"value": EXAMPLE_TALK}})]
BatchIn = Annotated[BatchBody, Body(openapi_examples={"two": {"value": {"songs": [EXAMPLE_SONG, EXAMPLE_TALK]}}})]


@router.post("/predict", operation_id="predict", summary="Predict one song", response_model=PredictionOut)
@router.post("/predict/", include_in_schema=False)
async def predict(request: Request, song: SongIn) -> Response:
    """Predict whether the listener will like a song; flat, or as `{"features": {...}}`. Other keys are ignored."""
    # No dependency and no response model, each of which takes as long as the prediction.
    batcher: MicroBatcher = request.app.state.batcher
    return Json(prediction_out(await batcher.predict(song)))


@long_router.post(
    "/predict/batch", operation_id="predictBatch", summary="Predict several songs", response_model=BatchOut
)
async def predict_batch(batch: BatchIn, predictor: PredictorDep) -> Response:
    """Predict for each of several songs whether the listener will like it; at most MAX_BATCH_SIZE songs."""
    predicted = predictor.predict_batch(batch.songs)
    return Json(
        {
            "model": ModelOut.model_validate(predicted.model),
            "threshold": predicted.threshold,
            "stale": predicted.stale,
            "predictions": [
                {"label": label, "liked": liked, "probability": probability}
                for label, liked, probability in predicted.answers()
            ],
        }
    )


router.include_router(long_router)


NOTES = {
    "description": "What was normalised, such as percentages that were divided by 100: a JSON list of objects with "
    "`code` and `params`, without `params` if they are long.",
    "schema": {"type": "string"},
    "example": '[{"code": "features_in_percent", "params": {}}]',
}


Scoring = Callable[..., Answered]


async def _scoring(predictor: PredictorDep, settings: SettingsDep, sources: SourcesDep) -> Scoring:
    """Return a function that answers a file, all by the model that is in service when it is called."""
    return lambda file, **how: answered(file, settings.max_upload_bytes, predictor.pinned(), sources, **how)


class CsvResponse(StreamingResponse):
    """A CSV that is sent in blocks."""

    media_type = "text/csv"


@router.post(
    "/predict/csv",
    operation_id="predictCsv",
    summary="Predict every song of a file",
    response_class=CsvResponse,
    responses={200: {"headers": {"X-Notes": NOTES}}, **problems(507)},
    openapi_extra={"requestBody": FILE_BODY},
)
async def predict_csv(
    file: UploadDep,
    turns: TurnsDep,
    scoring: Annotated[Scoring, Depends(_scoring)],
    spreadsheet: Annotated[bool, Query(description="Make cells harmless that a spreadsheet would run.")] = False,
) -> CsvResponse:
    """Add a label and a probability to each row of a file, or name the field and the broken rule in `error`.

    Its columns must name the four features, in any language that exports are written in; every other column is kept,
    and so are separator, line ends and encoding mark. JSON and Parquet are answered as CSV. All rows are answered by
    one model. The header `X-Notes` names what was normalised.

    If no column names a feature, the songs are looked up in the catalogue by id, ISRC, or title and artist, then by
    Spotify's id at the service that FEATURES_API may name, and their features are added as columns.
    """
    # The next file may be read while the answers are on their way to a slow caller.
    async with turns.of(file):
        answers = await run_in_threadpool(scoring, file, for_spreadsheet=spreadsheet)
    headers = {"Content-Disposition": 'attachment; filename="predictions.csv"', "X-Notes": answers.notes}
    return CsvResponse(answers.blocks, headers=headers)


@router.post(
    "/explain", operation_id="explain", summary="Explain the prediction of a song", response_model=ExplanationOut
)
async def explain(song: SongIn, predictor: PredictorDep) -> Response:
    """Explain what each feature adds to the prediction: exact Shapley values."""
    return Json(explanation_out(predictor.explain(song)))
