"""The Open Inference Protocol on gRPC; tests/unit/serving/test_inference.py has the rules for tensors."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grpc_service import inference
from grpc_service.server import OPEN_INFERENCE
from song_preference import logs
from song_preference.features import FEATURES
from song_preference.open_inference import inference_pb2 as pb
from song_preference.open_inference.inference_pb2_grpc import GRPCInferenceServiceStub
from song_preference.prediction import ModelRef
from song_preference.serving.inference import INPUTS_RULE, OUTPUTS_RULE
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from tests.support.grpc_calls import TIMEOUT_SECONDS, Edge, Rejection, Slow, Start, rejected
from tests.support.registry import FakeRegistry

MODEL = "spotify_model_prod"
NAN = float("nan")

Input = pb.ModelInferRequest.InferInputTensor


@pytest.fixture
def challengers(graph: bytes) -> FakeRegistry:
    registry = FakeRegistry()
    registry.graphs["2"], registry.ref = graph, ModelRef(MODEL, "2", "challenger")
    return registry


@pytest.fixture
def challenger(challengers: FakeRegistry) -> ModelStore:
    return ModelStore(challengers, 0.01, MODEL)


@pytest.fixture
def store(registry: FakeRegistry, challenger: ModelStore) -> ModelStore:
    return ModelStore(registry, 0.01, MODEL, challenger=challenger)


@pytest.fixture
def stub(edge: Edge) -> GRPCInferenceServiceStub:
    return GRPCInferenceServiceStub(edge.channel)


def ask(stub: GRPCInferenceServiceStub, request: pb.ModelInferRequest) -> pb.ModelInferResponse:
    return stub.ModelInfer(request, timeout=TIMEOUT_SECONDS)


def request_of(*inputs: Input, raw: tuple[bytes, ...] = (), **fields: Any) -> pb.ModelInferRequest:
    return pb.ModelInferRequest(**{"model_name": MODEL, "inputs": inputs, "raw_input_contents": raw, **fields})


def typed(
    values: Any, name: str = "features", shape: tuple[int, ...] = (3, 4), datatype: str = "FP32", field: str = ""
) -> Input:
    contents = pb.InferTensorContents(**{field or f"{datatype.lower()}_contents": values})
    return Input(name=name, datatype=datatype, shape=shape, contents=contents)


def described(datatype: str = "FP32", name: str = "features", shape: tuple[int, ...] = (3, 4)) -> Input:
    """An input whose elements are raw."""
    return Input(name=name, datatype=datatype, shape=shape)


def both_forms(songs: NDArray[np.float32], datatype: str) -> list[tuple[list[Input], tuple[bytes, ...]]]:
    """The songs as one tensor and as four, each typed and raw."""
    values = songs.astype({"FP32": "<f4", "FP64": "<f8"}[datatype])
    count = len(values)
    columns = dict(zip(FEATURES, np.ascontiguousarray(values.T), strict=True))
    return [
        ([typed(values.ravel().tolist(), shape=(count, 4), datatype=datatype)], ()),
        ([described(datatype, shape=(count, 4))], (values.tobytes(),)),
        ([typed(column.tolist(), name, (count, 1), datatype) for name, column in columns.items()], ()),
        (
            [described(datatype, name, (count,)) for name in reversed(columns)],
            tuple(columns[name].tobytes() for name in reversed(columns)),
        ),
    ]


@pytest.mark.parametrize("datatype", ["FP32", "FP64"])
@pytest.mark.parametrize("count", [0, 1, 400])
def test_songs_in_every_form_are_answered_as_any_batch(
    stub: GRPCInferenceServiceStub, predictor: Predictor, songs: NDArray[np.float32], datatype: str, count: int
) -> None:
    expected = predictor.predict_rows(songs[:count])
    for inputs, raw in both_forms(songs[:count], datatype):
        answer = ask(stub, request_of(*inputs, raw=raw, id="mine"))
        assert (answer.model_name, answer.model_version, answer.id) == (MODEL, "1", "mine")
        outputs = [(output.name, output.datatype, list(output.shape)) for output in answer.outputs]
        assert outputs == [("probability", "FP32", [count]), ("label", "INT64", [count])]
        if raw:
            assert not any(output.HasField("contents") for output in answer.outputs)
            probability, label = map(np.frombuffer, answer.raw_output_contents, ("<f4", "<i8"))
        else:
            assert not answer.raw_output_contents
            probability = np.array(answer.outputs[0].contents.fp32_contents, dtype=np.float32)
            label = np.array(answer.outputs[1].contents.int64_contents)
        assert np.array_equal(probability, expected.probability)
        assert np.array_equal(label, expected.liked)


@pytest.mark.parametrize("names", [["label"], ["label", "probability"]])
def test_outputs_are_those_asked_for_in_their_order(
    stub: GRPCInferenceServiceStub, songs: NDArray[np.float32], names: list[str]
) -> None:
    outputs = [pb.ModelInferRequest.InferRequestedOutputTensor(name=name) for name in names]
    raw = (songs[:3].tobytes(),)
    answer = ask(stub, request_of(described(), raw=raw, outputs=outputs))
    assert [output.name for output in answer.outputs] == names
    assert [len(one) for one in answer.raw_output_contents] == [24, 12][: len(names)]


SONGS = [0.1, 0.2, 0.3, 0.4] * 3
RAW = np.array(SONGS, dtype="<f4").tobytes()
SHAPE_RULE = "must be [n, 4], for n songs"
ELEMENTS_RULE = "must be 12 numbers, as the shape says"


@pytest.mark.parametrize(
    ("inputs", "raw", "field", "rule"),
    [
        ([], (), "inputs", INPUTS_RULE),
        ([Input()] * 300_000, (), "inputs", INPUTS_RULE),
        ([described(name=name) for name in (*FEATURES, "features")], (b"",) * 5, "inputs", INPUTS_RULE),
        ([described(name="x" * 900_000)], (RAW,), "inputs", INPUTS_RULE),
        ([typed(SONGS[:9])], (), "inputs.features.data", ELEMENTS_RULE),
        ([described()], (), "inputs.features.data", ELEMENTS_RULE),
        ([described()], (b"",), "inputs.features.data", ELEMENTS_RULE),
        ([described()], (RAW[:-1],), "inputs.features.data", ELEMENTS_RULE),
        ([described("FP64")], (RAW,), "inputs.features.data", ELEMENTS_RULE),
        ([described()], (RAW, RAW), "raw_input_contents", inference.RAW_RULE),
        ([typed(SONGS)], (RAW,), "raw_input_contents", inference.RAW_RULE),
        ([described(), typed(SONGS)], (RAW, b""), "raw_input_contents", inference.RAW_RULE),
        ([], (RAW,), "raw_input_contents", inference.RAW_RULE),
        ([typed(SONGS, shape=())], (), "inputs.features.shape", SHAPE_RULE),
        ([typed(SONGS, shape=(-3, -4))], (), "inputs.features.shape", SHAPE_RULE),
        ([typed(SONGS, shape=(1,) * 500_000)], (), "inputs.features.shape", SHAPE_RULE),
        ([typed(SONGS, datatype="FP16", field="fp32_contents")], (), "inputs.features.datatype", "FP32 or FP64"),
        ([typed([1] * 12, datatype="INT64")], (), "inputs.features.datatype", "FP32 or FP64"),
        ([typed([b"1"] * 12, datatype="BYTES")], (), "inputs.features.datatype", "FP32 or FP64"),
        ([typed(SONGS, datatype="", field="fp32_contents")], (), "inputs.features.datatype", "FP32 or FP64"),
        ([typed(SONGS, field="fp64_contents")], (), "inputs.contents", inference.CONTENTS_RULE),
        ([typed([True] * 12, field="bool_contents")], (), "inputs.contents", inference.CONTENTS_RULE),
        ([typed([*SONGS[:11], NAN])], (), "inputs.2.acousticness", "must be a number from 0 to 1"),
        ([described()], (np.full(12, np.inf, "<f4").tobytes(),), "inputs.0.speechiness", "a number from 0 to 1"),
        ([typed([1 + 1e-12] * 12, datatype="FP64")], (), "inputs.0.speechiness", "a number from 0 to 1"),
    ],
)  # fmt: skip
def test_a_hostile_tensor_is_an_invalid_argument_whose_field_is_named(
    stub: GRPCInferenceServiceStub, inputs: list[Input], raw: tuple[bytes, ...], field: str, rule: str
) -> None:
    rejection = rejected(lambda: ask(stub, request_of(*inputs, raw=raw)))
    assert rejection.code is grpc.StatusCode.INVALID_ARGUMENT
    assert list(rejection.violations) == [field]
    assert rule in rejection.violations[field]


@pytest.mark.parametrize("names", [["likes"], ["label", "label"], [""], ["label"] * 100_000])
def test_unknown_outputs_are_an_invalid_argument(stub: GRPCInferenceServiceStub, names: list[str]) -> None:
    outputs = [pb.ModelInferRequest.InferRequestedOutputTensor(name=name) for name in names]
    rejection = rejected(lambda: ask(stub, request_of(typed(SONGS), outputs=outputs)))
    assert (rejection.code, rejection.violations) == (grpc.StatusCode.INVALID_ARGUMENT, {"outputs": OUTPUTS_RULE})


CODES = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.RESOURCE_EXHAUSTED}
NUMBERS = st.lists(st.floats() | st.floats(0, 1), max_size=8)
CONTENTS = st.fixed_dictionaries(
    {}, optional={"fp32_contents": NUMBERS, "fp64_contents": NUMBERS, "bytes_contents": st.lists(st.binary())}
)
TENSORS = st.builds(
    lambda contents, **fields: Input(**fields, contents=contents and pb.InferTensorContents(**contents)),
    st.none() | CONTENTS,
    name=st.sampled_from(["features", *FEATURES]) | st.text(),
    datatype=st.sampled_from(["FP32", "FP64", "INT64", ""]) | st.text(),
    shape=st.sampled_from([[1, 4], [2, 4], [2]]) | st.lists(st.integers(-(2**63), 2**63 - 1)),
)


def test_whatever_is_sent_is_answered_or_the_callers_error(stub: GRPCInferenceServiceStub) -> None:
    @settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(TENSORS, max_size=5), st.lists(st.binary(), max_size=5), st.sampled_from(["", "1", "2", "9"]))
    def check(inputs: list[Input], raw: list[bytes], number: str) -> None:
        request = request_of(*inputs, raw=tuple(raw), model_version=number)
        try:
            ask(stub, request)
        except grpc.RpcError as error:
            status: Any = error
            assert status.code() in CODES

    check()


@pytest.mark.parametrize("count", [10_001, 2**63 - 1])
def test_more_songs_than_a_batch_are_too_many_before_anything_is_made_of_them(
    stub: GRPCInferenceServiceStub, count: int
) -> None:
    rejection = rejected(lambda: ask(stub, request_of(described(shape=(count, 4)), raw=(RAW,))))
    text = f"There are {count} songs in the request and at most 10000 are allowed: send several."
    assert rejection == Rejection(grpc.StatusCode.RESOURCE_EXHAUSTED, text, {})


def test_as_many_songs_as_a_batch_may_have_fit_in_every_form(
    stub: GRPCInferenceServiceStub, predictor: Predictor
) -> None:
    songs = np.random.default_rng(1).random((predictor.max_batch_size, 4), dtype=np.float32)
    for inputs, raw in both_forms(songs, "FP64"):
        assert ask(stub, request_of(*inputs, raw=raw)).outputs[0].shape == [len(songs)]


def test_champion_and_challenger_answer_by_their_versions_and_no_other(
    edge: Edge,
    stub: GRPCInferenceServiceStub,
    registry: FakeRegistry,
    challenger: ModelStore,
    challengers: FakeRegistry,
) -> None:
    def asked(number: str) -> str:
        return ask(stub, request_of(typed(SONGS), model_version=number)).model_version

    assert rejected(lambda: asked("2")).code is grpc.StatusCode.NOT_FOUND
    challenger.refresh()
    registry.is_down = challengers.is_down = True
    assert [asked(number) for number in ("", "1", "2")] == ["1", "1", "2"]
    rejection = rejected(lambda: asked("3"))
    text = "Version '3' is not loaded: ask for 1 or 2, or for the champion with none."
    assert rejection == Rejection(grpc.StatusCode.NOT_FOUND, text, {})
    counted = {"label": "dislike", "model_version": "2"}
    assert edge.metrics.registry.get_sample_value("song_preference_predictions_total", counted) == 3


def test_another_model_is_not_found(stub: GRPCInferenceServiceStub) -> None:
    calls: list[Callable[[], object]] = [
        lambda: ask(stub, request_of(typed(SONGS), model_name="other")),
        lambda: stub.ModelReady(pb.ModelReadyRequest(name="other"), timeout=TIMEOUT_SECONDS),
        lambda: stub.ModelReady(pb.ModelReadyRequest(name=MODEL, version="9"), timeout=TIMEOUT_SECONDS),
        lambda: stub.ModelMetadata(pb.ModelMetadataRequest(name="other"), timeout=TIMEOUT_SECONDS),
        lambda: stub.ModelMetadata(pb.ModelMetadataRequest(name=MODEL, version="9"), timeout=TIMEOUT_SECONDS),
    ]
    assert {rejected(call).code for call in calls} == {grpc.StatusCode.NOT_FOUND}


def test_server_and_model_describe_themselves(stub: GRPCInferenceServiceStub, challenger: ModelStore) -> None:
    challenger.refresh()
    server = stub.ServerMetadata(pb.ServerMetadataRequest(), timeout=TIMEOUT_SECONDS)
    assert (server.name, server.version) == ("song-preference", version("song-preference"))
    model = stub.ModelMetadata(pb.ModelMetadataRequest(name=MODEL), timeout=TIMEOUT_SECONDS)
    assert MessageToDict(model) == {
        "name": MODEL,
        "versions": ["1", "2"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "features", "datatype": "FP32", "shape": ["-1", "4"]}],
        "outputs": [
            {"name": "probability", "datatype": "FP32", "shape": ["-1"]},
            {"name": "label", "datatype": "INT64", "shape": ["-1"]},
        ],
    }


def ready(edge: Edge) -> tuple[bool, bool, bool]:
    """Whether the server lives, whether it is ready, and whether the model is."""
    stub = GRPCInferenceServiceStub(edge.channel)
    return (
        stub.ServerLive(pb.ServerLiveRequest(), timeout=TIMEOUT_SECONDS).live,
        stub.ServerReady(pb.ServerReadyRequest(), timeout=TIMEOUT_SECONDS).ready,
        stub.ModelReady(pb.ModelReadyRequest(name=MODEL), timeout=TIMEOUT_SECONDS).ready,
    )


def test_without_a_model_the_server_lives_and_nothing_is_ready(
    edge_without_champion: Edge, registry: FakeRegistry, graph: bytes
) -> None:
    edge = edge_without_champion
    assert ready(edge) == (True, False, False)
    stub = GRPCInferenceServiceStub(edge.channel)
    assert rejected(lambda: ask(stub, request_of(typed(SONGS)))).code is grpc.StatusCode.UNAVAILABLE
    registry.register("1", graph)
    edge.predictor.store.refresh()
    assert ready(edge) == (True, True, True)
    edge.drain()
    assert ready(edge)[:2] == (True, False)


def test_reflection_and_health_know_the_service(edge: Edge) -> None:
    database = ProtoReflectionDescriptorDatabase(edge.channel)
    assert OPEN_INFERENCE == "inference.GRPCInferenceService"
    assert OPEN_INFERENCE in database.get_services()
    described = database.FindFileContainingSymbol(OPEN_INFERENCE)
    assert described.package == "inference"
    answer = edge.health.Check(health_pb2.HealthCheckRequest(service=OPEN_INFERENCE), timeout=TIMEOUT_SECONDS)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_calls_are_counted_and_keep_their_id_and_probes_are_not_counted(
    edge: Edge, stub: GRPCInferenceServiceStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[tuple[str, ...]] = []
    monkeypatch.setattr(edge.metrics, "request", lambda *request: counted.append(request[:3]))
    ready(edge)
    metadata = ((logs.REQUEST_ID, "mine"),)
    for inputs in ([typed(SONGS)], []):
        call: Any = stub.ModelInfer.future(request_of(*inputs), timeout=TIMEOUT_SECONDS, metadata=metadata)
        call.exception()
        assert dict(call.trailing_metadata())[logs.REQUEST_ID] == "mine"
    stub.ModelMetadata(pb.ModelMetadataRequest(name=MODEL), timeout=TIMEOUT_SECONDS)
    assert counted == [
        ("grpc", "ModelInfer", "ok"),
        ("grpc", "ModelInfer", "client_error"),
        ("grpc", "ModelMetadata", "ok"),
    ]


def test_probes_are_answered_while_predictions_run(slow: Slow, start: Start) -> None:
    edge = start(slow)
    answer = GRPCInferenceServiceStub(edge.channel).ModelInfer.future(request_of(typed(SONGS)), timeout=TIMEOUT_SECONDS)
    assert slow.asked.wait(TIMEOUT_SECONDS)
    assert ready(edge) == (True, True, True)
    slow.let.set()
    assert answer.result().model_version == "1"
