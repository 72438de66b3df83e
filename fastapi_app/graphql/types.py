"""The GraphQL schema of predictions and models: types that mirror the domain's own, and the queries."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import strawberry
from graphql import GraphQLError
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from strawberry.fastapi import BaseContext
from strawberry.types import Info

from song_preference import prediction as domain
from song_preference.errors import FieldProblem, InvalidSong, NotManaged
from song_preference.features import DISLIKE, FEATURES, LIKE, Song, broken_rule
from song_preference.prediction import ModelRef
from song_preference.serving.batching import MicroBatcher
from song_preference.serving.predictor import Predictor

MAX_LISTED = 100
MAX_PROBLEMS = 20
"""Of a batch: enough to see what is wrong, and no answer many times the size of its request."""

MAX_FIELDS = 5_000
"""About 50 ms. The full introspection query resolves 2,200, the fullest list of 100 datasets 3,100."""

FIELDS_PER_SONG = 4
"""All that an answer has, and its type's name."""

_SONGS = TypeAdapter(list[Song])
_NAMES = ", ".join(FEATURES)
_LABEL = f"'{LIKE}' or '{DISLIKE}'."
_LIKED = "Whether the probability reaches the threshold."
_PROBABILITY = "Probability that the listener likes the song, in [0, 1]."
_THRESHOLD = "The lowest probability that the model calls a like, in [0, 1]."
_MODEL = "The model that answered."
_STALE = "Whether the model may not be the champion any more: the registry is away, or its champion missing or refused."


class Context(BaseContext):
    """What resolvers work with, and what they leave behind for the metrics."""

    def __init__(self, predictor: Predictor, batcher: MicroBatcher, management: Any = None) -> None:
        super().__init__()
        self.predictor, self.batcher = predictor, batcher
        # A `Management`, whose module a service that only predicts never imports.
        self._management = management
        self.operation = "invalid"
        self.outcome: str | None = None
        self._songs, self._fields_left = 0, MAX_FIELDS

    def count_songs(self, count: int) -> None:
        """Raises `BatchTooLarge` where all fields together ask about more songs than one request may."""
        self._songs += count
        self._fields_left += FIELDS_PER_SONG * count
        self.predictor.check_batch_size(self._songs)

    def count_field(self) -> None:
        """Count a field of a row; raises `GraphQLError` where the rows have more than one request may ask for."""
        self._fields_left -= 1
        if self._fields_left < 0:
            allowed = MAX_FIELDS + FIELDS_PER_SONG * self._songs
            raise GraphQLError(
                f"The answer has more than {allowed} fields, counted in every row: ask for fewer fields or rows."
            )

    @property
    def management(self) -> Any:
        """The `Management`; raises `NotManaged` where the service has none."""
        if self._management is None:
            raise NotManaged("This service only predicts: set MANAGE_DATASETS=true.")
        return self._management


def _feature(name: str) -> Any:
    return strawberry.field(description=f"{Song.model_fields[name].description} In [0, 1].")


def text(description: str) -> Any:
    """A field, described."""
    return strawberry.field(description=description)


@strawberry.input(description="A song by its Spotify audio features, each a number in [0, 1].")
class SongInput:
    """What a client sends."""

    speechiness: float = _feature("speechiness")
    energy: float = _feature("energy")
    danceability: float = _feature("danceability")
    acousticness: float = _feature("acousticness")


@strawberry.type(description="A version of the registered model.")
class Model:
    """Mirrors `ModelRef`."""

    name: str = text("Its name in the registry.")
    version: str = text("Its version in the registry.")
    alias: str = text("The alias that it was found under.")

    @classmethod
    def of(cls, ref: ModelRef) -> "Model":
        """The reference as GraphQL will show it."""
        return cls(name=ref.name, version=ref.version, alias=ref.alias)


@strawberry.type(description="The model in service.")
class ServedModel(Model):
    """Mirrors `Served`."""

    threshold: float = text(_THRESHOLD)
    since: datetime = text("When it was loaded, in UTC.")
    stale: bool = text(_STALE)
    refusal: str | None = text("Why the registry's champion is not served, where it is one that was refused.")


@strawberry.type(description="Whether the listener will like one song.")
class Prediction:
    """Mirrors the domain's `Prediction`."""

    label: str = text(_LABEL)
    liked: bool = text(_LIKED)
    probability: float = text(_PROBABILITY)
    threshold: float = text(_THRESHOLD)
    model: Model = text(_MODEL)
    stale: bool = text(_STALE)

    @classmethod
    def of(cls, answer: domain.Prediction) -> "Prediction":
        """The answer as GraphQL will show it."""
        return cls(
            label=answer.label,
            liked=answer.liked,
            probability=answer.probability,
            threshold=answer.threshold,
            model=Model.of(answer.model),
            stale=answer.stale,
        )


@strawberry.type(description="Whether the listener will like one song of several.")
class Answer:
    """One row of the domain's `Batch`."""

    label: str = text(_LABEL)
    liked: bool = text(_LIKED)
    probability: float = text(_PROBABILITY)


@strawberry.type(description="The answers for several songs, all of one model.")
class PredictionBatch:
    """Mirrors the domain's `Batch`."""

    answers: list[Answer] = text("One for each song, in the order of the songs.")
    threshold: float = text(_THRESHOLD)
    model: Model = text(_MODEL)
    stale: bool = text(_STALE)

    @classmethod
    def of(cls, batch: domain.Batch) -> "PredictionBatch":
        """The answers as GraphQL will show them."""
        pairs = zip(batch.liked.tolist(), batch.probability.tolist(), strict=True)
        answers = [Answer(label=LIKE if liked else DISLIKE, liked=liked, probability=p) for liked, p in pairs]
        return cls(answers=answers, threshold=batch.threshold, model=Model.of(batch.model), stale=batch.stale)


@strawberry.type(description="What one feature adds to the base.")
class Contribution:
    """One feature of the domain's `Explanation`."""

    feature: str = text(f"One of {_NAMES}.")
    value: float = text("Its Shapley value, in [-1, 1]: above 0 it speaks for a like, below 0 against.")


@strawberry.type(description="A prediction and what each feature adds to it.")
class Explanation:
    """Mirrors the domain's `Explanation`."""

    prediction: Prediction = text("The answer that is explained.")
    base: float = text("Mean probability of songs like the listener's, in [0, 1].")
    contributions: list[Contribution] = text("One for each feature; with the base they add up to the probability.")


@strawberry.type(description="A version in the registry; what its training did not note is null.")
class RegisteredVersion:
    """Mirrors the registry's `RegisteredVersion`."""

    version: str = text("Its number.")
    created_at: datetime = text("When it was registered, in UTC.")
    aliases: list[str] = text("'champion' is served, 'challenger' was compared with it last.")
    dataset_version: str | None = text("The dataset that it learned from.")
    source_kind: str | None = text("Where that came from; 'sample' knows nobody's taste.")
    roc_auc: float | None = text("On the test part of that dataset, in [0, 1].")


SongArgument = Annotated[SongInput, strawberry.argument(description="The song to ask about.")]
SongsArgument = Annotated[
    list[SongInput],
    strawberry.argument(description="The songs to ask about, at most MAX_BATCH_SIZE in one request."),
]
FirstArgument = Annotated[int, strawberry.argument(description=f"How many at most: 1 to {MAX_LISTED}.")]
Asked = Info[Context, None]


def check_first(first: int) -> None:
    """Raises `GraphQLError` where more is asked for than a list may hold."""
    if not 1 <= first <= MAX_LISTED:
        raise GraphQLError(f"'first' is {first} and must lie in [1, {MAX_LISTED}].")


# Each field may be null, so that the error of one leaves the others their answers.
@strawberry.type
class PredictionQuery:
    """Conversions around the predictor."""

    @strawberry.field(description="Tells whether the listener will like a song.")  # type: ignore[untyped-decorator]
    async def predict(self, info: Asked, song: SongArgument) -> Prediction | None:
        """The predictor's answer, in one run with those of other requests."""
        return Prediction.of(await info.context.batcher.predict(Song.checked(vars(song))))

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="Tells for each of several songs whether the listener will like it; many songs go into a variable."
    )
    def predict_batch(self, info: Asked, songs: SongsArgument) -> PredictionBatch | None:
        """The predictor's answers."""
        info.context.count_songs(len(songs))
        return PredictionBatch.of(info.context.predictor.predict_batch(_checked(songs)))

    @strawberry.field(description="Tells what each feature adds to the prediction.")  # type: ignore[untyped-decorator]
    def explain(self, info: Asked, song: SongArgument) -> Explanation | None:
        """The predictor's explanation."""
        explanation = info.context.predictor.explain(Song.checked(vars(song)))
        return Explanation(
            prediction=Prediction.of(explanation.prediction),
            base=explanation.base,
            contributions=[Contribution(feature=name, value=v) for name, v in explanation.contributions.items()],
        )

    @strawberry.field(description="The model that answers just now.")  # type: ignore[untyped-decorator]
    def model(self, info: Asked) -> ServedModel | None:
        """What the store holds."""
        store = info.context.predictor.store
        served = store.current()
        ref = served.model.ref
        return ServedModel(
            name=ref.name,
            version=ref.version,
            alias=ref.alias,
            threshold=served.model.threshold,
            since=served.since,
            stale=served.stale,
            refusal=store.refusal,
        )

    @strawberry.field(  # type: ignore[untyped-decorator]
        description="The versions in the registry, the newest first."
    )
    async def model_versions(self, info: Asked, first: FirstArgument = 20) -> list[RegisteredVersion] | None:
        """Asks the registry, which may take its time, in a thread."""
        check_first(first)
        found = await run_in_threadpool(info.context.predictor.store.versions, first)
        return [RegisteredVersion(**{**asdict(version), "aliases": list(version.aliases)}) for version in found]


def _checked(songs: Sequence[SongInput]) -> list[Song]:
    try:
        return _SONGS.validate_python([vars(song) for song in songs])
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidSong(
            [
                FieldProblem(".".join(map(str, ("songs", *item["loc"]))), broken_rule(item["type"]))
                for item in found[:MAX_PROBLEMS]
            ]
        ) from None
