"""The same song through every protocol: the answers, and the requests to copy."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from song_preference.commands import graphql_query, python, shell_commands
from song_preference.errors import ModelNotReady, SongPreferenceError
from song_preference.features import Song
from song_preference.prediction import Prediction, PredictionClient
from song_preference.settings import DashboardSettings, ModelSettings
from song_preference.tls import file_names

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
    except SongPreferenceError as error:
        is_down = not isinstance(error, ModelNotReady)
    return Answer(way, prediction, (time.perf_counter() - began) * 1000, is_down)


def requests(song: Song, settings: DashboardSettings, model: ModelSettings) -> dict[str, list[tuple[str, str]]]:
    """Return requests for this song by protocol, each after its language: shell, GraphQL, Python for the own model."""
    shell = shell_commands(song, settings.rest_page, settings.grpc_address, file_names())
    return {
        OWN: [("python", python(song, settings.mlflow_page, model, file_names()))],
        "REST": [("bash", shell["REST"])],
        "GraphQL": [("graphql", graphql_query(song)), ("bash", shell["GraphQL"])],
        "gRPC": [("bash", shell["gRPC"])],
    }
