"""The champion contract: an ONNX graph that every consumer reads the same way.

Input `features` (n, 4) float32, in the order of `FEATURES`. Outputs `label` (n,) int64, with the
decision threshold applied inside the graph, and `probability` (n,) float32 of "like". Both outputs
are one-dimensional because `mlflow.pyfunc` builds a DataFrame out of them. Inside, the graph computes in
double precision: in float32 the sum over a forest's trees would depend on batch size and threads, differ
between consumers and exceed 1. A song with a feature outside [0, 1] gets label -1 and probability NaN: the
services reject it before, but whoever runs the graph elsewhere must notice features from 0 to 100.
"""

import json
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnx.compose
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType
from sklearn.ensemble import VotingClassifier

from song_preference.errors import ModelRejected
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.serving.model import (
    BACKGROUND_LIMIT,
    BACKGROUND_PROPERTY,
    EXPECTED_OUTPUT_PROPERTY,
    INPUT_EXAMPLE_PROPERTY,
    THRESHOLD_PROPERTY,
    open_graph,
)
from song_preference.training.cross_validation import Calibration
from song_preference.training.data import Features, Labels, Predict, Probabilities, Songs
from song_preference.training.logistic import CLIP

OPSET = {"": 21, "ai.onnx.ml": 3}
MAX_PARITY_ERROR = 1e-5
"""Largest accepted difference of a probability between scikit-learn and ONNX; float32 resolves 6e-8."""

PARITY_SONGS = 10_000
PARITY_SEED = 0
BACKGROUND_SEED = 0

NO_LABEL = -1
"""Label of a song with a feature outside [0, 1]."""

BATCH = 1_000
"""Most songs of one run: k-NN computes a matrix of this many songs by all songs that it was trained on."""


Step = tuple[str, str, str, dict[str, Any]]
"""A node: operator, names of its inputs, name of its output, and attributes."""

CALIBRATING: list[Step] = [
    ("Clip", "mean lowest highest", "clipped", {}),
    ("Sub", "one clipped", "opposite", {}),
    ("Div", "clipped opposite", "odds", {}),
    ("Log", "odds", "logit", {}),
    ("Mul", "logit slope", "steeper", {}),
    ("Add", "steeper intercept", "calibrated", {}),
    ("Sigmoid", "calibrated", "probability_double", {}),
]
NOT_CALIBRATING: list[Step] = [("Identity", "mean", "probability_double", {})]
DECIDING: list[Step] = [
    ("Cast", "probability_double", "probability_single", {"to": TensorProto.FLOAT}),
    ("GreaterOrEqual", "probability_single decision_threshold", "liked", {}),
    ("Cast", "liked", "decision", {"to": TensorProto.INT64}),
    ("Clip", "features least greatest", "features_within", {}),
    ("Sub", "features features_within", "excess", {}),
    ("ReduceL1", "excess feature_axis", "total_excess", {"keepdims": 0}),
    # Not so where a feature is not a number.
    ("Equal", "total_excess least", "is_within", {}),
    ("Where", "is_within probability_single no_probability", "probability", {}),
    ("Where", "is_within decision no_label", "label", {}),
]


class Outputs(NamedTuple):
    """A graph's `label` (n,) and `probability` (n,) of "like" for n songs."""

    label: Labels
    probability: Probabilities


def run_graph(session: onnxruntime.InferenceSession, features: Features) -> Outputs:
    """Return the graph's outputs for (n, 4) features."""
    batches = [
        session.run(["label", "probability"], {"features": features[at : at + BATCH]})
        for at in range(0, len(features), BATCH)
    ]
    label, probability = (np.concatenate(outputs) for outputs in zip(*batches, strict=True))
    return Outputs(label, probability.astype(np.float64))


def predicting(session: onnxruntime.InferenceSession) -> Predict:
    """Return a function that gives the graph's probabilities (n,) for (n, 4) features."""
    return lambda features: run_graph(session, features).probability


def build_graph(estimator: Any, threshold: float, calibration: Calibration | None = None) -> onnx.ModelProto:
    """Convert a fitted binary scikit-learn classifier to the champion contract; raises `ModelRejected`.

    The members of a `VotingClassifier` are converted one by one, since skl2onnx converts it in single precision only.
    """
    members = estimator.estimators_ if isinstance(estimator, VotingClassifier) else [estimator]
    model, *others = [_convert(member, f"member_{at}_") for at, member in enumerate(members)]
    graph = model.graph
    given = [f"probability_{at}" for at in range(len(members))]
    steps: list[Step] = []
    for converted, name in zip((model, *others), given, strict=True):
        steps.append(("Gather", f"{converted.graph.output[1].name} like_column", f"{name}_given", {"axis": 1}))
        steps.append(("Cast", f"{name}_given", name, {"to": TensorProto.DOUBLE}))
    steps += [("Sum", " ".join(given), "total", {}), ("Div", "total members", "mean", {})]
    steps += (CALIBRATING if calibration else NOT_CALIBRATING) + DECIDING
    for other in others:
        graph.node.extend(other.graph.node)
        graph.initializer.extend(other.graph.initializer)
    graph.node.insert(0, helper.make_node("Cast", ["features"], ["features_double"], to=TensorProto.DOUBLE))
    for kind, inputs, output, attributes in steps:
        graph.node.append(helper.make_node(kind, inputs.split(), [output], **attributes))
    numbers: dict[str, float] = {"members": len(members)}
    if calibration:
        numbers |= {"lowest": CLIP, "highest": 1 - CLIP, "one": 1} | calibration._asdict()
    constants = {name: np.float64(number) for name, number in numbers.items()} | {
        "like_column": np.int64(1),
        "decision_threshold": np.float32(threshold),
        "least": np.float32(0),
        "greatest": np.float32(1),
        "feature_axis": np.array([1], dtype=np.int64),
        "no_probability": np.float32(np.nan),
        "no_label": np.int64(NO_LABEL),
    }
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items())
    _declare(graph.input, features=(TensorProto.FLOAT, [None, len(FEATURES)]))
    _declare(graph.output, label=(TensorProto.INT64, [None]), probability=(TensorProto.FLOAT, [None]))
    # skl2onnx takes them out of a set: in order, the same estimator gives the same bytes.
    opsets = sorted(model.opset_import, key=lambda opset: opset.domain)
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    helper.set_model_props(model, {THRESHOLD_PROPERTY: repr(float(np.float32(threshold)))})
    onnx.checker.check_model(model, full_check=True)
    return model


def _convert(estimator: Any, prefix: str) -> onnx.ModelProto:
    """Convert an estimator that takes `features_double`; all other names get the prefix."""
    try:
        model: onnx.ModelProto = to_onnx(
            estimator,
            initial_types=[("features_double", DoubleTensorType([None, len(FEATURES)]))],
            options={id(estimator): {"zipmap": False}},
            target_opset=OPSET,
        )
    except Exception as error:  # skl2onnx raises whatever its converters meet
        values = {"estimator": type(estimator).__name__, "error": str(error)}
        raise ModelRejected(Message("not_convertible", values)) from error
    return onnx.compose.add_prefix(model, prefix, rename_inputs=False, rename_value_infos=False)


def _declare(values: Any, **declared: tuple[int, list[int | None]]) -> None:
    del values[:]
    values.extend(helper.make_tensor_value_info(name, *type_and_shape) for name, type_and_shape in declared.items())


def describe(model: onnx.ModelProto, songs: Songs) -> None:
    """Write an example, what the graph answers for it, and a background sample of `songs` into the graph.

    The example is the median of each feature, so that it is no song of the listener's.
    """
    example = np.median(songs.features, axis=0, keepdims=True).astype(np.float32)
    answer = run_graph(open_graph(model.SerializeToString()), example)
    background = songs.at_most(BACKGROUND_LIMIT, BACKGROUND_SEED).features
    written = {
        INPUT_EXAMPLE_PROPERTY: dict(zip(FEATURES, example[0].tolist(), strict=True)),
        EXPECTED_OUTPUT_PROPERTY: {"label": int(answer.label[0]), "probability": float(answer.probability[0])},
        BACKGROUND_PROPERTY: background.tolist(),
    }
    for key, value in written.items():
        model.metadata_props.add(key=key, value=json.dumps(value))


def check_parity(
    estimator: Any, model: onnx.ModelProto, threshold: float, known: Features, calibration: Calibration | None = None
) -> float:
    """Return the largest absolute difference of the probability over `known` (n, 4) and 10,000 random songs.

    Raises `ModelRejected` where it exceeds `MAX_PARITY_ERROR`, or where a label differs though the probability is
    farther than that from the threshold.
    """
    random = np.random.default_rng(PARITY_SEED).random((PARITY_SONGS, len(FEATURES)), dtype=np.float32)
    features = np.concatenate([known, random])
    exported = run_graph(open_graph(model.SerializeToString()), features)
    expected = estimator.predict_proba(features.astype(np.float64))[:, 1]
    if calibration:
        expected = calibration.of(expected)
    error = float(np.abs(exported.probability - expected).max())
    if not error <= MAX_PARITY_ERROR:
        values = {"estimator": type(estimator).__name__, "error": error, "most": MAX_PARITY_ERROR}
        raise ModelRejected(Message("probabilities_differ", values))
    decided = np.abs(expected - threshold) > MAX_PARITY_ERROR
    if different := int(np.sum(decided & (exported.label != (expected >= threshold)))):
        values = {"estimator": type(estimator).__name__, "different": different, "songs": len(features)}
        raise ModelRejected(Message("labels_differ", values))
    return error
