"""What REST shows, GraphQL shows too; the types that are not derived name each field that they leave out."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from strawberry.types import get_object_definition

from fastapi_app import schemas
from fastapi_app.graphql import types
from song_preference.dataset.version import DatasetVersion
from song_preference.pipeline import report

DATASET = {
    "version": "version",
    "created_at": "created_at",
    "code_version": None,
    "source.kind": "source_kind",
    "source.uri": "source_uri",
    "source.sha256": "sha256",
    "source.size_bytes": None,
    "source.fallback_reason": None,
    "source.fallback": None,
    "parameters.test_size": "test_size",
    "parameters.seed": "seed",
    "preparation.columns": None,
    "preparation.readings": "readings",
    "preparation.normalisations": "normalisations",
    "preparation.rows_raw": "rows_raw",
    "preparation.rows_left_out": "rows_left_out",
    "preparation.rows_kept": "songs",
    "preparation.likes": "likes",
    "preparation.dislikes": "dislikes",
    "preparation.scaler": None,
    "preparation.features": "features",
    "split.train": "train_songs",
    "split.test": "test_songs",
}
"""GraphQL's field for each of `dataset.json`; None for one that only REST shows."""


def fields(kind: type[Any]) -> set[str]:
    return {field.python_name for field in get_object_definition(kind, strict=True).fields}


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_no_field_of_a_dataset_is_forgotten() -> None:
    assert set(leaves(DatasetVersion)) == DATASET.keys()
    assert fields(types.Dataset) == {name for name in DATASET.values() if name}


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (types.Model, schemas.ModelOut),
        (types.ServedModel, schemas.ServedOut),
        (types.Prediction, schemas.PredictionOut),
        (types.Answer, schemas.Answer),
        (types.RegisteredVersion, schemas.VersionOut),
        (types.PipelineTask, report.TaskReport),
        (types.PipelineRun, report.RunSummary),
        (types.TrainingRun, report.TrainingReport),
        (types.PipelineRunReport, report.RunReport),
    ],
)
def test_a_derived_type_has_every_field_of_its_model(kind: type[Any], model: type[BaseModel]) -> None:
    assert fields(kind) == model.model_fields.keys()


def test_a_batch_has_every_field_of_rests() -> None:
    assert fields(types.PredictionBatch) == schemas.BatchOut.model_fields.keys() - {"predictions"} | {"answers"}


def test_an_explanation_has_every_field_of_rests() -> None:
    shown = fields(types.Explanation) - {"prediction"} | fields(types.Prediction)
    assert shown == schemas.ExplanationOut.model_fields.keys()
