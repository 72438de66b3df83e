import json

import pytest

from song_preference.errors import ModelNotReady, ServiceUnavailable
from song_preference.features import EXAMPLE, Song
from song_preference.prediction import Prediction, PredictionClient
from song_preference.serving.predictor import Predictor
from song_preference.settings import DashboardSettings, ModelSettings
from streamlit_app.predict.requests import OWN, ask, requests


class Failing:
    """A client of a service that does not answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def predict(self, _: Song) -> Prediction:
        raise self.error


def test_every_way_is_asked_and_timed(predictor: Predictor) -> None:
    ways: dict[str, PredictionClient] = {
        OWN: predictor,
        "REST": Failing(ServiceUnavailable("down")),
        "gRPC": Failing(ModelNotReady("none")),
    }
    own, rest, grpc = ask(ways, EXAMPLE)
    assert own.prediction == predictor.predict(EXAMPLE)
    assert own.milliseconds > 0
    assert (rest.way, rest.prediction, rest.is_down) == ("REST", None, True)
    assert (grpc.way, grpc.prediction, grpc.is_down) == ("gRPC", None, False)


def test_requests_hold_the_song_and_the_addresses(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MODEL_NAME", "some_model")
    copies = requests(EXAMPLE, DashboardSettings(), ModelSettings())
    assert {way: [language for language, _ in found] for way, found in copies.items()} == {
        OWN: ["python"],
        "REST": ["bash"],
        "GraphQL": ["graphql", "bash"],
        "gRPC": ["bash"],
    }
    shell = {way: found[-1][1] for way, found in copies.items()}
    assert shell["REST"].startswith("curl http://rest.example/predict ")
    assert "curl http://rest.example/graphql" in shell["GraphQL"]
    assert "grpc.example:50051 song_preference.v1.PredictionService/Predict" in shell["gRPC"]
    bodies = {way: json.loads(shell[way].split(" -d '")[1].split("'")[0]) for way in ("REST", "GraphQL", "gRPC")}
    assert bodies["REST"] == bodies["gRPC"]["song"] == EXAMPLE.model_dump()
    assert bodies["GraphQL"] == {"query": copies["GraphQL"][0][1]}
    assert 'mlflow.set_tracking_uri("http://mlflow.example")' in shell[OWN]
    assert "models:/some_model@champion" in shell[OWN]
