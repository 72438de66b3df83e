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


def test_commands_hold_the_song_and_the_address(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MODEL_NAME", "some_model")
    copies = requests(EXAMPLE, DashboardSettings(), ModelSettings())
    shell = {way: found[-1].text for way, found in copies.items()}
    assert shell["REST"].startswith("curl http://rest.example/predict ")
    assert "curl http://rest.example/graphql" in shell["GraphQL"]
    assert "grpc.example:50051 song_preference.v1.PredictionService/Predict" in shell["gRPC"]
    assert shell["gRPC"].startswith("grpcurl -plaintext -d ")
    environment.setenv("FASTAPI_BROWSER_URL", "https://rest.example")
    with_tls = requests(EXAMPLE, DashboardSettings(), ModelSettings())
    assert with_tls["gRPC"][-1].text.startswith("grpcurl -d ")
    assert with_tls["REST"][-1].text.startswith("curl https://rest.example/predict ")
    for name in ("TLS_CA_FILE", "TLS_CLIENT_CERT_FILE", "TLS_CLIENT_KEY_FILE"):
        environment.setenv(name, "/tls/file.pem")
    with_files = requests(EXAMPLE, DashboardSettings(), ModelSettings())
    shown = {way: found[-1].text for way, found in with_files.items()}
    options = '"${TLS_CA_FILE:-$TLS_CERT_FILE}" -cert "$TLS_CLIENT_CERT_FILE" -key "$TLS_CLIENT_KEY_FILE" '
    assert shown["gRPC"].startswith(f"grpcurl -cacert {options}-d ")
    options = options.replace(" -", " --")
    assert shown["REST"].startswith(f"curl --cacert {options}https://rest.example/predict ")
    assert shown["GraphQL"].startswith(f"curl --cacert {options}https://rest.example/graphql ")
    bodies = {way: json.loads(shell[way].split(" -d '")[1].split("'")[0]) for way in ("REST", "GraphQL", "gRPC")}
    assert bodies["REST"] == bodies["gRPC"]["song"] == EXAMPLE.model_dump()
    assert bodies["GraphQL"] == {"query": copies["GraphQL"][0].text}
    assert "models:/some_model@champion" in shell[OWN]
    compile(shell[OWN], "own", "exec")
