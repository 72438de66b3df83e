"""The champion contract: an ONNX graph that every consumer reads the same way.

Input `features` (n, 4) float32, in the order of `FEATURES`. Outputs `label` (n,) int64, with the
decision threshold applied inside the graph, and `probability` (n,) float32 of "like". Both outputs
are one-dimensional because `mlflow.pyfunc` builds a DataFrame out of them. Inside, the graph computes in
double precision: in float32 the sum over a forest's trees would depend on batch size and threads, differ
between consumers and exceed 1.
"""

from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType

from song_preference.errors import ModelRefused
from song_preference.features import FEATURES
from song_preference.serving.model import THRESHOLD_PROPERTY

OPSET = {"": 21, "ai.onnx.ml": 3}
MAX_PARITY_ERROR = 1e-5
"""Largest accepted difference of a probability between scikit-learn and ONNX; float32 resolves 6e-8."""


def build_graph(estimator: Any, threshold: float) -> onnx.ModelProto:
    """Convert a fitted binary scikit-learn classifier to the champion contract."""
    model: onnx.ModelProto = to_onnx(
        estimator,
        initial_types=[("features_double", DoubleTensorType([None, len(FEATURES)]))],
        options={id(estimator): {"zipmap": False}},
        target_opset=OPSET,
    )
    graph = model.graph
    predicted_class, class_probabilities = (output.name for output in graph.output)
    _rename(graph, predicted_class, "predicted_class")
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array(1, dtype=np.int64), "like_column"),
            numpy_helper.from_array(np.array(threshold, dtype=np.float32), "decision_threshold"),
        ]
    )
    graph.node.insert(0, helper.make_node("Cast", ["features"], ["features_double"], to=TensorProto.DOUBLE))
    graph.node.extend(
        [
            helper.make_node("Gather", [class_probabilities, "like_column"], ["probability_double"], axis=1),
            helper.make_node("Cast", ["probability_double"], ["probability"], to=TensorProto.FLOAT),
            helper.make_node("GreaterOrEqual", ["probability", "decision_threshold"], ["liked"]),
            helper.make_node("Cast", ["liked"], ["label"], to=TensorProto.INT64),
        ]
    )
    _declare(graph.input, features=(TensorProto.FLOAT, [None, len(FEATURES)]))
    _declare(graph.output, label=(TensorProto.INT64, [None]), probability=(TensorProto.FLOAT, [None]))
    helper.set_model_props(model, {THRESHOLD_PROPERTY: repr(float(np.float32(threshold)))})
    onnx.checker.check_model(model, full_check=True)
    return model


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]


def _declare(values: Any, **declared: tuple[int, list[int | None]]) -> None:
    del values[:]
    values.extend(helper.make_tensor_value_info(name, *type_and_shape) for name, type_and_shape in declared.items())


def parity_error(estimator: Any, model: onnx.ModelProto, features: NDArray[np.float32]) -> float:
    """Largest absolute difference of the probability over `features` (n, 4).

    Raises `ModelRefused` where it exceeds `MAX_PARITY_ERROR`.
    """
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (exported,) = session.run(["probability"], {"features": features})
    error = float(np.abs(exported - estimator.predict_proba(features)[:, 1]).max())
    if error > MAX_PARITY_ERROR:
        raise ModelRefused(
            f"{type(estimator).__name__} differs by {error:.2g} between scikit-learn and ONNX "
            f"(at most {MAX_PARITY_ERROR:g}): choose another estimator."
        )
    return error
