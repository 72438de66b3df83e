"""The GraphQL queries and the schema."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, Info
from typing_extensions import override

from fastapi_app.dependencies import MAX_LISTED
from fastapi_app.graphql import types
from fastapi_app.graphql.errors import INTERNAL, code_of
from fastapi_app.graphql.limits import Context, CountedExecution, Limits
from fastapi_app.schemas import ServedOut
from song_preference.errors import InvalidSong
from song_preference.features import Song, field_problems
from song_preference.pipeline import report
from song_preference.run_options import ETL_DAG
from song_preference.serving.songs import Search, Wishes

MAX_PROBLEMS = 20
"""Most problems of a batch in one answer, which must not be many times the size of its request."""

CACHED_QUERIES = 128
"""Number of query texts in each cache; clients that use variables, as they should, send only a few."""

_SONGS = TypeAdapter(list[Song])

QueryInfo = Info[Context, None]
SongArgument = Annotated[types.SongInput, strawberry.argument(description="The song to ask about.")]
SongsArgument = Annotated[
    list[types.SongInput],
    strawberry.argument(description="The songs to ask about, at most MAX_BATCH_SIZE in one request."),
]
FirstArgument = Annotated[int, strawberry.argument(description=f"How many at most: 1 to {MAX_LISTED}.")]
SongIdArgument = Annotated[str, strawberry.argument(name="id", description="Its id in the catalogue.")]
SearchArgument = Annotated[str, strawberry.argument(description=str(Search.model_fields["query"].description))]
WishesArgument = Annotated[types.WishesInput | None, strawberry.argument(description="What they must be like.")]
VersionArgument = Annotated[str, strawberry.argument(description="Its name, or 'latest'.")]
IdArgument = Annotated[str, strawberry.argument(name="id", description="The run's id.")]


def field(resolver: Callable[..., Any]) -> Any:
    """Return a field of the query that is described by its resolver's docstring."""
    return strawberry.field(resolver, description=" ".join(str(resolver.__doc__).split()))


# Each field may be null, so that the error of one leaves the others their answers. What waits for other services does
# so in a thread.
@strawberry.type(description="The queries; each error has its kind in `extensions.code`.")
class Query:
    """Convert between GraphQL and the domain."""

    @field
    async def predict(self, info: QueryInfo, song: SongArgument) -> types.Prediction | None:
        """Predict whether the listener will like a song."""
        return types.prediction_of(await info.context.batcher.predict(Song.checked(vars(song))))

    @field
    def predict_batch(self, info: QueryInfo, songs: SongsArgument) -> types.PredictionBatch | None:
        """Predict for each of several songs whether the listener will like it; send many in a variable."""
        info.context.count_songs(len(songs))
        return types.batch_of(info.context.predictor.predict_batch(_checked(songs)))

    @field
    def explain(self, info: QueryInfo, song: SongArgument) -> types.Explanation | None:
        """Explain what each feature adds to the prediction."""
        return types.Explanation.of(info.context.predictor.explain(Song.checked(vars(song))))

    @field
    async def songs(self, info: QueryInfo, query: SearchArgument, first: FirstArgument = 20) -> types.Songs | None:
        """The songs of the catalogue with all words of the query in title and artist: first those with the words
        whole, then those with words that begin like them; of each the best known first.
        """
        asked = Search.checked({"query": query, "limit": first})
        return types.songs_of(await info.context.songs.answer(info.context.songs.search, asked))

    @field
    async def song(self, info: QueryInfo, song_id: SongIdArgument) -> types.SongPage | None:
        """A song of the catalogue, and what the model in service predicts for it and why."""
        return types.song_page_of(await run_in_threadpool(info.context.songs.song, song_id))

    @field
    async def recommendations(self, info: QueryInfo, wishes: WishesArgument = None) -> types.Songs | None:
        """Songs that the listener would like and that are not in their list, spread over artists."""
        asked = Wishes.checked(vars(wishes) if wishes else {})
        return types.songs_of(await info.context.songs.answer(info.context.songs.recommend, asked))

    @field
    def model(self, info: QueryInfo) -> types.ServedModel | None:
        """The model in service."""
        return types.ServedModel.from_pydantic(ServedOut.of(info.context.predictor.store))

    @field
    async def model_versions(self, info: QueryInfo, first: FirstArgument = 20) -> list[types.RegisteredVersion] | None:
        """The versions in the registry, the newest first."""
        _check_first(first)
        versions = await run_in_threadpool(info.context.predictor.store.versions, first)
        return [types.RegisteredVersion.from_pydantic(version) for version in versions]

    @field
    async def datasets(self, info: QueryInfo, first: FirstArgument = 20) -> list[types.Dataset] | None:
        """The published dataset versions, the newest first."""
        _check_first(first)
        # All are read, since only their descriptions hold the dates.
        published = await run_in_threadpool(info.context.management.datasets.published)
        return [types.Dataset.of(version) for version in published[:first]]

    @field
    async def dataset(self, info: QueryInfo, version: VersionArgument) -> types.Dataset | None:
        """A published dataset version."""
        return types.Dataset.of(await run_in_threadpool(info.context.management.datasets.find, version))

    @field
    async def pipeline_runs(self, info: QueryInfo, first: FirstArgument = 20) -> list[types.PipelineRun] | None:
        """The runs of the pipeline, the newest first."""
        _check_first(first)
        page = await run_in_threadpool(info.context.management.airflow.runs, ETL_DAG, first)
        return [types.PipelineRun.from_pydantic(run) for run in page.runs]

    @field
    async def pipeline_run(self, info: QueryInfo, run_id: IdArgument) -> types.PipelineRunReport | None:
        """A run of the pipeline and its results."""
        found = await run_in_threadpool(report.report, info.context.management.airflow, run_id)
        return types.PipelineRunReport.from_pydantic(found)


def _check_first(first: int) -> None:
    """Raise `GraphQLError` for more than a list may hold."""
    if not 1 <= first <= MAX_LISTED:
        raise GraphQLError(f"'first' is {first} and must lie in [1, {MAX_LISTED}].")


def _checked(songs: Sequence[types.SongInput]) -> list[Song]:
    try:
        return _SONGS.validate_python([vars(song) for song in songs])
    except ValidationError as error:
        raise InvalidSong(field_problems(error, "songs")[:MAX_PROBLEMS]) from None


class _Schema(strawberry.Schema):
    @override
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log internal errors only; the answer holds all others."""
        super().process_errors([error for error in errors if code_of(error) == INTERNAL], execution_context)


def create_schema(*, is_open: bool) -> strawberry.Schema:
    """Return the schema; if it is open, clients may introspect it."""
    return _Schema(
        Query,
        config=StrawberryConfig(disable_field_suggestions=not is_open),
        execution_context_class=CountedExecution,
        extensions=[
            lambda: Limits(is_open=is_open),
            lambda: ParserCache(maxsize=CACHED_QUERIES),
            lambda: ValidationCache(maxsize=CACHED_QUERIES),
        ],
    )


def sdl() -> str:
    """Return the schema in GraphQL's schema language, as `schema.graphql` holds it."""
    return create_schema(is_open=True).as_str() + "\n"
