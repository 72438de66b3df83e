"""The song a prediction is about: four Spotify audio features and their order."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError

from song_preference.errors import FieldProblem, InvalidSong

FEATURES = ("speechiness", "energy", "danceability", "acousticness")
"""Column order of every (n, 4) matrix in this project."""

FeatureRow = tuple[float, float, float, float]
"""The values of one song in that order."""

LABEL = "label"

SONG_KEY = "song_key"
"""Name of the column that identifies a song across datasets; it is no feature."""

LIKE, DISLIKE = "like", "dislike"

NUMBER = "a number from 0 to 1"

UnitInterval = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


def broken_rule(kind: str) -> str:
    """Return the rule of a feature in words, from pydantic's name for its breach."""
    return f"is missing: it must be {NUMBER}" if kind == "missing" else f"must be {NUMBER}"


def field_problems(error: ValidationError, *parents: str) -> list[FieldProblem]:
    """Return each field at fault, as a path below its parents, with its rule."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [FieldProblem(".".join(map(str, (*parents, *item["loc"]))), broken_rule(item["type"])) for item in found]


class Song(BaseModel, strict=True, frozen=True):
    """Four audio features in [0, 1]; other keys are ignored, so a whole playlist row is a song."""

    speechiness: UnitInterval = Field(description="Spoken words: above 0.66 is talk, below 0.33 is music.")
    energy: UnitInterval = Field(description="Intensity and activity: fast, loud and noisy is near 1.")
    danceability: UnitInterval = Field(description="How suitable for dancing: tempo, rhythm, beat strength.")
    acousticness: UnitInterval = Field(description="Confidence that the track is acoustic.")

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Self:
        """Return the song in `values`; raise `InvalidSong` with one problem per field."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InvalidSong(field_problems(error)) from None

    def row(self) -> FeatureRow:
        """Return the values in the order of `FEATURES`."""
        return (self.speechiness, self.energy, self.danceability, self.acousticness)


EXAMPLE = Song(speechiness=0.0444, energy=0.521, danceability=0.514, acousticness=0.713)
