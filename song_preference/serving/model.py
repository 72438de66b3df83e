"""A loaded model, immutable and safe to share between threads, and the contract that it is checked against.

Input `features` (n, 4) float32; outputs `label` (n,) int64 and `probability` (n,) float32. Its metadata hold the
decision threshold, an example song with the output that the graph gave when it was exported, and a background sample.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, NamedTuple, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from song_preference.errors import ModelRejected
from song_preference.features import FEATURES, Song
from song_preference.messages import Message
from song_preference.prediction import ModelRef

THRESHOLD_PROPERTY = "decision_threshold"
"""Key of the graph's metadata that repeats the threshold applied inside it."""

INPUT_EXAMPLE_PROPERTY = "input_example"
"""Key of an example song by feature, as JSON."""

EXPECTED_OUTPUT_PROPERTY = "expected_output"
"""Key of the `label` and `probability` that the graph gave for that song when it was exported, as JSON."""

BACKGROUND_PROPERTY = "background"
"""Key of at most 100 songs of the training table, rows in the order of `FEATURES`, as JSON; explanations compare a song
with them."""

BACKGROUND_LIMIT = 100
MAX_DIFFERENCE = 1e-6
"""Largest difference of the example's probability between two machines; float32 resolves 6e-8."""

CORNERS = np.array(list(product((0, 1), repeat=len(FEATURES))), dtype=np.float32)
"""The most extreme songs possible, shape (16, 4)."""

INPUTS = [("features", "tensor(float)", 2)]
OUTPUTS = [("label", "tensor(int64)", 1), ("probability", "tensor(float)", 1)]

Run = Callable[[NDArray[np.float32]], tuple[NDArray[np.int64], NDArray[np.float32]]]


class BrokenContract(ModelRejected):
    """The broken rule, as a clause; `ServedModel.load` makes a whole sentence of it."""


class Expected(BaseModel, strict=True):
    """The output for the example song."""

    label: int
    probability: float


class Contract(NamedTuple):
    """The metadata of a graph."""

    threshold: float
    example: Song
    expected: Expected
    background: NDArray[np.float32]

    @classmethod
    def of(cls, session: onnxruntime.InferenceSession) -> Self:
        """Read the metadata of a graph; raise `BrokenContract`."""
        written: dict[str, str] = session.get_modelmeta().custom_metadata_map
        try:
            threshold = float(written[THRESHOLD_PROPERTY])
            example = Song.model_validate_json(written[INPUT_EXAMPLE_PROPERTY])
            expected = Expected.model_validate_json(written[EXPECTED_OUTPUT_PROPERTY])
            background = np.array(json.loads(written[BACKGROUND_PROPERTY]), dtype=np.float32)
        except KeyError as error:
            raise BrokenContract(Message("contract_lacks", {"name": error.args[0]})) from error
        except (ValidationError, ValueError, TypeError) as error:
            raise BrokenContract(Message("contract_unreadable")) from error
        rows = len(background) if background.ndim == 2 else 0
        is_sample = 1 <= rows <= BACKGROUND_LIMIT and background.shape[1] == len(FEATURES) and _are_shares(background)
        if not is_sample:
            raise BrokenContract(Message("contract_background", {"most": BACKGROUND_LIMIT}))
        return cls(threshold, example, expected, background)


def open_graph(graph: bytes) -> onnxruntime.InferenceSession:
    """Open a session on one thread; raise `BrokenContract` if onnxruntime cannot load the graph."""
    options = onnxruntime.SessionOptions()
    # One song costs microseconds: a thread pool would cost more than it brings.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a dozen unrelated classes
        raise BrokenContract(Message("graph_not_loaded", {"error": type(error).__name__})) from error


def check_form(session: onnxruntime.InferenceSession) -> None:
    """Raise `BrokenContract` unless the inputs and outputs have the names, types and shapes of the contract."""
    width = session.get_inputs()[0].shape[-1:] if session.get_inputs() else []
    if _form(session.get_inputs()) != INPUTS or width != [len(FEATURES)]:
        raise BrokenContract(Message("contract_input"))
    if sorted(_form(session.get_outputs())) != OUTPUTS:
        raise BrokenContract(Message("contract_outputs"))


def check_answers(contract: Contract, run: Run) -> None:
    """Run the graph on its example, its background and the corners; raise `BrokenContract`."""
    songs = np.concatenate([np.array([contract.example.row()], dtype=np.float32), contract.background, CORNERS])
    try:
        labels, probabilities = run(songs)
    except Exception as error:  # onnxruntime raises a dozen unrelated classes
        raise BrokenContract(Message("contract_fails", {"error": type(error).__name__})) from error
    if labels.shape != (len(songs),) or probabilities.shape != (len(songs),):
        raise BrokenContract(Message("contract_counts"))
    if not _are_shares(probabilities):
        raise BrokenContract(Message("contract_probabilities"))
    if not np.array_equal(labels, probabilities >= np.float32(contract.threshold)):
        raise BrokenContract(Message("contract_labels"))
    difference = abs(float(probabilities[0]) - contract.expected.probability)
    if difference > MAX_DIFFERENCE or int(labels[0]) != contract.expected.label:
        raise BrokenContract(Message("contract_example", {"difference": difference}))


def _form(values: list[Any]) -> list[tuple[str, str, int]]:
    return [(value.name, value.type, len(value.shape)) for value in values]


def _are_shares(values: NDArray[np.float32]) -> bool:
    return bool(np.all((values >= 0) & (values <= 1)))  # not so for NaN


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A version that can predict."""

    ref: ModelRef
    threshold: float
    background: NDArray[np.float32]
    """At most 100 songs of the training table that explanations compare a song with, shape (m, 4)."""
    base: float
    """Mean probability of the background, to which explanations add."""
    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, ref: ModelRef, graph: bytes) -> Self:
        """Load an ONNX graph; raise `ModelRejected` if it breaks the contract."""
        try:
            session = open_graph(graph)
            check_form(session)
            contract = Contract.of(session)
            check_answers(contract, partial(_run, session))
        except BrokenContract as reason:
            values = {"model": ref.name, "version": ref.version, "reason": reason.message.as_json()}
            raise ModelRejected(Message("model_rejected", values)) from reason
        base = float(_run(session, contract.background)[1].mean(dtype=np.float64))
        return cls(ref, contract.threshold, contract.background, base, session)

    def run(self, features: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return labels (n,) and probabilities (n,) of features (n, 4)."""
        return _run(self.session, features)

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities (n,) of features (n, 4)."""
        return _run(self.session, features)[1]


def _run(
    session: onnxruntime.InferenceSession, features: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    label, probability = session.run(["label", "probability"], {"features": features})
    return label, probability
