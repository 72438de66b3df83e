"""The JSON that REST speaks, beside the domain's own `Song`."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.types import FailFast

from song_preference.features import Song
from song_preference.serving.predictor import Explanation, Prediction
from song_preference.serving.store import Outcome

PROBLEM_TYPE = "application/problem+json"


def _unwrap(body: Any) -> Any:
    return body["features"] if isinstance(body, dict) and "features" in body else body


SongBody = Annotated[Song, BeforeValidator(_unwrap)]
"""A song, flat or inside `{"features": ...}`."""

EXAMPLE_SONG = {"speechiness": 0.0444, "energy": 0.521, "danceability": 0.514, "acousticness": 0.713}
EXAMPLE_TALK = {"speechiness": 0.91, "energy": 0.34, "danceability": 0.6, "acousticness": 0.88}


class BatchBody(BaseModel):
    """Several songs, at most MAX_BATCH_SIZE."""

    # Stops at the first song at fault: millions of bad ones must not become millions of errors.
    songs: Annotated[list[SongBody], FailFast()]


class ModelOut(BaseModel):
    """A version of the registered model."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    version: str
    alias: str


class Answer(BaseModel):
    """What is told of one song."""

    label: str = Field(description="'like' or 'dislike'.")
    liked: bool = Field(description="Whether the probability reaches the threshold.")
    probability: float = Field(description="Probability that the listener likes the song.")


class Origin(BaseModel):
    """Where answers come from."""

    threshold: float = Field(description="The lowest probability that the model calls a like.")
    model: ModelOut = Field(description="The model that answered.")
    stale: bool = Field(description="Whether the model may not be the champion any more.")


class PredictionOut(Origin, Answer):
    """One prediction."""


def prediction_out(prediction: Prediction) -> dict[str, Any]:
    """The fields of `PredictionOut`, by hand: pydantic's way from object to JSON takes four times as long."""
    ref = prediction.model
    return {
        "label": prediction.label,
        "liked": prediction.liked,
        "probability": prediction.probability,
        "threshold": prediction.threshold,
        "model": {"name": ref.name, "version": ref.version, "alias": ref.alias},
        "stale": prediction.stale,
    }


class BatchOut(Origin):
    """The predictions of several songs, all of one model."""

    predictions: list[Answer] = Field(description="One for each song, in the order of the songs.")


class ExplanationOut(PredictionOut):
    """A prediction and what each feature adds to it; base and contributions add up to the probability."""

    base: float = Field(description="Mean probability of songs like the listener's.")
    contributions: dict[str, float] = Field(
        description="Shapley value of each feature: above 0 it speaks for a like, below 0 against."
    )

    @classmethod
    def explaining(cls, explanation: Explanation) -> Self:
        """The answer as JSON will show it."""
        prediction = prediction_out(explanation.prediction)
        return cls.model_validate(prediction | {"base": explanation.base, "contributions": explanation.contributions})


class ServedOut(ModelOut):
    """The model in service."""

    threshold: float = Field(description="The lowest probability that the model calls a like.")
    since: datetime = Field(description="When it was loaded, in UTC.")
    stale: bool = Field(description="Whether it may not be the champion any more.")
    refusal: str | None = Field(description="Why the registry's champion is not served, where it was refused.")


class VersionOut(BaseModel):
    """A version in the registry; what its training did not note is null."""

    model_config = ConfigDict(from_attributes=True)

    version: str
    created_at: datetime
    aliases: list[str] = Field(description="'champion' is served, 'challenger' was compared with it last.")
    dataset_version: str | None = Field(description="The dataset that it learned from.")
    source_kind: str | None = Field(description="Where that came from; 'sample' knows nobody's taste.")
    roc_auc: float | None = Field(description="On the test part of that dataset.")


class RefreshOut(BaseModel):
    """How a look at the registry ended, and the model that serves now."""

    outcome: Outcome
    model: ModelOut | None


class Service(BaseModel):
    """What this is, and where to go on."""

    name: str
    version: str
    links: dict[str, str]


class Live(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """Predictions can be asked for."""

    status: Literal["ready"] = "ready"
    stale: bool
    model: str = Field(description="The version that answers.")
    refusal: str | None = Field(description="Why the registry's champion is not served, where it was refused.")


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
    instance: str = Field(description="The path that was asked.")
    request_id: str = Field(description="As in the header X-Request-ID and in the service's log.")
    errors: list[FieldAtFault] = Field(default=[], description="For invalid input: the fields at fault.")
