"""MLflow's scoring protocol, as `mlflow models serve` speaks it for a model with the champion's signature."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version as version_of
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import TypeAdapter, ValidationError
from pydantic.types import FailFast
from pydantic_core import from_json, to_json

from fastapi_app.dependencies import PredictorDep
from fastapi_app.long_requests import LongRequestRoute
from fastapi_app.protocols import INVOCATIONS_PATH, JSON, MlflowError
from fastapi_app.schemas import EXAMPLE_SONG, EXAMPLE_TALK
from fastapi_app.uploads import EXAMPLE
from song_preference.errors import FieldProblem, InvalidInput, InvalidSong
from song_preference.features import FEATURES, Song, field_problems
from song_preference.serving.predictor import Predictor

CSV = "text/csv"
CONTENT_TYPE = re.compile(rf"({JSON}|{CSV})\s*(;\s*charset=utf-8\s*)?", re.IGNORECASE)
UNSUPPORTED = f"This predictor only supports the content types {JSON} and {CSV}, in UTF-8."
SPLIT = "dataframe_split"
BY_COLUMN = ("instances", "inputs")
"""Forms that may be lists of values by column, too."""

FORMS = (SPLIT, "dataframe_records", *BY_COLUMN)
FORMS_RULE = f"must be an object with exactly one of {', '.join(FORMS)}"
RECORDS_RULE = f"must be a list of songs, each an object with {', '.join(FEATURES)}"
COLUMNS_RULE = f"must have {', '.join(FEATURES)}, with as many numbers each"
TABLE_RULE = f"must have columns, among them {', '.join(FEATURES)}, each once, and rows of as many cells"

SONGS = TypeAdapter(Annotated[list[Song], FailFast()])

router = APIRouter(tags=["MLflow"])
long_router = APIRouter(route_class=LongRequestRoute)


@router.get("/ping", operation_id="ping", summary="Is a model loaded?")
async def ping(predictor: PredictorDep) -> Response:
    """Answer with status 200, or with 404 before a model is loaded."""
    return Response("\n", 200 if predictor.store.served else 404, media_type=JSON)


@router.get("/version", operation_id="mlflowVersion", summary="Show the version of MLflow")
async def version() -> Response:
    """Return the version of MLflow whose scoring protocol this is."""
    return Response(version_of("mlflow-skinny"), media_type=JSON)


SPLIT_EXAMPLE = {SPLIT: {"columns": list(FEATURES), "data": [list(EXAMPLE_SONG.values())]}}
EXAMPLES = {
    SPLIT: {"value": SPLIT_EXAMPLE},
    "dataframe_records": {"value": {"dataframe_records": [EXAMPLE_SONG, EXAMPLE_TALK]}},
}
BODY = {
    JSON: {"schema": {"type": "object"}, "examples": EXAMPLES},
    CSV: {"schema": {"type": "string"}, "example": EXAMPLE},
}


@long_router.post(
    INVOCATIONS_PATH,
    operation_id="invocations",
    summary="Predict songs as MLflow does",
    responses={"default": {"model": MlflowError, "description": "MLflow's error."}},
    openapi_extra={"requestBody": {"required": True, "content": BODY}},
)
async def invocations(request: Request, predictor: PredictorDep) -> Response:
    """Predict for each of several songs whether the listener will like it; at most MAX_BATCH_SIZE songs.

    JSON has `dataframe_split`, `dataframe_records`, `instances` or `inputs`; a CSV names the features in its header,
    separates cells with commas, and nothing in it is normalised, unlike in /predict/csv. Other columns are ignored.
    """
    kind = CONTENT_TYPE.fullmatch(request.headers.get("content-type", "").strip())
    if kind is None:
        return PlainTextResponse(UNSUPPORTED, 415)
    read = _records_of_csv if kind[1].lower() == CSV else _records_of_json
    field, records = read(await request.body(), predictor)
    try:
        songs = SONGS.validate_python(records)
    except ValidationError as error:
        raise InvalidSong(field_problems(error, field)) from None
    answers = predictor.predict_batch(songs).answers()
    predictions = [{"label": int(liked), "probability": probability} for _, liked, probability in answers]
    return Response(to_json({"predictions": predictions}), media_type=JSON)


router.include_router(long_router)


def _records_of_json(body: bytes, predictor: Predictor) -> tuple[str, list[Any]]:
    """Return the form, and a record for each song."""
    try:
        sent = from_json(body)
    except ValueError as error:
        raise _invalid("body", f"must be JSON: {error}") from None
    forms = [form for form in FORMS if form in sent] if isinstance(sent, dict) else []
    if len(forms) != 1:
        raise _invalid("body", FORMS_RULE)
    return forms[0], _records(forms[0], sent[forms[0]], predictor)


def _records(form: str, sent: Any, predictor: Predictor) -> list[Any]:
    match sent:
        case {"columns": list(columns), "data": list(rows)} if form == SPLIT:
            predictor.check_batch_size(len(rows))
            return list(_picked(columns, rows, form))
        case dict() if form in BY_COLUMN:
            return _transposed([sent.get(feature) for feature in FEATURES], form, predictor)
        case list() if form != SPLIT:
            predictor.check_batch_size(len(sent))
            return sent
    raise _invalid(form, TABLE_RULE if form == SPLIT else RECORDS_RULE)


def _transposed(columns: list[Any], form: str, predictor: Predictor) -> list[dict[str, Any]]:
    """Return the records of columns, in the order of `FEATURES`; a number is a column of one song."""
    columns = [column if isinstance(column, list) else [column] for column in columns]
    predictor.check_batch_size(len(columns[0]))
    if len({len(column) for column in columns}) > 1:
        raise _invalid(form, COLUMNS_RULE)
    return [dict(zip(FEATURES, row, strict=True)) for row in zip(*columns, strict=True)]


def _records_of_csv(body: bytes, predictor: Predictor) -> tuple[str, list[Any]]:
    try:
        rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        filled = filter(None, rows)
        records = list(islice(_picked(header, filled, "body"), predictor.max_batch_size + 1))
        # The others are counted only.
        predictor.check_batch_size(len(records) + sum(1 for _ in filled))
    except (csv.Error, UnicodeDecodeError) as error:
        raise _invalid("body", f"must be CSV in UTF-8: {error}") from None
    return "body", [{name: _number(cell) for name, cell in record.items()} for record in records]


def _number(cell: str) -> float | str:
    try:
        # Python alone reads 0_1 as a number.
        return float(cell.replace("_", "?"))
    except ValueError:
        return cell


def _picked(columns: Sequence[Any], rows: Iterable[Any], field: str) -> Iterator[dict[str, Any]]:
    """Yield the features of each row; raise `InvalidInput`."""
    if any(columns.count(feature) != 1 for feature in FEATURES):
        raise _invalid(field, TABLE_RULE)
    positions = {feature: columns.index(feature) for feature in FEATURES}
    for row in rows:
        if not isinstance(row, list) or len(row) != len(columns):
            raise _invalid(field, TABLE_RULE)
        yield {feature: row[position] for feature, position in positions.items()}


def _invalid(field: str, rule: str) -> InvalidInput:
    return InvalidInput([FieldProblem(field, rule)])
