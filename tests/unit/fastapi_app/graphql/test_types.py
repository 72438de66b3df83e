"""What REST shows, GraphQL shows too; the types that are not derived name each field that they leave out."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel
from strawberry.types import get_object_definition

from fastapi_app import schemas, songs
from fastapi_app.graphql import types
from song_preference.dataset.version import DatasetVersion
from song_preference.pipeline import report
from song_preference.pipeline.airflow import RunSummary, TaskReport
from song_preference.prediction import RegisteredVersion

DATASET = {
    "version": "version",
    "name": "name",
    "created_at": "created_at",
    "code_version": None,
    "source.kind": "source_kind",
    "source.uri": "source_uri",
    "source.sha256": "sha256",
    "source.size_bytes": None,
    "source.fallback_reason": None,
    "source.fallback.code": None,
    "source.fallback.params": None,
    "source.fallback.english": None,
    "parameters.test_size": "test_size",
    "parameters.seed": "seed",
    "preparation.columns": None,
    "preparation.readings": "readings",
    "preparation.normalisations.code": "normalisations.code",
    "preparation.normalisations.params": "normalisations.params",
    "preparation.normalisations.english": "normalisations.english",
    "preparation.rows_raw": "rows_raw",
    "preparation.rows_left_out": "rows_left_out",
    "preparation.rows_kept": "songs",
    "preparation.likes": "likes",
    "preparation.dislikes": "dislikes",
    "preparation.scaler.min": None,
    "preparation.scaler.max": None,
    "preparation.other_numbers.mean": None,
    "preparation.other_numbers.std": None,
    "preparation.features.mean": "features.mean",
    "preparation.features.std": "features.std",
    "split.train": "train_songs",
    "split.test": "test_songs",
}
"""GraphQL's field for each of `dataset.json`; None for one that only REST shows."""


def fields(kind: type[Any]) -> set[str]:
    return {field.python_name for field in get_object_definition(kind, strict=True).fields}


def leaves(kind: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value, through models and through containers of them."""
    if inner := inner_fields(kind):
        for name, found in inner.items():
            yield from leaves(found, f"{path}.{name}" if path else name)
    else:
        yield path


def inner_fields(kind: Any) -> dict[str, Any]:
    """Return the fields of a model or data class, or of the one that a container holds; empty for a plain value."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    if is_dataclass(kind):
        return get_type_hints(kind)
    return {name: found for argument in get_args(kind) for name, found in inner_fields(argument).items()}


def test_no_field_of_a_dataset_is_forgotten() -> None:
    assert set(leaves(DatasetVersion)) == DATASET.keys()
    shown = [path.partition(".")[::2] for path in DATASET.values() if path]
    assert fields(types.Dataset) == {name for name, _ in shown}
    assert fields(types.Normalisation) == {inner for name, inner in shown if name == "normalisations"}
    # REST's keys are a field in GraphQL, which has no mappings.
    assert fields(types.FeatureStatistics) == {"feature", *(inner for name, inner in shown if name == "features")}


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (types.Model, schemas.ModelOut),
        (types.ServedModel, schemas.ServedOut),
        (types.Prediction, schemas.PredictionOut),
        (types.Answer, schemas.Answer),
        (types.RegisteredVersion, RegisteredVersion),
        (types.CatalogueSong, songs.SongOut),
        (types.ScoredSong, songs.ScoredSongOut),
        (types.Songs, songs.SongsOut),
        (types.SongPage, songs.SongPageOut),
        (types.PipelineTask, TaskReport),
        (types.PipelineRun, RunSummary),
        (types.TrainingRun, report.TrainingReport),
        (types.PipelineRunReport, report.RunReport),
    ],
)
def test_a_type_has_every_field_of_its_model(kind: type[Any], model: type[BaseModel]) -> None:
    assert fields(kind) == model.model_fields.keys()


def test_a_batch_has_every_field_of_rests() -> None:
    assert fields(types.PredictionBatch) == schemas.BatchOut.model_fields.keys() - {"predictions"} | {"answers"}


def test_an_explanation_has_every_field_of_rests() -> None:
    shown = fields(types.Explanation) - {"prediction"} | fields(types.Prediction)
    assert shown == schemas.ExplanationOut.model_fields.keys()
