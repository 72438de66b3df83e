"""The endpoint `/graphql`, and its page GraphiQL, served from local files, so that it works without internet access."""

import json
import re
from base64 import b64encode
from hashlib import sha384
from http import HTTPStatus
from pathlib import Path
from time import perf_counter
from typing import Any

import strawberry
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from fastapi import Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException as NotServed
from starlette.requests import ClientDisconnect
from strawberry.fastapi import GraphQLRouter
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.types import ExecutionResult
from typing_extensions import override

from fastapi_app.graphql.errors import CODE, INVALID_QUERY, outcome_of, public
from fastapi_app.graphql.limits import MAX_CHARACTERS, Context
from fastapi_app.graphql.schema import create_schema
from fastapi_app.long_requests import LongRequestQueue
from fastapi_app.middleware import CLIENT_CLOSED_REQUEST
from song_preference.errors import ServiceBusy
from song_preference.serving.batching import MicroBatcher
from song_preference.settings import RestSettings

LIGHT_BYTES = 10_000
"""Longest request that is answered on the event loop; a longer one holds many songs or is slow to parse."""

HEAVY = re.compile(rb"predictBatch|explain|__schema|__type\b|\\u|%")
"""Fields that compute for long, and escapes of JSON and URLs, which could hide one."""

WAITING = re.compile(rb"modelVersions|dataset(?!Version)|pipelineRun|\\u|%")
"""Fields that wait for other services, which may be down; their lists are short."""

GRAPHIQL = Path(__file__).parent / "static"
"""Folder of the page's files; `scripts/graphiql` fetches all but `index.html` and `page.js`."""

ASSETS = ("graphiql.min.css", "react.production.min.js", "react-dom.production.min.js", "graphiql.min.js", "page.js")

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
}
"""Headers that forbid other origins; inline styles are allowed, since the editor sets them."""

ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Headers that let browsers cache a file for a year, since its URL has the hash of its content."""


class _Router(GraphQLRouter[Context, None]):
    """Counts requests, masks internal errors, and does not take a client that hangs up for a failure."""

    def __init__(self, schema: strawberry.Schema, *, is_open: bool) -> None:
        super().__init__(schema, graphql_ide="graphiql" if is_open else None, subscription_protocols=[])
        # Replaces Strawberry's routes: they include a WebSocket, which only subscriptions need, and FastAPI's
        # dependencies, which take as long as the prediction. Strawberry has no option for either.
        self.routes.clear()
        self.add_api_route("", self._answer, methods=["GET", "POST"], response_model=None)
        if is_open:
            self._page = _page()
            self.add_api_route("/assets/{name}", _asset)
        # Separate, so that requests that wait for other services only delay each other.
        self._waiting = LongRequestQueue()

    async def _answer(self, request: Request) -> Response:
        state, started = request.app.state, perf_counter()
        context = Context(state.songs, state.batcher, state.management)
        try:
            queue = await self._queue(request)
            if queue is None:
                response: Response = await self.run(request, context, None)
            else:
                # The service's own batcher belongs to the service's event loop.
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

    async def _queue(self, request: Request) -> LongRequestQueue | None:
        """Return the queue for a request that takes long; None for any other."""
        content = await request.body() if request.method == "POST" else request.scope["query_string"]
        if len(content) <= LIGHT_BYTES and not HEAVY.search(content):
            return None
        long_requests: LongRequestQueue = request.app.state.long_requests
        return self._waiting if WAITING.search(content) else long_requests

    @override
    async def render_graphql_ide(self, request: Request) -> HTMLResponse:
        return HTMLResponse(self._page, headers=PAGE_HEADERS)

    @override
    async def get_sub_response(self, request: Request) -> Response:
        return Response()

    @override
    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        # Strawberry would add the headers of `sub_response`, among them its length of 0.
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
        context.outcome = outcome_of(result.errors or [])
        if result.errors:
            result.errors = [public(error) for error in result.errors]
        return result

    @override
    def parse_json(self, data: str | bytes) -> Any:
        # Receives a body, or the variables of a query string. Strawberry rejects a list, which is a batch of queries.
        try:
            text = data if isinstance(data, str) else data.decode()
            parsed = self.decode_json(text)
            if "\\u" in text:
                # Half of a surrogate pair can be escaped, but not encoded in an answer.
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


def _page() -> str:
    """Return GraphiQL, with the hash of each file, which the browser verifies."""
    html = (GRAPHIQL / "index.html").read_text()
    for name in ASSETS:
        digest = sha384((GRAPHIQL / name).read_bytes())
        address = f"graphql/assets/{name}?{digest.hexdigest()[:12]}"
        html = html.replace(f'"{name}"', f'"{address}" integrity="sha384-{b64encode(digest.digest()).decode()}"')
    return html


async def _asset(name: str) -> FileResponse:
    """Return one of the page's files."""
    if name not in ASSETS:
        raise NotServed(HTTPStatus.NOT_FOUND)
    media_type = "text/css" if name.endswith(".css") else "text/javascript"
    return FileResponse(GRAPHIQL / name, media_type=media_type, headers=ASSET_HEADERS)


def router(settings: RestSettings) -> GraphQLRouter[Context, None]:
    """Return the GraphQL endpoint, with GraphiQL and introspection if the settings allow them."""
    return _Router(create_schema(is_open=settings.graphql_ide), is_open=settings.graphql_ide)
