"""REST: predictions and probes."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request

from fastapi_app.schemas import EXAMPLE_SONG, Health, PredictionOut, Problem, SongBody
from song_preference.serving.predictor import Predictor

router = APIRouter()


def get_predictor(request: Request) -> Predictor:
    """The predictor that the application was composed with."""
    predictor: Predictor = request.app.state.predictor
    return predictor


PredictorDep = Annotated[Predictor, Depends(get_predictor)]

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    422: {"model": Problem, "description": "A feature is missing, not a number, or outside [0, 1]."},
    503: {"model": Problem, "description": "No champion is loaded yet."},
}


@router.post("/predict", tags=["prediction"], operation_id="predict", responses=PROBLEMS)
@router.post("/predict/", include_in_schema=False)
async def predict(
    song: Annotated[SongBody, Body(openapi_examples={"song": {"value": EXAMPLE_SONG}})], predictor: PredictorDep
) -> PredictionOut:
    """Tell whether the listener will like a song; flat, or as `{"features": {...}}`."""
    return PredictionOut.of(predictor.predict(song))


@router.get("/health/live", tags=["health"], operation_id="live")
async def live() -> Health:
    """The process answers."""
    return Health(status="live")


@router.get("/health/ready", tags=["health"], operation_id="ready", responses={503: PROBLEMS[503]})
async def ready(predictor: PredictorDep) -> Health:
    """A champion is loaded: predictions can be asked for."""
    predictor.store.current()
    return Health(status="ready")
