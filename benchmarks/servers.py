"""Run a server that `benchmarks.serving` measures: `python -m benchmarks.servers PROTOCOL VARIANT PORT CACHE`.

Variants: "bare", the framework alone with the same schema and a fixed answer; "constant", our whole service with a
predictor that always answers the same; "app", our service with the model in the cache directory.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import strawberry
import uvicorn
from fastapi import Body, FastAPI
from grpc import aio
from pydantic import SecretStr
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.fastapi import GraphQLRouter

from fastapi_app.app import create_app
from fastapi_app.graphql.types import Prediction as GraphQLPrediction
from fastapi_app.graphql.types import SongInput, prediction_of
from fastapi_app.schemas import PredictionOut, prediction_out
from fastapi_app.server import configuration, serve
from grpc_service.__main__ import serve as serve_ours
from grpc_service.servicer import PredictionServicer
from song_preference.features import LIKE, Song
from song_preference.prediction import ModelRef, Prediction, RegisteredVersion
from song_preference.serving.model_store import ModelCache, ModelStore, Registry
from song_preference.serving.predictor import Predictor
from song_preference.serving.song_index import IndexSource, IndexStore
from song_preference.serving.songs import SongSearch
from song_preference.settings import GrpcSettings, RestSettings
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc

NAME, ALIAS, INDEX = "benchmark", "champion", "made-up"
REF = ModelRef(NAME, "1", ALIAS)
ANSWER = Prediction(LIKE, True, 0.75, 0.5, REF)
REST = RestSettings.model_construct(
    api_key=SecretStr("unused"), max_upload_bytes=10**9, graphql_ide=False, manages_datasets=False
)
GRPC = GrpcSettings.model_construct(metrics_port=0, reflection=False)


class _SameRegistry(Registry):
    """Always confirms the model in the cache."""

    def champion(self) -> ModelRef:
        return REF

    def graph(self, ref: ModelRef) -> bytes:
        raise NotImplementedError(ref)

    def versions(self, limit: int) -> list[RegisteredVersion]:
        raise NotImplementedError(limit)


class _Constant(Predictor):
    def predict_each(self, songs: Sequence[Song]) -> list[Prediction]:
        return [ANSWER] * len(songs)


def predictor(variant: str, cache: Path) -> Predictor:
    """Return our predictor with the model in the cache, or for "constant" one that always answers the same."""
    store = ModelStore(_SameRegistry(), 10, NAME, ModelCache(cache, NAME, ALIAS))
    return (_Constant if variant == "constant" else Predictor)(store)


class _SameIndex(IndexSource):
    """Always confirms the index in the cache, if there is one."""

    def index_run(self) -> str | None:
        return INDEX

    def download_index(self, run_id: str, directory: Path) -> Path:
        raise NotImplementedError(run_id, directory)


def songs(variant: str, cache: Path) -> SongSearch:
    """Return a search in the index in the cache."""
    has_index = (cache / f"{INDEX}.sqlite").exists()
    return SongSearch(IndexStore(_SameIndex(), 10, cache) if has_index else None, predictor(variant, cache))


def bare_rest() -> FastAPI:
    """Return a FastAPI application with our input and output."""
    app, answer = FastAPI(), PredictionOut.model_validate(prediction_out(ANSWER))

    @app.post("/predict")
    async def predict(song: Annotated[Song, Body()]) -> PredictionOut:  # noqa: ARG001 - checked, not used
        return answer

    return app


def bare_graphql() -> FastAPI:
    """Return a Strawberry application with our input and output, and its caches."""
    answer = prediction_of(ANSWER)

    @strawberry.type
    class Query:
        @strawberry.field
        def predict(self, song: SongInput) -> GraphQLPrediction:  # noqa: ARG002 - checked, not used
            return answer

    schema = strawberry.Schema(Query, extensions=[lambda: ParserCache(128), lambda: ValidationCache(128)])
    app = FastAPI()
    app.include_router(GraphQLRouter(schema), prefix="/graphql")
    return app


def bare_grpc() -> aio.Server:
    """Return a grpc.aio server with our messages."""
    answer = prediction_pb2.PredictResponse(
        label=ANSWER.label, liked=True, probability=0.75, threshold=0.5,
        model=prediction_pb2.Model(name=NAME, version="1", alias=ALIAS),
    )  # fmt: skip

    class Servicer(PredictionServicer):
        async def Predict(self, *_: object) -> prediction_pb2.PredictResponse:  # noqa: N802 - the name is the protocol's
            return answer

    server = aio.server()
    servicer = Servicer(SongSearch(None, predictor("constant", Path())))
    prediction_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, server)
    return server


async def serve_grpc(variant: str, port: int, cache: Path) -> None:
    """Serve gRPC until the process ends."""
    for_ever = asyncio.Event()
    if variant != "bare":
        await serve_ours(songs(variant, cache), GRPC, "127.0.0.1", port, for_ever)
    server = bare_grpc()
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await for_ever.wait()


def main(protocol: str, variant: str, port: int, cache: Path) -> None:
    """Serve one variant of one protocol."""
    bare: dict[str, Callable[[], FastAPI]] = {"rest": bare_rest, "graphql": bare_graphql}
    if protocol in bare and variant == "bare":
        # With uvicorn's defaults, without its log.
        uvicorn.run(bare[protocol](), host="127.0.0.1", port=port, log_config=None, access_log=False)
    elif protocol in bare:
        serve(configuration(create_app(songs(variant, cache), REST), "127.0.0.1", port))
    else:
        asyncio.run(serve_grpc(variant, port, cache))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
