"""The composition root of the HTTP service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from fastapi_app import documentation, errors, inference, invocations, model, predictions
from fastapi_app import songs as songs_by_name
from fastapi_app.documentation import TAGS, introduction
from fastapi_app.graphql import router as graphql
from fastapi_app.long_requests import LongRequestQueue
from fastapi_app.middleware import RequestMiddleware
from fastapi_app.uploads import ReadingTurns
from song_preference.serving.batching import MicroBatcher
from song_preference.serving.lookup import Sources
from song_preference.serving.metrics import Metrics
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings

if TYPE_CHECKING:
    from fastapi_app.management import Management


def create_app(
    songs: SongSearch,
    settings: RestSettings,
    management: "Management | None" = None,
) -> FastAPI:
    """Return the application; it counts what the songs' predictor answers, and starts and stops the stores.

    `management` is required if the settings enable the routes of datasets and pipeline.
    """

    predictor = songs.predictor

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        songs.start()
        yield
        songs.stop()

    playlists = management.playlist_settings.max_bytes if management else None
    app = FastAPIOffline(
        title="Song preference",
        summary="Will the listener like this song?",
        description=introduction(settings, predictor.max_batch_size, playlists),
        openapi_tags=TAGS,
        redoc_url=None,
        version=version("song-preference"),
        lifespan=lifespan,
        redirect_slashes=False,
    )
    metrics = Metrics(predictor.store)
    predictor.observer = metrics
    app.state.predictor, app.state.metrics, app.state.settings = predictor, metrics, settings
    app.state.reading_turns = ReadingTurns()
    app.state.batcher, app.state.long_requests = MicroBatcher(predictor), LongRequestQueue()
    app.state.management, app.state.songs = management, songs
    app.state.sources = Sources(songs.indexes, management.features_api if management else None)
    _include_routes(app, settings)
    _allow_origins(app, settings)
    app.add_middleware(RequestMiddleware, metrics=metrics)
    errors.install(app)
    return app


def _include_routes(app: FastAPI, settings: RestSettings) -> None:
    # Paths are compared in this order, so predictions come first.
    for module in (predictions, inference, invocations, model, songs_by_name):
        app.include_router(module.router)
    if settings.manages_datasets:
        # Imported here, since a service that only predicts needs neither pandas nor the S3 client.
        from fastapi_app import catalogue, datasets, pipeline

        for managing in (datasets, pipeline, catalogue):
            app.include_router(managing.router)
    app.include_router(documentation.router)
    app.include_router(graphql.router(settings), prefix="/graphql", include_in_schema=False)


def _allow_origins(app: FastAPI, settings: RestSettings) -> None:
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.strip() for origin in settings.cors_origins.split(",")],
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["X-API-Key", "X-Request-ID", "Content-Type", inference.HEAD_LENGTH],
            expose_headers=["X-Request-ID", "X-Notes", "Location", inference.HEAD_LENGTH],
        )
