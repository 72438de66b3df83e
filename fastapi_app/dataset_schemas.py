"""The JSON of dataset management, beside the domain's own descriptions."""

from typing import Any

from pydantic import BaseModel, Field

from song_preference.dataset.version import DatasetVersion, Preparation, Spread


class DatasetPage(BaseModel):
    """Some of the published versions, the newest first."""

    total: int = Field(description="How many there are altogether.")
    datasets: list[DatasetVersion]


class Preview(BaseModel):
    """The first rows of a table."""

    version: str
    part: str
    rows: list[dict[str, Any]] = Field(description="By column; those of 'raw' are text as it was handed in.")


class Statistics(BaseModel):
    """How each feature is spread among the liked and the disliked songs."""

    version: str
    spreads: list[Spread] = Field(description="One for each feature and label.")


class Accepted(BaseModel):
    """An upload that keeps the rules, and the run of the pipeline that it started."""

    run_id: str
    source: str = Field(description="Where the file lies now; POST /pipeline/runs may name it again.")
    preparation: Preparation = Field(description="What the pipeline will make of it.")
