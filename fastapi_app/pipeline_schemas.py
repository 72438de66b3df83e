"""What callers may ask of the pipeline, and the JSON of a rollback."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from fastapi_app.schemas import RefreshOut
from song_preference.run_options import ETL_OPTIONS, Option


class _RunBody(BaseModel):
    """As the form of Airflow asks; what is left out is as the form has it."""

    # A key misspelt would start a run that nobody meant.
    model_config = ConfigDict(extra="forbid", strict=True)


def run_body(options: Iterable[Option]) -> type[BaseModel]:
    """Return the body that asks for these options."""
    fields: dict[str, Any] = {option.name: _field(option) for option in options}
    return create_model("RunBody", __base__=_RunBody, __doc__=_RunBody.__doc__, **fields)


def _field(option: Option) -> tuple[Any, Any]:
    low, high = option.bounds or (None, None)
    kind = option.type | None if option.default is None else option.type
    return kind, Field(option.default, ge=low, le=high, description=option.description["en"])


RunBody = run_body(ETL_OPTIONS)


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
