import json
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from song_preference.errors import ModelRejected
from song_preference.features import FEATURES
from song_preference.prediction import ModelRef
from song_preference.serving.model import (
    BACKGROUND_PROPERTY,
    EXPECTED_OUTPUT_PROPERTY,
    INPUT_EXAMPLE_PROPERTY,
    THRESHOLD_PROPERTY,
    ServedModel,
)
from song_preference.training.candidates import CANDIDATES, DEFAULT
from song_preference.training.cross_validation import Calibration
from song_preference.training.data import Songs
from song_preference.training.export import build_graph, check_parity, describe
from song_preference.training.fit import fit
from tests.support.training import listener


def answers(model: onnx.ModelProto, features: NDArray[np.float32]) -> tuple[Any, Any]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    label, probability = session.run(None, {"features": features})
    return label, probability


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_every_candidate_keeps_the_contract(candidate: str, songs: NDArray[np.float32]) -> None:
    family = CANDIDATES[candidate]
    estimator = fit(family.estimator(42), Songs(songs, (songs[:, 2] > 0.5).astype(np.int64)))
    model = build_graph(estimator, 0.5)
    assert [(node.name, node.type.tensor_type.elem_type) for node in model.graph.output] == [
        ("label", onnx.TensorProto.INT64),
        ("probability", onnx.TensorProto.FLOAT),
    ]
    label, probability = answers(model, songs)
    assert label.shape == probability.shape == (len(songs),)
    assert check_parity(estimator, model, 0.5, songs) < 1e-6


@pytest.mark.parametrize("candidate", ["averaged_forests", "k_nearest_neighbors", "neural_network"])
def test_a_calibration_is_part_of_the_graph(candidate: str, songs: NDArray[np.float32]) -> None:
    family, line = CANDIDATES[candidate], Calibration(1.4, -0.3)
    estimator = fit(family.estimator(42), Songs(songs, (songs[:, 2] > 0.5).astype(np.int64)))
    model = build_graph(estimator, 0.5, line)
    if candidate == "k_nearest_neighbors":
        # Some are exactly 0 or 1 before, and have no logit.
        assert {0, 1} <= set(estimator.predict_proba(songs)[:, 1])
    assert check_parity(estimator, model, 0.5, songs, calibration=line) < 1e-6
    _, probability = answers(model, songs)
    np.testing.assert_allclose(probability, line.of(estimator.predict_proba(songs)[:, 1]), atol=1e-6)


@pytest.mark.parametrize("songs_trained_on", [515, 10_000])
def test_the_default_makes_a_file_below_5_mb_however_many_songs(songs_trained_on: int) -> None:
    family = CANDIDATES[DEFAULT]
    model = build_graph(fit(family.estimator(0), listener(songs_trained_on, 1)), 0.5)
    assert 500_000 < len(model.SerializeToString()) < 5_000_000


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_the_threshold_is_applied_inside_the_graph(
    threshold: float, forest: RandomForestClassifier, songs: NDArray[np.float32]
) -> None:
    model = build_graph(forest, threshold)
    label, probability = answers(model, songs)
    np.testing.assert_array_equal(label, probability >= np.float32(threshold))
    properties = {item.key: item.value for item in model.metadata_props}
    assert float(properties[THRESHOLD_PROPERTY]) == pytest.approx(threshold)


@pytest.fixture(scope="module")
def labelling_all(forest: RandomForestClassifier) -> onnx.ModelProto:
    """The forest as a graph that likes every song."""
    return build_graph(forest, 0.0)


@pytest.mark.parametrize("value", [-1e-9, 1.0000001, 52, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", range(len(FEATURES)))
def test_a_feature_outside_the_unit_interval_gets_no_answer(
    column: int, value: float, labelling_all: onnx.ModelProto
) -> None:
    features = np.tile(np.array([[0.0, 1.0, 0.5, 0.25]], dtype=np.float32), (2, 1))
    features[1, column] = value
    label, probability = answers(labelling_all, features)
    assert label.tolist() == [1, -1]
    assert np.isnan(probability).tolist() == [False, True]


def test_the_answer_depends_on_neither_threads_nor_batch_size(forest: RandomForestClassifier) -> None:
    features = np.random.default_rng(1).random((1000, 4), dtype=np.float32)
    graph = build_graph(forest, 0.5).SerializeToString()
    alone = onnxruntime.SessionOptions()
    alone.intra_op_num_threads = 1
    one_thread = onnxruntime.InferenceSession(graph, alone, providers=["CPUExecutionProvider"])
    four = onnxruntime.SessionOptions()
    four.intra_op_num_threads = 4
    four_threads = onnxruntime.InferenceSession(graph, four, providers=["CPUExecutionProvider"])

    (expected,) = one_thread.run(["probability"], {"features": features})
    assert expected.max() <= 1
    for session in (one_thread, four_threads):
        for size in (1, 7, 1000):
            found = [
                session.run(["probability"], {"features": features[at : at + size]})[0] for at in range(0, 1000, size)
            ]
            np.testing.assert_array_equal(np.concatenate(found), expected)


def test_an_estimator_that_onnx_answers_differently_is_rejected(
    forest: RandomForestClassifier, songs: NDArray[np.float32]
) -> None:
    other = RandomForestClassifier(30, random_state=1).fit(songs, (songs[:, 0] > 0.5).astype(int))
    with pytest.raises(ModelRejected, match="RandomForestClassifier differs by"):
        check_parity(other, build_graph(forest, 0.5), 0.5, songs)


def test_an_estimator_that_does_not_convert_is_rejected(songs: NDArray[np.float32]) -> None:
    estimator = HistGradientBoostingClassifier(max_iter=2).fit(songs, (songs[:, 0] > 0.5).astype(int))
    with pytest.raises(ModelRejected, match="HistGradientBoostingClassifier cannot be converted"):
        build_graph(estimator, 0.5)


def test_labels_by_another_threshold_are_rejected(forest: RandomForestClassifier, songs: NDArray[np.float32]) -> None:
    model = build_graph(forest, 0.5)
    check_parity(forest, model, 0.5, songs)
    with pytest.raises(ModelRejected, match=r"ONNX labels [\d,]+ of 10,400 songs differently"):
        check_parity(forest, model, 0.6, songs)


def test_the_graph_carries_an_example_its_answer_and_a_background(
    forest: RandomForestClassifier, songs: NDArray[np.float32]
) -> None:
    model = build_graph(forest, 0.5)
    describe(model, Songs(songs, (songs[:, 2] > 0.5).astype(np.int64)))
    served = ServedModel.load(ModelRef("m", "1", "champion"), model.SerializeToString())
    written = {key: json.loads(value) for key, value in served.session.get_modelmeta().custom_metadata_map.items()}
    example = np.array([[written[INPUT_EXAMPLE_PROPERTY][name] for name in FEATURES]], dtype=np.float32)
    label, probability = served.run(example)
    assert written[EXPECTED_OUTPUT_PROPERTY] == {"label": int(label[0]), "probability": float(probability[0])}
    background = np.array(written[BACKGROUND_PROPERTY], dtype=np.float32)
    assert background.shape == (100, 4)
    assert {tuple(row) for row in background} <= {tuple(row) for row in songs}
