"""What callers may ask of the pipeline, and the JSON of a rollback."""

from pydantic import BaseModel, ConfigDict, Field

from fastapi_app.schemas import RefreshOut


class RunBody(BaseModel):
    """As the form of Airflow asks; what is left out is as the form has it."""

    # A key misspelt would start a run that nobody meant.
    model_config = ConfigDict(extra="forbid", strict=True)

    source: str | None = Field(
        None,
        description="A link to the file on Google Drive, a public https address, s3://data/incoming/<file> or "
        "incoming/<file>. Null: the playlist that the operator configured.",
    )
    test_size: float = Field(0.3, ge=0.1, le=0.5, description="Share of the songs that no model learns from.")
    seed: int = Field(42, ge=0, le=2**32 - 1, description="Decides every random choice.")
    trials: int | None = Field(
        None, ge=1, le=500, description="How many models to try. Null: as many as the operator configured."
    )
    force: bool = Field(False, description="Train even if these songs and settings gave a model before.")


class RollbackBody(BaseModel):
    """Which version is to serve again."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    version: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]{0,8}$",
        description="Its number in the registry. Null: the one that the champion replaced.",
    )


class RollbackOut(RefreshOut):
    """What was done in the registry, how this service's look at it ended, and the model that serves now."""

    done: str
