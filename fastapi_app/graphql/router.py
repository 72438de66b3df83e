"""GraphQL: the same predictions, datasets and runs; errors carry their kind in `extensions.code`."""

import json
import re
from collections.abc import Sequence
from http import HTTPStatus
from time import perf_counter
from typing import Any

import strawberry
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from fastapi import Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from graphql import GraphQLError
from starlette.requests import ClientDisconnect
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.fastapi import GraphQLRouter
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from typing_extensions import override

from fastapi_app.graphql import graphiql
from fastapi_app.graphql.datasets import DatasetQuery
from fastapi_app.graphql.limits import MAX_CHARACTERS, ClosedLimits, CountedExecution, OpenLimits
from fastapi_app.graphql.pipeline import PipelineQuery
from fastapi_app.graphql.types import Context, PredictionQuery
from fastapi_app.long_requests import OneByOne
from song_preference.errors import (
    BatchTooLarge,
    DatasetNotFound,
    DiskFull,
    InvalidSong,
    ModelNotReady,
    NotManaged,
    PipelineError,
    PipelineUnavailable,
    RegistryUnavailable,
    RunNotFound,
    ServiceBusy,
    SongPreferenceError,
    StorageUnavailable,
)
from song_preference.serving.batching import MicroBatcher
from song_preference.settings import RestSettings

CODE: dict[type[SongPreferenceError], str] = {
    InvalidSong: "INVALID_FEATURE",
    BatchTooLarge: "BATCH_TOO_LARGE",
    ServiceBusy: "SERVICE_BUSY",
    ModelNotReady: "MODEL_NOT_READY",
    RegistryUnavailable: "REGISTRY_UNAVAILABLE",
    NotManaged: "NOT_MANAGED",
    DatasetNotFound: "DATASET_NOT_FOUND",
    StorageUnavailable: "STORAGE_UNAVAILABLE",
    DiskFull: "DISK_FULL",
    RunNotFound: "RUN_NOT_FOUND",
    PipelineUnavailable: "PIPELINE_UNAVAILABLE",
    PipelineError: "PIPELINE_ERROR",
}
"""The first that fits, so heirs stand before their parents."""

INVALID_QUERY = "INVALID_QUERY"
INTERNAL = "INTERNAL"
SERVER_CODES = {
    "SERVICE_BUSY",
    "MODEL_NOT_READY",
    "REGISTRY_UNAVAILABLE",
    "STORAGE_UNAVAILABLE",
    "DISK_FULL",
    "PIPELINE_UNAVAILABLE",
    "PIPELINE_ERROR",
    INTERNAL,
}
"""The ones that no other query would have avoided."""

CLIENT_CLOSED_REQUEST = 499
CACHED_QUERIES = 128
"""Clients that use variables, as they should, send a handful of different texts."""

LIGHT_BYTES = 10_000
"""A longer request holds many songs, or a query that takes its time to parse."""

HEAVY = re.compile(rb"predictBatch|explain|__schema|__type\b|\\u|%")
"""Names of fields that compute for long, and escapes of JSON and of addresses, which could hide one."""

WAITING = re.compile(rb"modelVersions|dataset|pipelineRun|\\u|%")
"""Names of fields that wait for other services, which may be lost; their lists are short."""


@strawberry.type(description="The queries; each error tells its kind in `extensions.code`.")
class Query(PredictionQuery, DatasetQuery, PipelineQuery):
    """Everything that can be asked for."""


class _Schema(strawberry.Schema):
    @override
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log what went wrong here; what the caller did wrong is in the answer, and no news for the log."""
        super().process_errors([error for error in errors if _code(error) == INTERNAL], execution_context)


class _Router(GraphQLRouter[Context, None]):
    """Counts requests, shows errors as callers may see them and takes a client that hangs up for no failure."""

    def __init__(self, schema: strawberry.Schema, *, is_open: bool) -> None:
        super().__init__(schema, graphql_ide="graphiql" if is_open else None, subscription_protocols=[])
        # In place of Strawberry's routes: there are no subscriptions, so no WebSocket either, and FastAPI's
        # dependencies would take as long as the prediction.
        self.routes.clear()
        self.add_api_route("", self._answer, methods=["GET", "POST"], response_model=None)
        if is_open:
            self._page = graphiql.page()
            self.add_api_route("/assets/{name}", graphiql.asset)
        # Those that also wait for other services hold up only each other.
        self._waiting = OneByOne()

    async def _answer(self, request: Request) -> Response:
        state, started = request.app.state, perf_counter()
        context = Context(state.predictor, state.batcher, state.management)
        try:
            queue = await self._queue(request)
            if queue is None:
                response: Response = await self.run(request, context, None)
            else:
                # The service's own belongs to the service's event loop.
                context.batcher = MicroBatcher(context.predictor)
                response = await queue.answer(request, lambda request: self.run(request, context, None))
        except ClientDisconnect:
            context.outcome = "client_error"
            response = Response(status_code=CLIENT_CLOSED_REQUEST)
        except HTTPException as error:
            context.outcome = "client_error"
            response = _rejected(error.reason, INVALID_QUERY, error.status_code)
        except ServiceBusy as error:
            context.outcome = "server_error"
            response = _rejected(str(error), CODE[ServiceBusy], HTTPStatus.SERVICE_UNAVAILABLE)
        if context.outcome:
            state.metrics.request("graphql", context.operation, context.outcome, perf_counter() - started)
        return response

    async def _queue(self, request: Request) -> OneByOne | None:
        """Return the queue for a request that takes long; None for any other."""
        content = await request.body() if request.method == "POST" else request.scope["query_string"]
        if len(content) <= LIGHT_BYTES and not HEAVY.search(content):
            return None
        computing: OneByOne = request.app.state.computing
        return self._waiting if WAITING.search(content) else computing

    @override
    async def render_graphql_ide(self, request: Request) -> HTMLResponse:
        return HTMLResponse(self._page, headers=graphiql.PAGE_HEADERS)

    @override
    async def get_sub_response(self, request: Request) -> Response:
        return Response()

    @override
    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        # Strawberry would add the headers of `sub_response`, among them its length, which is none.
        return Response(self.encode_json(response_data), media_type="application/json")

    @override
    async def execute_single(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        sub_response: Response,
        context: Context,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        if len(request_data.query or "") > MAX_CHARACTERS:
            raise HTTPException(413, f"The query has more than {MAX_CHARACTERS} characters: send songs in a variable.")
        result = await super().execute_single(request, request_adapter, sub_response, context, root_value, request_data)
        context.outcome = _outcome(result.errors or [])
        if result.errors:
            result.errors = [_shown(error) for error in result.errors]
        return result

    @override
    def parse_json(self, data: str | bytes) -> Any:
        # A body, or the variables of a query string. A list is a batch of queries, which Strawberry refuses.
        try:
            text = data if isinstance(data, str) else data.decode()
            parsed = self.decode_json(text)
            if "\\u" in text:
                # Half of a surrogate pair can be escaped, but no service or answer could encode it.
                json.dumps(parsed, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise HTTPException(
                400, "The request is not JSON of valid Unicode: send an object with 'query' and 'variables'."
            ) from error
        if not isinstance(parsed, dict | list):
            raise HTTPException(400, "The request is not a JSON object: send one with 'query' and 'variables'.")
        return parsed


def _rejected(message: str, code: str, status: int) -> Response:
    return JSONResponse({"data": None, "errors": [{"message": message, "extensions": {"code": code}}]}, status)


def _code(error: GraphQLError) -> str:
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        return INVALID_QUERY
    return next((code for kind, code in CODE.items() if isinstance(original, kind)), INTERNAL)


def _outcome(errors: Sequence[GraphQLError]) -> str:
    if not errors:
        return "ok"
    return "client_error" if SERVER_CODES.isdisjoint(map(_code, errors)) else "server_error"


def _shown(error: GraphQLError) -> GraphQLError:
    code = _code(error)
    message = error.message
    extensions: dict[str, Any] = {"code": code}
    if code == INTERNAL:
        message = "The service failed; its log tells why."
    elif isinstance(error.original_error, InvalidSong):
        extensions["errors"] = [problem._asdict() for problem in error.original_error.problems]
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, extensions=extensions)


def _schema(*, is_open: bool) -> strawberry.Schema:
    return _Schema(
        Query,
        config=StrawberryConfig(disable_field_suggestions=not is_open),
        execution_context_class=CountedExecution,
        extensions=[
            OpenLimits if is_open else ClosedLimits,
            lambda: ParserCache(maxsize=CACHED_QUERIES),
            lambda: ValidationCache(maxsize=CACHED_QUERIES),
        ],
    )


def router(settings: RestSettings) -> GraphQLRouter[Context, None]:
    """The GraphQL endpoint; with GraphiQL and introspection where the settings allow them."""
    return _Router(_schema(is_open=settings.graphql_ide), is_open=settings.graphql_ide)


def sdl() -> str:
    """The schema in GraphQL's schema language, as `schema.graphql` holds it."""
    return _schema(is_open=True).as_str() + "\n"
