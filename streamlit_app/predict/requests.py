"""The same song through every protocol: the answers, and the requests to copy."""

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from song_preference.errors import ModelNotReady, SongPreferenceError
from song_preference.features import Song
from song_preference.prediction import Prediction, PredictionClient
from song_preference.settings import DashboardSettings, ModelSettings
from streamlit_app.components import tls_options

Clients = Mapping[str, PredictionClient]
"""Clients by the name of their protocol."""

OWN = "own"
"""The name of the dashboard's own model among those of the protocols."""


class Answer(NamedTuple):
    """The prediction through one protocol and its latency; `prediction` is None if there was none."""

    way: str
    prediction: Prediction | None
    milliseconds: float
    is_down: bool = False
    """Whether the service did not answer; otherwise it has no model."""


def ask(ways: Clients, song: Song) -> list[Answer]:
    """Ask every client at once, so that one that hangs delays no other; return the answers in their order."""
    with ThreadPoolExecutor(len(ways)) as threads:
        return list(threads.map(lambda way: _ask(way, ways[way], song), ways))


def _ask(way: str, client: PredictionClient, song: Song) -> Answer:
    began = time.perf_counter()
    prediction, is_down = None, False
    try:
        prediction = client.predict(song)
    except ModelNotReady:
        pass
    except SongPreferenceError:
        is_down = True
    return Answer(way, prediction, (time.perf_counter() - began) * 1000, is_down)


class Request(NamedTuple):
    """A request to copy, and the language that it is written in."""

    language: str
    text: str


def requests(song: Song, settings: DashboardSettings, model: ModelSettings) -> dict[str, list[Request]]:
    """Return requests for this song by protocol: shell commands, a GraphQL query, Python for the own model."""
    features = song.model_dump()
    fields = ", ".join(f"{name}: {value}" for name, value in features.items())
    # Whoever gives browsers https gives callers of gRPC TLS.
    options = tls_options("-") if settings.rest_page.startswith("https:") else "-plaintext "
    query = f"{{ predict(song: {{{fields}}}) {{ label probability }} }}"
    return {
        OWN: [
            Request(
                "python",
                f"""import os, mlflow, pandas as pd

os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "false"
mlflow.set_tracking_uri("{settings.mlflow_page}")
model = mlflow.pyfunc.load_model("models:/{model.name}@{model.alias}")
model.predict(pd.DataFrame([{features}]))""",
            )
        ],
        "REST": [_curl(f"{settings.rest_page}/predict", features)],
        "GraphQL": [Request("graphql", query), _curl(f"{settings.rest_page}/graphql", {"query": query})],
        "gRPC": [
            Request(
                "bash",
                f"grpcurl {options}-d '{json.dumps({'song': features})}' \\\n"
                f"  {settings.grpc_address} song_preference.v1.PredictionService/Predict",
            )
        ],
    }


def _curl(url: str, body: object) -> Request:
    return Request(
        "bash", f"curl {tls_options('--')}{url} -H 'Content-Type: application/json' \\\n  -d '{json.dumps(body)}'"
    )
