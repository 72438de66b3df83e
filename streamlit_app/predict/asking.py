"""One song asked about in several ways at once, and how anybody may ask the same."""

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from song_preference.clients import PredictionClient
from song_preference.errors import ModelNotReady, SongPreferenceError
from song_preference.features import Song
from song_preference.prediction import Prediction
from song_preference.settings import DashboardSettings

OWN = "own"
"""The dashboard's own model, among the names of the protocols."""


class Asked(NamedTuple):
    """What one way answered, and after how long; `prediction` is None where it did not."""

    way: str
    prediction: Prediction | None
    milliseconds: float
    is_down: bool = False
    """Whether nothing answered; otherwise there was no model to answer with."""


def ask(ways: Mapping[str, PredictionClient], song: Song) -> list[Asked]:
    """Every way's answer, in their order; they are asked at once, so that one that hangs delays no other."""
    with ThreadPoolExecutor(len(ways)) as threads:
        return list(threads.map(lambda way: _ask(way, ways[way], song), ways))


def _ask(way: str, client: PredictionClient, song: Song) -> Asked:
    began = time.perf_counter()
    prediction, is_down = None, False
    try:
        prediction = client.predict(song)
    except ModelNotReady:
        pass
    except SongPreferenceError:
        is_down = True
    return Asked(way, prediction, (time.perf_counter() - began) * 1000, is_down)


class Request(NamedTuple):
    """What to copy to ask about a song, and the language that it is written in."""

    language: str
    text: str


def requests(song: Song, settings: DashboardSettings, model: str, alias: str) -> dict[str, list[Request]]:
    """For each way what asks about this song: in a shell, for GraphQL in GraphiQL too, the own model in Python."""
    features = song.model_dump()
    fields = ", ".join(f"{name}: {value}" for name, value in features.items())
    query = f"{{ predict(song: {{{fields}}}) {{ label probability }} }}"
    return {
        OWN: [
            Request(
                "python",
                f"""import os, mlflow, pandas as pd

os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "false"
mlflow.set_tracking_uri("{settings.mlflow_page}")
model = mlflow.pyfunc.load_model("models:/{model}@{alias}")
model.predict(pd.DataFrame([{features}]))""",
            )
        ],
        "REST": [_curl(f"{settings.rest_page}/predict", features)],
        "GraphQL": [Request("graphql", query), _curl(f"{settings.rest_page}/graphql", {"query": query})],
        "gRPC": [
            Request(
                "bash",
                f"grpcurl -plaintext -d '{json.dumps({'song': features})}' \\\n"
                f"  {settings.grpc_address} song_preference.v1.PredictionService/Predict",
            )
        ],
    }


def _curl(url: str, body: object) -> Request:
    return Request("bash", f"curl {url} -H 'Content-Type: application/json' \\\n  -d '{json.dumps(body)}'")
