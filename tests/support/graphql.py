"""GraphQL requests to an application that has nothing else."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_app.graphql import router
from fastapi_app.long_requests import LongRequestQueue
from song_preference.serving.batching import MicroBatcher
from song_preference.serving.metrics import Metrics
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings

BATCH = """query ($songs: [SongInput!]!) {
  predictBatch(songs: $songs) { answers { label liked probability } threshold stale model { version } }
}"""
MODEL = "{ model { name version alias threshold since stale refusal } }"
INLINE = "{speechiness: 0.0444, energy: 0.521, danceability: 0.514, acousticness: 0.713}"


def application(predictor: Predictor, management: Any = None, *, ide: bool = True) -> FastAPI:
    """No more than GraphQL."""
    app = FastAPI()
    app.state.songs, app.state.metrics = SongSearch(None, predictor), Metrics(predictor.store)
    app.state.batcher, app.state.long_requests = MicroBatcher(predictor), LongRequestQueue()
    app.state.management = management
    settings = RestSettings.model_validate(
        {"API_KEY": "k", "MAX_UPLOAD_BYTES": 1, "GRAPHQL_IDE": ide, "MANAGE_DATASETS": False}
    )
    app.include_router(router.router(settings), prefix="/graphql")
    return app


def ask(client: TestClient, query: str, **variables: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/graphql", json={"query": query, "variables": variables}).json()
    return answer


def code(answer: dict[str, Any]) -> str:
    """The code of the only error."""
    (error,) = answer["errors"]
    found: str = error["extensions"]["code"]
    return found


def requests(client: TestClient, operation: str, outcome: str) -> float:
    app = client.app
    assert isinstance(app, FastAPI)
    labels = {"protocol": "graphql", "operation": operation, "outcome": outcome}
    return app.state.metrics.registry.get_sample_value("song_preference_requests_total", labels) or 0
