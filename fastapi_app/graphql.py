"""GraphQL: the same prediction."""

import logging

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaskErrors, ParserCache, ValidationCache
from strawberry.fastapi import GraphQLRouter
from strawberry.types import ExecutionContext, Info

from fastapi_app.rest import PredictorDep
from song_preference.errors import InvalidSong, ModelNotReady, SongPreferenceError
from song_preference.features import Song
from song_preference.serving.predictor import Prediction as Answer
from song_preference.serving.predictor import Predictor

log = logging.getLogger(__name__)

CODE: dict[type[SongPreferenceError], str] = {InvalidSong: "INVALID_FEATURE", ModelNotReady: "MODEL_NOT_READY"}

Context = dict[str, Predictor]


@strawberry.input(description="A song by its Spotify audio features, each in [0, 1].")
class SongInput:
    """What a client sends."""

    speechiness: float
    energy: float
    danceability: float
    acousticness: float


@strawberry.type(description="The registered model that answered.")
class Model:
    """Mirrors `ModelRef`."""

    name: str
    version: str
    alias: str


@strawberry.type(description="Whether the listener will like one song.")
class Prediction:
    """Mirrors the domain's `Prediction`."""

    label: str
    liked: bool
    probability: float
    threshold: float
    model: Model

    @classmethod
    def of(cls, answer: Answer) -> "Prediction":
        """The answer as GraphQL will show it."""
        model = Model(name=answer.model.name, version=answer.model.version, alias=answer.model.alias)
        return cls(
            label=answer.label,
            liked=answer.liked,
            probability=answer.probability,
            threshold=answer.threshold,
            model=model,
        )


@strawberry.type
class Query:
    """The queries; errors carry a code in `extensions.code`."""

    @strawberry.field(description="Tells whether the listener will like a song.")  # type: ignore[untyped-decorator]
    def predict(self, info: Info[Context, None], song: SongInput) -> Prediction:
        """The answer of the predictor."""
        try:
            return Prediction.of(info.context["predictor"].predict(Song.checked(vars(song))))
        except (InvalidSong, ModelNotReady) as error:
            raise GraphQLError(str(error), extensions={"code": CODE[type(error)]}) from error


class _Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log what went wrong here; what the caller did wrong is in the answer, and no news for the log."""
        super().process_errors([error for error in errors if _is_internal(error)], execution_context)


def _is_internal(error: GraphQLError) -> bool:
    return error.original_error is not None and not isinstance(error.original_error, GraphQLError)


def _context(predictor: PredictorDep) -> Context:
    return {"predictor": predictor}


def router() -> GraphQLRouter[Context, None]:
    """The GraphQL endpoint with GraphiQL; what is not meant for callers is masked."""
    schema = _Schema(
        Query,
        extensions=[
            lambda: ParserCache(maxsize=128),
            lambda: ValidationCache(maxsize=128),
            lambda: MaskErrors(should_mask_error=_is_internal, error_message="The service failed; its log tells why."),
        ],
    )
    return GraphQLRouter(schema, context_getter=_context, subscription_protocols=[])
