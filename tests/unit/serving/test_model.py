import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, load_from_string
from sklearn.ensemble import RandomForestClassifier

from song_preference.errors import ModelRejected
from song_preference.prediction import ModelRef
from song_preference.serving.model import (
    BACKGROUND_PROPERTY,
    EXPECTED_OUTPUT_PROPERTY,
    INPUT_EXAMPLE_PROPERTY,
    THRESHOLD_PROPERTY,
    ServedModel,
    open_graph,
)
from song_preference.training.export import build_graph

REF = ModelRef("spotify_model_prod", "3", "champion")
Change = Callable[[ModelProto], None]


def test_a_model_says_its_version_and_threshold(graph: bytes, songs: NDArray[np.float32]) -> None:
    model = ServedModel.load(REF, graph)
    labels, probabilities = model.run(songs)
    assert (model.ref, model.threshold) == (REF, 0.5)
    assert labels.shape == probabilities.shape == (len(songs),)
    assert model.background.shape == (100, 4)
    options = open_graph(graph).get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_the_runtime_reports_nothing_to_its_makers(tmp_path: Path) -> None:
    # It keeps an identity of the machine and its reports below these, before it sends them; on CI it never does.
    switches = {"CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in switches}
    environment |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", "import song_preference.serving.model"], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def without(key: str) -> Change:
    def change(model: ModelProto) -> None:
        kept = [item for item in model.metadata_props if item.key != key]
        del model.metadata_props[:]
        model.metadata_props.extend(kept)

    return change


def with_property(key: str, value: object) -> Change:
    def change(model: ModelProto) -> None:
        without(key)(model)
        model.metadata_props.add(key=key, value=json.dumps(value))

    return change


def with_another_input(model: ModelProto) -> None:
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            if name == "features":
                node.input[index] = "songs"
    model.graph.input[0].name = "songs"


def with_more_columns(model: ModelProto) -> None:
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, 13]))


def without_a_label(model: ModelProto) -> None:
    del model.graph.output[0]


def with_percentages(model: ModelProto) -> None:
    """Every probability a hundredfold."""
    cast = next(node for node in model.graph.node if node.output == ["probability"])
    cast.output[0] = "share"
    model.graph.initializer.add(name="hundred", data_type=TensorProto.FLOAT, float_data=[100.0])
    at = list(model.graph.node).index(cast) + 1
    model.graph.node.insert(at, helper.make_node("Mul", ["share", "hundred"], ["probability"]))


def with_another_threshold_inside(model: ModelProto) -> None:
    (inner,) = (item for item in model.graph.initializer if item.name == "decision_threshold")
    inner.raw_data = np.array(0.9, dtype=np.float32).tobytes()


BROKEN: dict[str, tuple[Change, str]] = {
    "no threshold": (without(THRESHOLD_PROPERTY), "its metadata have no 'decision_threshold'"),
    "no example": (without(INPUT_EXAMPLE_PROPERTY), "its metadata have no 'input_example'"),
    "no background": (without(BACKGROUND_PROPERTY), "its metadata have no 'background'"),
    "an example out of range": (
        with_property(INPUT_EXAMPLE_PROPERTY, {"energy": 2}),
        "its threshold, example or background sample cannot be read",
    ),
    "a background of ragged rows": (
        with_property(BACKGROUND_PROPERTY, [[0.5], [0.5, 0.5]]),
        "its threshold, example or background sample cannot be read",
    ),
    "an empty background": (with_property(BACKGROUND_PROPERTY, []), "its background sample is not of 1 to 100 songs"),
    "a background out of range": (
        with_property(BACKGROUND_PROPERTY, [[0.5, 0.5, 0.5, 7]]),
        "its background sample is not of 1 to 100 songs",
    ),
    "another input": (with_another_input, r"its input is not 'features' \(n, 4\) float32"),
    "more columns": (with_more_columns, r"its input is not 'features' \(n, 4\) float32"),
    "no label": (without_a_label, "its outputs are not 'label'"),
    "percentages": (with_percentages, r"it gives probabilities outside \[0, 1\]"),
    "another threshold inside": (with_another_threshold_inside, "its labels do not follow from its threshold"),
    "another answer": (
        with_property(EXPECTED_OUTPUT_PROPERTY, {"label": 1, "probability": 0.123}),
        "it does not reproduce the output of its example",
    ),
}


@pytest.mark.parametrize(("change", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_graph_that_breaks_the_contract_is_rejected(change: Change, reason: str, graph: bytes) -> None:
    broken = load_from_string(graph)
    change(broken)
    with pytest.raises(ModelRejected, match=f"^spotify_model_prod version 3 is rejected: {reason}"):
        ServedModel.load(REF, broken.SerializeToString())


@pytest.mark.parametrize("content", [b"", b"not a graph"])
def test_bytes_that_are_no_graph_are_rejected(content: bytes) -> None:
    with pytest.raises(ModelRejected, match="onnxruntime cannot load its graph"):
        ServedModel.load(REF, content)


def test_a_graph_that_was_never_described_is_rejected(forest: RandomForestClassifier) -> None:
    with pytest.raises(ModelRejected, match="its metadata have no"):
        ServedModel.load(REF, build_graph(forest, 0.5).SerializeToString())
