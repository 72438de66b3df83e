"""The Open Inference Protocol (KServe's version 2) apart from its messages: tensors of songs in, of answers out.

REST and gRPC only convert between their messages and `Tensor`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter
from pydantic.types import FailFast
from typing_extensions import TypeAliasType

from song_preference.errors import FieldProblem, InvalidInput, InvalidSong, UnknownVersion
from song_preference.features import FEATURES, NUMBER
from song_preference.prediction import Batch, ModelRef
from song_preference.serving.model_store import SHOWN_CHARACTERS, ModelStore, Served
from song_preference.serving.predictor import Predictor

SERVER = "song-preference"
PLATFORM = "onnxruntime_onnx"
MATRIX = "features"
"""Name of the input that has all features of each song."""

TYPES = {"FP32": "<f4", "FP64": "<f8"}
"""Numpy's name of each datatype that an input may have, little-endian as the protocol sends them."""


# One error for each of thousands of numbers would be too many; an alias, since only that can be part of a union.
Numbers = TypeAliasType("Numbers", Annotated[list[float], FailFast()])
Rows = TypeAliasType("Rows", Annotated[list[Numbers], FailFast()])
NUMBERS: TypeAdapter[Any] = TypeAdapter(
    Annotated[Numbers | Rows, Field(union_mode="left_to_right")], config={"strict": True}
)


class TensorMetadata(NamedTuple):
    """A tensor as the metadata of the model describe it; -1 in its shape is the number of songs."""

    name: str
    datatype: str
    shape: tuple[int, ...]


INPUTS = (TensorMetadata(MATRIX, "FP32", (-1, len(FEATURES))),)
"""Inputs in the metadata; one tensor for each feature will do as well."""

OUTPUTS = (TensorMetadata("probability", "FP32", (-1,)), TensorMetadata("label", "INT64", (-1,)))

INPUTS_RULE = (
    f"must be one tensor {MATRIX} of shape [n, {len(FEATURES)}], with {', '.join(FEATURES)} in this order, or one "
    "tensor for each of these, of shape [n] or [n, 1]"
)
OUTPUTS_RULE = f"must name {' and '.join(output.name for output in OUTPUTS)}, or one of them, each once"


class Tensor(NamedTuple):
    """A tensor as a caller sends it, of which nothing is checked, or as it is answered."""

    name: str
    datatype: str
    shape: Sequence[int]
    data: bytes | Sequence[Any] | NDArray[Any]
    """In row-major order: little-endian bytes, or numbers, flat or nested as in the shape; of an answer an array."""


class Answer(NamedTuple):
    """The outputs for the songs of a request, all of one model."""

    model: ModelRef
    outputs: list[Tensor]


def infer(
    predictor: Predictor, name: str, version: str | None, inputs: Sequence[Tensor], asked: Sequence[str] = ()
) -> Answer:
    """Return the outputs that are asked for by name, or all, by the champion or the loaded model of a version.

    Raise `InvalidInput`, `BatchTooLarge`, `UnknownVersion` and `ModelNotReady`.
    """
    find(predictor.store, name, version)
    names = _checked(asked)
    features = features_of(inputs, predictor.check_batch_size)
    batch = predictor.predict_rows(features, version)
    return Answer(batch.model, outputs_of(batch, names))


def find(store: ModelStore, name: str, version: str | None) -> Served:
    """Return the champion, or the loaded model of a version; raise `UnknownVersion` and `ModelNotReady`."""
    if name != store.model_name:
        raise UnknownVersion(f"There is no model {name[:SHOWN_CHARACTERS]!r} here: ask for {store.model_name!r}.")
    return store.current(version)


def features_of(inputs: Sequence[Tensor], check_count: Callable[[int], None]) -> NDArray[np.float32]:
    """Return the features (n, 4) of the inputs; raise `InvalidInput`, and whatever `check_count` of n raises."""
    named = {tensor.name: tensor for tensor in inputs}
    if len(named) == len(inputs) and set(named) == {MATRIX}:
        features = _values(named[MATRIX], [(len(FEATURES),)], check_count)
    elif len(named) == len(inputs) and set(named) == set(FEATURES):
        columns = [_values(named[feature], [(), (1,)], check_count) for feature in FEATURES]
        if len({len(column) for column in columns}) > 1:
            raise _invalid("inputs", "must all be for the same number of songs")
        features = np.column_stack(columns)
    else:
        raise _invalid("inputs", INPUTS_RULE)
    is_valid = (features >= 0) & (features <= 1)  # not so for NaN
    if not is_valid.all():
        row, column = divmod(int(is_valid.argmin()), len(FEATURES))
        raise InvalidSong([FieldProblem(f"inputs.{row}.{FEATURES[column]}", f"must be {NUMBER}")])
    return np.ascontiguousarray(features, dtype=np.float32)


def outputs_of(batch: Batch, names: Sequence[str]) -> list[Tensor]:
    """Return the outputs of these names, in their order."""
    values: dict[str, NDArray[Any]] = {"probability": batch.probability, "label": batch.liked.astype(np.int64)}
    described = {output.name: output for output in OUTPUTS}
    return [Tensor(name, described[name].datatype, values[name].shape, values[name]) for name in names]


def _checked(asked: Sequence[str]) -> Sequence[str]:
    known = [output.name for output in OUTPUTS]
    # A name that is asked for twice would make the answer larger than any input allows.
    if len(set(asked)) < len(asked) or not set(asked) <= set(known):
        raise _invalid("outputs", OUTPUTS_RULE)
    return asked or known


def _values(
    tensor: Tensor, forms: Sequence[tuple[int, ...]], check_count: Callable[[int], None]
) -> NDArray[np.floating[Any]]:
    """Return the numbers of a tensor, shape (n, numbers of a song); `forms` are the shapes that one song may have."""
    if tensor.datatype not in TYPES:
        raise _invalid(f"inputs.{tensor.name}.datatype", f"must be {' or '.join(TYPES)}")
    shape = tuple(tensor.shape)
    if not shape or shape[0] < 0 or shape[1:] not in forms:
        allowed = " or ".join(str(["n", *form]).replace("'", "") for form in forms)
        raise _invalid(f"inputs.{tensor.name}.shape", f"must be {allowed}, for n songs")
    # Before anything of that size is made.
    check_count(shape[0])
    width = forms[-1][-1]
    values = _numbers(tensor, shape)
    if values is None:
        raise _invalid(f"inputs.{tensor.name}.data", f"must be {shape[0] * width} numbers, as the shape says")
    return values.reshape(shape[0], width)


def _numbers(tensor: Tensor, shape: tuple[int, ...]) -> NDArray[np.floating[Any]] | None:
    """Return the numbers of a tensor; None unless they are numbers, as many and as nested as the shape says."""
    size = math.prod(shape)
    if isinstance(tensor.data, bytes):
        kind = np.dtype(TYPES[tensor.datatype])
        return np.frombuffer(tensor.data, kind) if len(tensor.data) == size * kind.itemsize else None
    # Looked at first, since a sequence may be much longer than its shape says.
    if len(tensor.data) not in {size, shape[0]}:
        return None
    try:
        # A list may hold anything; numpy would take texts and booleans for numbers.
        numbers = NUMBERS.validate_python(tensor.data) if isinstance(tensor.data, list) else tensor.data
        values = np.asarray(numbers, dtype=np.float64)
    except ValueError:  # also pydantic's
        return None
    return values if values.size == size and (values.ndim == 1 or values.shape == shape) else None


def _invalid(field: str, rule: str) -> InvalidInput:
    return InvalidInput([FieldProblem(field, rule)])
