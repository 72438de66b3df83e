"""The models of REST's JSON; GraphQL derives its types from them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Response
from pydantic import BaseModel, BeforeValidator, Field
from pydantic.types import FailFast
from pydantic_core import to_json
from typing_extensions import override

from song_preference.features import Song
from song_preference.prediction import TRAINED_ON, Explanation, Prediction, RegisteredVersion
from song_preference.serving.model_store import ModelStore, Outcome

PROBLEM_TYPE = "application/problem+json"
THRESHOLD = "The lowest probability that the model calls a like, in [0, 1]."
STALE = (
    "Whether another model may be the champion by now: the registry cannot be reached, or its champion is missing or "
    "was rejected."
)
REJECTION = "Why the registry's champion is not served, if it was rejected."


class Json(Response):
    """A body that is serialised as it is, since FastAPI would validate each value again."""

    media_type = "application/json"

    @override
    def render(self, content: Any) -> bytes:
        return to_json(content)


def _unwrap(body: Any) -> Any:
    return body["features"] if isinstance(body, dict) and "features" in body else body


SongBody = Annotated[Song, BeforeValidator(_unwrap)]
"""A song, flat or inside `{"features": ...}`."""

EXAMPLE_SONG = {"speechiness": 0.0444, "energy": 0.521, "danceability": 0.514, "acousticness": 0.713}
EXAMPLE_TALK = {"speechiness": 0.91, "energy": 0.34, "danceability": 0.6, "acousticness": 0.88}


class BatchBody(BaseModel):
    """Several songs, at most MAX_BATCH_SIZE."""

    # Stops at the first invalid song: millions of them must not become millions of errors.
    songs: Annotated[list[SongBody], FailFast()]


class ModelOut(BaseModel, from_attributes=True):
    """A version of the registered model."""

    name: str = Field(description="Its name in the registry.")
    version: str = Field(description="Its version in the registry.")
    alias: str = Field(description="The alias that it was found under.")
    dataset_version: str | None = Field(description=TRAINED_ON)


class Answer(BaseModel):
    """The prediction for one song."""

    label: str = Field(description="'like' or 'dislike'.")
    liked: bool = Field(description="Whether the probability reaches the threshold.")
    probability: float = Field(description="Probability that the listener likes the song, in [0, 1].")


class Origin(BaseModel):
    """The model that answered."""

    threshold: float = Field(description=THRESHOLD)
    model: ModelOut = Field(description="The model that answered.")
    stale: bool = Field(description=STALE)


class PredictionOut(Origin, Answer):
    """One prediction."""


def prediction_out(prediction: Prediction) -> dict[str, Any]:
    """Return the fields of `PredictionOut`; pydantic takes four times as long to serialise an object."""
    ref = prediction.model
    model = {"name": ref.name, "version": ref.version, "alias": ref.alias, "dataset_version": ref.dataset_version}
    return {**prediction._asdict(), "model": model}


class BatchOut(Origin):
    """The predictions of several songs, all of one model."""

    predictions: list[Answer] = Field(description="One for each song, in the order of the songs.")


class ExplanationOut(PredictionOut):
    """A prediction and what each feature adds to it; base and contributions add up to the probability."""

    base: float = Field(description="Mean probability of songs like the listener's, in [0, 1].")
    contributions: dict[str, float] = Field(
        description="Shapley value of each feature: above 0 it speaks for a like, below 0 against."
    )


def explanation_out(explanation: Explanation) -> dict[str, Any]:
    """Return the fields of `ExplanationOut`."""
    prediction = prediction_out(explanation.prediction)
    return prediction | {"base": explanation.base, "contributions": explanation.contributions}


def refusal_of(store: ModelStore) -> str | None:
    """Return why the registry's champion is not served, in English."""
    # The thread that refreshes may forget it meanwhile.
    rejection = store.rejection
    return str(rejection) if rejection else None


class ServedOut(ModelOut):
    """The model in service."""

    threshold: float = Field(description=THRESHOLD)
    since: datetime = Field(description="When it was loaded, in UTC.")
    stale: bool = Field(description=STALE)
    refusal: str | None = Field(description=REJECTION)

    @classmethod
    def of(cls, store: ModelStore) -> Self:
        """Return the model that a store serves; raise `ModelNotReady`."""
        served = store.current()
        return cls(
            **vars(ModelOut.model_validate(served.model.ref)),
            threshold=served.model.threshold,
            since=served.since,
            stale=served.stale,
            refusal=refusal_of(store),
        )


class VersionOut(RegisteredVersion):
    """A version in the registry; what its training did not note is null."""


class RefreshOut(BaseModel):
    """The outcome of a refresh, and the model in service."""

    outcome: Outcome
    model: ModelOut | None


class Service(BaseModel):
    """The service and its links."""

    name: str
    version: str
    links: dict[str, str]


class Live(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class Health(Live):
    """The process answers; links to the probes."""

    links: dict[str, str] = Field(
        default={"live": "/health/live", "ready": "/health/ready"}, description="The probes; 'ready' needs a model."
    )


class Ready(BaseModel):
    """The service can predict."""

    status: Literal["ready"] = "ready"
    stale: bool
    model: str = Field(description="The version that answers.")
    refusal: str | None = Field(description=REJECTION)


class FieldAtFault(BaseModel):
    """One field of the input and the rule that it breaks."""

    field: str = Field(description="Its path in the body, such as 'energy' or 'songs.3.energy'.")
    problem: str
    code: str | None = Field(None, description="Of a playlist's faults: names the rule, the same in every language.")
    params: dict[str, Any] | None = Field(None, description="The values in the rule.")
    count: int | None = Field(None, description="Of a playlist's faults: how many rows.")
    rows: list[int] | None = Field(None, description="The first of them, as a spreadsheet counts: the header is row 1.")


class Problem(BaseModel):
    """RFC 9457: what went wrong and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str | None = Field(None, description="Names the message, the same in every language, if it has a name.")
    params: dict[str, Any] | None = Field(None, description="The values in the message.")
    instance: str = Field(description="The path that was asked.")
    request_id: str = Field(description="As in the header X-Request-ID and in the service's log.")
    errors: list[FieldAtFault] = Field(default=[], description="For invalid input: the fields at fault.")
