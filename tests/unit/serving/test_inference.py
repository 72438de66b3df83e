"""Tensors of the Open Inference Protocol, whatever message they came in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from song_preference.errors import BatchTooLarge, InvalidInput, ModelNotReady, SongPreferenceError, UnknownVersion
from song_preference.features import FEATURES
from song_preference.serving.inference import INPUTS_RULE, OUTPUTS_RULE, Tensor, features_of, find, infer
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from tests.support.songs import SONG

MODEL = "spotify_model_prod"
ROWS = np.array([list(SONG.values()), [0, 0, 0, 0], [1, 1, 1, 1]], dtype=np.float64)
NUMBERS_RULE = "must be a number from 0 to 1"


def matrix(data: Any, shape: Sequence[int] = (3, 4), datatype: str = "FP32") -> list[Tensor]:
    return [Tensor("features", datatype, shape, data)]


def named(data: dict[str, Any], shape: Sequence[int] = (3,), datatype: str = "FP64") -> list[Tensor]:
    return [Tensor(name, datatype, shape, values) for name, values in data.items()]


COLUMNS = dict(zip(FEATURES, ROWS.T, strict=True))
BACKWARDS = dict(reversed(COLUMNS.items()))


@pytest.mark.parametrize(
    "inputs",
    [
        matrix(ROWS.ravel().tolist()),
        matrix(ROWS.tolist(), datatype="FP64"),
        matrix(ROWS.astype("<f4").tobytes()),
        matrix(ROWS.astype("<f8").tobytes(), datatype="FP64"),
        matrix(ROWS),
        named(BACKWARDS),
        named({name: values.tobytes() for name, values in COLUMNS.items()}),
        named({name: values[:, np.newaxis].tolist() for name, values in COLUMNS.items()}, shape=(3, 1)),
        named({name: values.tolist() for name, values in COLUMNS.items()}, shape=(3, 1), datatype="FP32"),
    ],
)
def test_every_form_of_the_same_songs_is_answered_as_any_batch(predictor: Predictor, inputs: list[Tensor]) -> None:
    expected = predictor.predict_rows(ROWS.astype(np.float32))
    answer = infer(predictor, MODEL, None, inputs)
    assert answer.model == expected.model
    probability, label = answer.outputs
    assert probability[:3] == ("probability", "FP32", (3,))
    assert label[:3] == ("label", "INT64", (3,))
    values: tuple[Any, Any] = probability.data, label.data
    assert (values[0].dtype, values[1].dtype) == (np.float32, np.int64)
    assert np.array_equal(values[0], expected.probability)
    assert np.array_equal(values[1], expected.liked)


def test_no_songs_have_no_answers(predictor: Predictor) -> None:
    answer = infer(predictor, MODEL, "1", matrix([], shape=(0, 4)))
    assert [output.shape for output in answer.outputs] == [(0,), (0,)]


@pytest.mark.parametrize("asked", [["label"], ["probability"], ["label", "probability"]])
def test_only_outputs_that_are_asked_for_are_answered(predictor: Predictor, asked: list[str]) -> None:
    assert [output.name for output in infer(predictor, MODEL, None, matrix(ROWS), asked).outputs] == asked


@pytest.mark.parametrize("asked", [["likes"], ["label", "label"], ["label", ""], ["label"] * 100_000])
def test_other_outputs_are_rejected(predictor: Predictor, asked: list[str]) -> None:
    with pytest.raises(InvalidInput) as error:
        infer(predictor, MODEL, None, matrix(ROWS), asked)
    assert error.value.problems == (("outputs", OUTPUTS_RULE),)


SHAPE_RULE = "must be [n, 4], for n songs"
TWELVE = "must be 12 numbers, as the shape says"


@pytest.mark.parametrize(
    ("inputs", "field", "rule"),
    [
        ([], "inputs", INPUTS_RULE),
        (matrix(ROWS) * 2, "inputs", INPUTS_RULE),
        ([*matrix(ROWS), *named(COLUMNS)], "inputs", INPUTS_RULE),
        (named(COLUMNS)[:3], "inputs", INPUTS_RULE),
        ([*named(COLUMNS), *named(COLUMNS)[:1]], "inputs", INPUTS_RULE),
        (named(COLUMNS | {"tempo": COLUMNS["energy"]}), "inputs", INPUTS_RULE),
        ([Tensor("x" * 10**6, "FP32", (3, 4), ROWS)], "inputs", INPUTS_RULE),
        (matrix(ROWS, datatype="INT64"), "inputs.features.datatype", "must be FP32 or FP64"),
        (matrix(ROWS, datatype="BYTES" * 10**5), "inputs.features.datatype", "must be FP32 or FP64"),
        (matrix(ROWS, shape=()), "inputs.features.shape", SHAPE_RULE),
        (matrix(ROWS, shape=(12,)), "inputs.features.shape", SHAPE_RULE),
        (matrix(ROWS, shape=(4, 3)), "inputs.features.shape", SHAPE_RULE),
        (matrix(ROWS, shape=(3, 4, 1)), "inputs.features.shape", SHAPE_RULE),
        (matrix(ROWS, shape=(-3, -4)), "inputs.features.shape", SHAPE_RULE),
        (matrix(ROWS, shape=(-1, 4)), "inputs.features.shape", SHAPE_RULE),
        (matrix(ROWS, shape=(2, 4)), "inputs.features.data", "must be 8 numbers, as the shape says"),
        (matrix(ROWS.T.tolist()), "inputs.features.data", TWELVE),
        (matrix([[0.1], [0.1, 0.2]]), "inputs.features.data", TWELVE),
        (matrix([10**400] * 12), "inputs.features.data", TWELVE),
        (matrix(b""), "inputs.features.data", TWELVE),
        (matrix(ROWS.tobytes()), "inputs.features.data", TWELVE),
        (matrix(ROWS.astype("<f4").tobytes() + b"\0"), "inputs.features.data", TWELVE),
        (named(COLUMNS, shape=(3, 4)), "inputs.speechiness.shape", "must be [n] or [n, 1], for n songs"),
        (named(COLUMNS, shape=(2,)), "inputs.speechiness.data", "must be 2 numbers, as the shape says"),
        (
            [*named(COLUMNS)[:3], Tensor("acousticness", "FP32", (1,), [0.5])],
            "inputs",
            "must all be for the same number",
        ),
        (matrix([0.5] * 6 + [float("nan")] + [0.5] * 5), "inputs.1.danceability", NUMBERS_RULE),
        (matrix([0.5] * 11 + [1.0000001]), "inputs.2.acousticness", NUMBERS_RULE),
        (matrix([-1e-30] + [0.5] * 11), "inputs.0.speechiness", NUMBERS_RULE),
        (named(COLUMNS | {"energy": [0.5, 0.5, float("inf")]}), "inputs.2.energy", NUMBERS_RULE),
    ],
)
def test_a_tensor_at_fault_is_named_with_its_rule(
    predictor: Predictor, inputs: list[Tensor], field: str, rule: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        infer(predictor, MODEL, None, inputs)
    ((found, broken),) = error.value.problems
    assert found == field
    assert broken.startswith(rule)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("shape", [(3, 4), (2**63 - 1, 4), (10**40, 4)])
def test_more_songs_than_a_request_may_hold_are_rejected_by_their_shape(
    predictor: Predictor, shape: tuple[int, ...]
) -> None:
    predictor.max_batch_size = 2
    with pytest.raises(BatchTooLarge):
        infer(predictor, MODEL, None, matrix(ROWS, shape))


def test_another_model_or_version_is_unknown(predictor: Predictor) -> None:
    assert find(predictor.store, MODEL, None) is find(predictor.store, MODEL, "1") is predictor.store.served
    for name, version in (("x" * 10**6, None), ("", None), (MODEL, "2"), (MODEL, "01"), (MODEL, "x" * 10**6)):
        with pytest.raises(UnknownVersion) as error:
            infer(predictor, name, version, matrix(ROWS))
        assert len(str(error.value)) < 300


def test_without_a_model_none_answers(store: ModelStore) -> None:
    with pytest.raises(ModelNotReady):
        infer(Predictor(store), MODEL, None, matrix(ROWS))


SHAPES = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5), max_size=4) | st.just([2, 4])
DATA = (
    st.binary(max_size=70)
    | st.lists(st.floats(width=32) | st.integers(), max_size=9)
    | st.lists(st.lists(st.floats(0, 1), max_size=4), max_size=3)
)
NAMES = st.sampled_from(["features", *FEATURES]) | st.text(max_size=9)
TENSORS = st.builds(Tensor, NAMES, st.sampled_from(["FP32", "FP64", "INT64", ""]), SHAPES, DATA)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inputs=st.lists(TENSORS, max_size=5))
def test_tensors_are_songs_or_the_callers_error(predictor: Predictor, inputs: list[Tensor]) -> None:
    predictor.max_batch_size = 3
    try:
        features: NDArray[np.float32] = features_of(inputs, predictor.check_batch_size)
    except SongPreferenceError:
        return
    assert features.dtype == np.float32
    assert features.shape[1:] == (4,)
    assert ((features >= 0) & (features <= 1)).all()
