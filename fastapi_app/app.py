"""The composition root of the HTTP service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from fastapi_app import errors, graphql, rest
from song_preference.serving.predictor import Predictor


def create_app(predictor: Predictor) -> FastAPI:
    """The application on a given predictor, whose store it starts and stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        predictor.store.start()
        yield
        predictor.store.stop()

    app = FastAPI(
        title="Song preference",
        summary="Will this song please the listener?",
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.predictor = predictor
    app.include_router(rest.router)
    app.include_router(graphql.router(), prefix="/graphql", include_in_schema=False)
    errors.install(app)
    return app
