"""What requests find in the application's state."""

from typing import Annotated

from fastapi import Depends, Request

from song_preference.serving.metrics import Metrics
from song_preference.serving.predictor import Predictor
from song_preference.settings import RestSettings

# Async, because FastAPI takes each plain function to another thread and back, which costs more than a prediction.


async def get_predictor(request: Request) -> Predictor:
    """The predictor that the application was composed with."""
    predictor: Predictor = request.app.state.predictor
    return predictor


async def get_metrics(request: Request) -> Metrics:
    """The metrics that the predictor reports to."""
    metrics: Metrics = request.app.state.metrics
    return metrics


async def get_settings(request: Request) -> RestSettings:
    """What this edge allows."""
    settings: RestSettings = request.app.state.settings
    return settings


PredictorDep = Annotated[Predictor, Depends(get_predictor)]
MetricsDep = Annotated[Metrics, Depends(get_metrics)]
SettingsDep = Annotated[RestSettings, Depends(get_settings)]
