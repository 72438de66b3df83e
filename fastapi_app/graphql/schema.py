"""The GraphQL queries and the schema."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from graphql import GraphQLError
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, Info
from typing_extensions import override

from fastapi_app.dependencies import MAX_LISTED
from fastapi_app.graphql.errors import INTERNAL, code_of
from fastapi_app.graphql.limits import Context, CountedExecution, Limits
from fastapi_app.graphql.types import (
    Dataset,
    Explanation,
    PipelineRun,
    PipelineRunReport,
    Prediction,
    PredictionBatch,
    RegisteredVersion,
    ServedModel,
    SongInput,
    SongPage,
    Songs,
    WishesInput,
    prediction_of,
)
from fastapi_app.schemas import ServedOut, VersionOut
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
SongArgument = Annotated[SongInput, strawberry.argument(description="The song to ask about.")]
SongsArgument = Annotated[
    list[SongInput],
    strawberry.argument(description="The songs to ask about, at most MAX_BATCH_SIZE in one request."),
]
FirstArgument = Annotated[int, strawberry.argument(description=f"How many at most: 1 to {MAX_LISTED}.")]
SongIdArgument = Annotated[str, strawberry.argument(name="id", description="Its id in the catalogue.")]
SearchArgument = Annotated[str, strawberry.argument(description=str(Search.model_fields["query"].description))]
WishesArgument = Annotated[WishesInput | None, strawberry.argument(description="What they must be like.")]
VersionArgument = Annotated[str, strawberry.argument(description="Its name, or 'latest'.")]
IdArgument = Annotated[str, strawberry.argument(name="id", description="The run's id.")]


# Each field may be null, so that the error of one leaves the others their answers. What waits for other services does
# so in a thread.
@strawberry.type(description="The queries; each error has its kind in `extensions.code`.")
class Query:
    """Convert between GraphQL and the domain."""

    @strawberry.field(description="Predict whether the listener will like a song.")  # type: ignore[untyped-decorator]
    async def predict(self, info: QueryInfo, song: SongArgument) -> Prediction | None:
        """Predict in one micro-batch with other requests."""
        return prediction_of(await info.context.batcher.predict(Song.checked(vars(song))))

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="Predict for each of several songs whether the listener will like it; send many in a variable."
    )
    def predict_batch(self, info: QueryInfo, songs: SongsArgument) -> PredictionBatch | None:
        """Predict for all songs at once."""
        info.context.count_songs(len(songs))
        return PredictionBatch.of(info.context.predictor.predict_batch(_checked(songs)))

    @strawberry.field(description="Explain what each feature adds to the prediction.")  # type: ignore[untyped-decorator]
    def explain(self, info: QueryInfo, song: SongArgument) -> Explanation | None:
        """Explain a prediction."""
        return Explanation.of(info.context.predictor.explain(Song.checked(vars(song))))

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="The songs of the catalogue with all words of the query in title and artist: first those with the "
        "words whole, then those with words that begin like them; of each the best known first."
    )
    async def songs(self, info: QueryInfo, query: SearchArgument, first: FirstArgument = 20) -> Songs | None:
        """Return at most `first` songs."""
        asked = Search.checked({"query": query, "limit": first})
        return Songs.of(await info.context.songs.answer(info.context.songs.search, asked))

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="A song of the catalogue, and what the model in service predicts for it and why."
    )
    async def song(self, info: QueryInfo, song_id: SongIdArgument) -> SongPage | None:
        """Return a song by its id."""
        return SongPage.of(await run_in_threadpool(info.context.songs.song, song_id))

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="Songs that the listener would like and that are not in their list, spread over artists."
    )
    async def recommendations(self, info: QueryInfo, wishes: WishesArgument = None) -> Songs | None:
        """Return the songs that fit the wishes."""
        asked = Wishes.checked(vars(wishes) if wishes else {})
        return Songs.of(await info.context.songs.answer(info.context.songs.recommend, asked))

    @strawberry.field(description="The model in service.")  # type: ignore[untyped-decorator]
    def model(self, info: QueryInfo) -> ServedModel | None:
        """Return the model in service."""
        return ServedModel.from_pydantic(ServedOut.of(info.context.predictor.store))

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="The versions in the registry, the newest first."
    )
    async def model_versions(self, info: QueryInfo, first: FirstArgument = 20) -> list[RegisteredVersion] | None:
        """Return at most `first` versions."""
        _check_first(first)
        versions = await run_in_threadpool(info.context.predictor.store.versions, first)
        return [RegisteredVersion.from_pydantic(VersionOut.model_validate(version)) for version in versions]

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="The published dataset versions, the newest first."
    )
    async def datasets(self, info: QueryInfo, first: FirstArgument = 20) -> list[Dataset] | None:
        """Return at most `first` versions; all are read, since only their descriptions hold the dates."""
        _check_first(first)
        published = await run_in_threadpool(info.context.management.datasets.published)
        return [Dataset.of(version) for version in published[:first]]

    @strawberry.field(description="A published dataset version.")  # type: ignore[untyped-decorator]
    async def dataset(self, info: QueryInfo, version: VersionArgument) -> Dataset | None:
        """Return a version by its name, or the latest."""
        return Dataset.of(await run_in_threadpool(info.context.management.datasets.find, version))

    @strawberry.field(description="The runs of the pipeline, the newest first.")  # type: ignore[untyped-decorator]
    async def pipeline_runs(self, info: QueryInfo, first: FirstArgument = 20) -> list[PipelineRun] | None:
        """Return at most `first` runs."""
        _check_first(first)
        page = await run_in_threadpool(info.context.management.airflow.runs, ETL_DAG, first)
        return [PipelineRun.from_pydantic(run) for run in page.runs]

    @strawberry.field(description="A run of the pipeline and its results.")  # type: ignore[untyped-decorator]
    async def pipeline_run(self, info: QueryInfo, run_id: IdArgument) -> PipelineRunReport | None:
        """Return the report of one run."""
        found = await run_in_threadpool(report.report, info.context.management.airflow, run_id)
        return PipelineRunReport.from_pydantic(found)


def _check_first(first: int) -> None:
    """Raise `GraphQLError` for more than a list may hold."""
    if not 1 <= first <= MAX_LISTED:
        raise GraphQLError(f"'first' is {first} and must lie in [1, {MAX_LISTED}].")


def _checked(songs: Sequence[SongInput]) -> list[Song]:
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
