"""The JSON that REST speaks, beside the domain's own `Song`."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from song_preference.features import Song
from song_preference.serving.predictor import Prediction


def _unwrap(body: Any) -> Any:
    return body["features"] if isinstance(body, dict) and "features" in body else body


SongBody = Annotated[Song, BeforeValidator(_unwrap)]
"""A song, flat or inside `{"features": ...}`."""

EXAMPLE_SONG = {"speechiness": 0.0444, "energy": 0.521, "danceability": 0.514, "acousticness": 0.713}


class ModelOut(BaseModel):
    """The registered model that answered."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    version: str
    alias: str


class PredictionOut(BaseModel):
    """One prediction."""

    model_config = ConfigDict(from_attributes=True)

    label: str = Field(description="'like' or 'dislike'.")
    liked: bool = Field(description="Whether the probability reaches the threshold.")
    probability: float = Field(description="Probability that the listener likes the song.")
    threshold: float = Field(description="The decision threshold of the model.")
    model: ModelOut

    @classmethod
    def of(cls, prediction: Prediction) -> Self:
        """The answer as JSON will show it."""
        return cls.model_validate(prediction)


class Health(BaseModel):
    """The state of the service."""

    status: str


class Problem(BaseModel):
    """RFC 9457: what went wrong and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = Field(default=None, description="For invalid input: each field at fault.")
