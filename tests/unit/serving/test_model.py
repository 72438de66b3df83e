import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, helper, load_from_string

from song_preference.errors import ModelRefused
from song_preference.serving.model import ModelRef, ServedModel

REF = ModelRef("spotify_model_prod", "3", "champion")


def test_a_model_says_its_version_and_threshold(graph: bytes, songs: NDArray[np.float32]) -> None:
    model = ServedModel.load(REF, graph)
    labels, probabilities = model.run(songs)
    assert (model.ref, model.threshold) == (REF, 0.5)
    assert labels.shape == probabilities.shape == (len(songs),)


def without_threshold(model: ModelProto) -> ModelProto:
    del model.metadata_props[:]
    return model


def with_another_input(model: ModelProto) -> ModelProto:
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            if name == "features":
                node.input[index] = "songs"
    model.graph.input[0].name = "songs"
    return model


def with_more_columns(model: ModelProto) -> ModelProto:
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("features", 1, [None, 13]))
    return model


@pytest.mark.parametrize("change", [without_threshold, with_another_input, with_more_columns])
def test_a_graph_that_breaks_the_contract_is_refused(change: object, graph: bytes) -> None:
    broken = change(load_from_string(graph)).SerializeToString()  # type: ignore[operator]
    with pytest.raises(ModelRefused, match="spotify_model_prod version 3"):
        ServedModel.load(REF, broken)


@pytest.mark.parametrize("content", [b"", b"not a graph"])
def test_bytes_that_are_no_graph_are_refused(content: bytes) -> None:
    with pytest.raises(ModelRefused):
        ServedModel.load(REF, content)
