from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from fastapi_app.schemas import (
    BatchBody,
    ExplanationOut,
    ModelOut,
    PredictionOut,
    ServedOut,
    SongBody,
    explanation_out,
    prediction_out,
)
from song_preference.errors import ModelNotReady
from song_preference.features import Song
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from tests.support.registry import FakeRegistry
from tests.support.songs import SONG

BODY: TypeAdapter[Song] = TypeAdapter(SongBody)


@pytest.mark.parametrize("body", [SONG, {"features": SONG}])
def test_a_song_comes_flat_or_inside_an_object(body: Any) -> None:
    assert BODY.validate_python(body) == Song.checked(SONG)


@pytest.mark.parametrize("body", [{"features": {"features": SONG}}, {"features": None}, {"song": SONG}, [SONG], None])
def test_no_other_wrapping_is_undone(body: Any) -> None:
    with pytest.raises(ValidationError):
        BODY.validate_python(body)


def test_a_batch_stops_at_its_first_invalid_song() -> None:
    with pytest.raises(ValidationError) as found:
        BatchBody.model_validate({"songs": [SONG, *[{**SONG, "energy": 2}] * 1_000]})
    assert [error["loc"] for error in found.value.errors()] == [("songs", 1, "energy")]


def test_a_prediction_has_every_field_of_its_model_and_no_other(predictor: Predictor) -> None:
    fields = prediction_out(predictor.predict(Song.checked(SONG)))
    assert fields.keys() == PredictionOut.model_fields.keys()
    assert fields["model"].keys() == ModelOut.model_fields.keys()
    assert PredictionOut.model_validate(fields, strict=True).model_dump() == fields


def test_an_explanation_has_every_field_of_its_model_and_no_other(predictor: Predictor) -> None:
    fields = explanation_out(predictor.explain(Song.checked(SONG)))
    assert fields.keys() == ExplanationOut.model_fields.keys()
    assert ExplanationOut.model_validate(fields, strict=True).model_dump() == fields


def test_the_model_in_service_says_why_a_newer_one_is_not(
    predictor: Predictor, store: ModelStore, registry: FakeRegistry
) -> None:
    registry.register("2", b"no graph")
    assert store.refresh() == "refused"
    served = ServedOut.of(store)
    assert (served.version, served.stale) == ("1", True)
    assert "version 2 is rejected" in str(served.refusal)
    assert served.since.utcoffset() is not None


def test_without_a_model_there_is_nothing_to_describe(store: ModelStore) -> None:
    with pytest.raises(ModelNotReady):
        ServedOut.of(store)
