"""The Open Inference Protocol over HTTP."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastapi_app.app import create_app
from song_preference.features import FEATURES
from song_preference.serving.inference import INPUTS_RULE, OUTPUTS_RULE
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings
from tests.support.registry import FakeRegistry
from tests.support.rest import MAX_BATCH_SIZE
from tests.support.songs import SONG

MODEL = "/v2/models/spotify_model_prod"
INFER = f"{MODEL}/infer"
HEAD = "Inference-Header-Content-Length"
ROWS = [list(SONG.values()), [0.1, 0.2, 0.9, 0.4]]
MATRIX = {"name": "features", "shape": [2, 4], "datatype": "FP32", "data": ROWS}


def fault_of(response: Response, status: int = 400) -> str:
    """The protocol's error, which is whole."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    assert response.headers["x-request-id"]
    body = response.json()
    assert list(body) == ["error"]
    return str(body["error"])


def with_tensors(rest: TestClient, head: Mapping[str, Any], *tensors: bytes, length: object = None) -> Response:
    text = json.dumps(head).encode()
    return rest.post(INFER, content=text + b"".join(tensors), headers={HEAD: str(length or len(text))})


def test_the_server_and_its_model_describe_themselves(rest: TestClient) -> None:
    server = rest.get("/v2").json()
    assert (server["name"], server["extensions"]) == ("song-preference", ["binary_tensor_data"])
    assert server["version"] == rest.get("/openapi.json").json()["info"]["version"]
    expected = {
        "name": "spotify_model_prod",
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "features", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [
            {"name": "probability", "datatype": "FP32", "shape": [-1]},
            {"name": "label", "datatype": "INT64", "shape": [-1]},
        ],
    }
    assert rest.get(MODEL).json() == rest.get(f"{MODEL}/versions/1").json() == expected


def test_probes_are_true_with_a_model(rest: TestClient) -> None:
    assert rest.get("/v2/health/live").json() == {"live": True}
    assert rest.get("/v2/health/ready").json() == {"ready": True}
    for path in (f"{MODEL}/ready", f"{MODEL}/versions/1/ready"):
        assert rest.get(path).json() == {"name": "spotify_model_prod", "ready": True}


def test_without_a_model_only_the_process_lives(rest_without_champion: TestClient) -> None:
    rest = rest_without_champion
    assert rest.get("/v2/health/live").json() == {"live": True}
    for path in ("/v2/health/ready", f"{MODEL}/ready", f"{MODEL}/versions/1/ready"):
        response = rest.get(path)
        assert (response.status_code, response.json()["ready"]) == (503, False)
    assert "No champion" in fault_of(rest.get(MODEL), 503)
    assert "No champion" in fault_of(rest.post(INFER, json={"inputs": [MATRIX]}), 503)


@pytest.mark.parametrize("path", [INFER, f"{MODEL}/versions/1/infer"])
def test_tensors_in_json_are_answered_in_json(rest: TestClient, predictor: Predictor, path: str) -> None:
    expected = predictor.predict_rows(np.array(ROWS, np.float32))
    answer = rest.post(path, json={"id": "mine", "inputs": [MATRIX]})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "model_name": "spotify_model_prod",
        "model_version": "1",
        "id": "mine",
        "outputs": [
            {"name": "probability", "datatype": "FP32", "shape": [2], "data": expected.probability.tolist()},
            {"name": "label", "datatype": "INT64", "shape": [2], "data": expected.liked.astype(int).tolist()},
        ],
    }


def test_a_tensor_for_each_feature_is_answered_alike(rest: TestClient) -> None:
    inputs = [
        {"name": name, "shape": [2, 1], "datatype": "FP64", "data": [row[at] for row in ROWS]}
        for at, name in enumerate(FEATURES)
    ]
    answer = rest.post(INFER, json={"inputs": inputs[::-1]}).json()
    assert "id" not in answer
    assert answer == rest.post(INFER, json={"inputs": [MATRIX]}).json()


def test_what_a_client_leaves_null_is_left_out(rest: TestClient) -> None:
    tensor = MATRIX | {"parameters": None}
    sent = {"id": None, "parameters": None, "outputs": None, "inputs": [tensor], "more": {"a": 1}}
    assert rest.post(INFER, json=sent).json() == rest.post(INFER, json={"inputs": [MATRIX]}).json()


def binary(kind: str, datatype: str, columns: bool) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Inputs whose numbers follow the JSON, and these."""
    values = np.array(ROWS, kind)
    arrays = dict(zip(FEATURES, values.T, strict=True)) if columns else {"features": values}
    inputs = [
        {"name": name, "shape": found.shape, "datatype": datatype, "parameters": {"binary_data_size": found.nbytes}}
        for name, found in arrays.items()
    ]
    return inputs, [found.tobytes() for found in arrays.values()]


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize(("kind", "datatype"), [("<f4", "FP32"), ("<f8", "FP64")])
def test_binary_tensors_are_answered_in_binary(rest: TestClient, kind: str, datatype: str, columns: bool) -> None:
    expected = rest.post(INFER, json={"inputs": [MATRIX]}).json()["outputs"]
    inputs, tensors = binary(kind, datatype, columns)
    answer = with_tensors(rest, {"inputs": inputs, "parameters": {"binary_data_output": True}}, *tensors)
    assert answer.headers["content-type"] == "application/octet-stream"
    length = int(answer.headers[HEAD])
    probability, label = json.loads(answer.content[:length])["outputs"]
    assert probability["parameters"] == {"binary_data_size": 8}
    assert label["parameters"] == {"binary_data_size": 16}
    assert np.frombuffer(answer.content[length : length + 8], "<f4").tolist() == expected[0]["data"]
    assert np.frombuffer(answer.content[length + 8 :], "<i8").tolist() == expected[1]["data"]


@pytest.mark.parametrize(
    ("by_default", "outputs", "in_binary"),
    [
        (False, [{"name": "label", "parameters": {"binary_data": True}}, {"name": "probability"}], ["label"]),
        (True, [{"name": "label", "parameters": {"binary_data": False}}, {"name": "probability"}], ["probability"]),
        (True, [{"name": "label"}], ["label"]),
        (False, [{"name": "label", "parameters": {"binary_data": None}}], []),
        (False, [], []),
    ],
)
def test_each_output_is_binary_if_wanted(
    rest: TestClient, by_default: bool, outputs: list[dict[str, Any]], in_binary: list[str]
) -> None:
    sent = {"inputs": [MATRIX], "outputs": outputs, "parameters": {"binary_data_output": by_default}}
    answer = rest.post(INFER, json=sent)
    found = json.loads(answer.content[: int(answer.headers.get(HEAD, len(answer.content)))])["outputs"]
    if outputs:
        assert [output["name"] for output in found] == [output["name"] for output in outputs]
    assert [output["name"] for output in found if "data" not in output] == in_binary


def test_challenger_and_champion_answer_by_version(
    registry: FakeRegistry, graph: bytes, rest_settings: RestSettings
) -> None:
    challengers = FakeRegistry()
    challengers.register("2", graph)
    challenger = ModelStore(challengers, 60, "spotify_model_prod")
    registry.register("1", graph)
    store = ModelStore(registry, 60, "spotify_model_prod", challenger=challenger)
    store.refresh()
    challenger.refresh()
    rest = TestClient(create_app(SongSearch(None, Predictor(store)), rest_settings))
    registry.is_down = challengers.is_down = True
    assert rest.get(MODEL).json()["versions"] == ["1", "2"]
    for version in ("1", "2"):
        answer = rest.post(f"{MODEL}/versions/{version}/infer", json={"inputs": [MATRIX]}).json()
        assert answer["model_version"] == version
    for path in ("", "/ready"):
        assert "ask for 1 or 2" in fault_of(rest.get(f"{MODEL}/versions/3{path}"), 404)
    assert "ask for 1 or 2" in fault_of(rest.post(f"{MODEL}/versions/3/infer", json={"inputs": [MATRIX]}), 404)


@pytest.mark.parametrize("path", ["", "/ready", "/versions/1", "/versions/1/ready"])
def test_another_model_is_not_found(rest: TestClient, path: str) -> None:
    assert "ask for 'spotify_model_prod'" in fault_of(rest.get(f"/v2/models/other{path}"), 404)


def test_bytes_that_are_no_unicode_name_no_model(rest: TestClient) -> None:
    fault_of(rest.get("/v2/models/%ED%A0%80/ready"), 404)
    fault_of(rest.get(f"{MODEL}/versions/%ED%A0%80"), 404)


def test_unknown_paths_and_methods_have_the_protocols_error(rest: TestClient) -> None:
    fault_of(rest.get("/v2/nothing"), 404)
    fault_of(rest.get(INFER), 405)
    assert rest.get("/v2nothing").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "body: must be JSON"),
        (b"{", "body: must be JSON"),
        (b"[]", "body: "),
        (b'"\xff"', "body: must be JSON"),
        (b'{"id": "\\ud800", "inputs": []}', "body: must be JSON"),
        (b"[" * 100_000, "body: must be JSON"),
        (b'{"a":' * 100_000, "body: must be JSON"),
        (b'{"inputs": [{"data":' + b"[" * 100_000, "body: must be JSON"),
        (b"{}", f"inputs: {INPUTS_RULE}"),
        (b'{"inputs": {}}', f"inputs: {INPUTS_RULE}"),
        (b'{"inputs": [' + b"{}," * 100_000 + b"{}]}", f"inputs: {INPUTS_RULE}"),
        (b'{"inputs": [], "id": 7}', "id: "),
        (b'{"inputs": [], "outputs": [{}]}', "outputs.0.name: Field required"),
        (b'{"inputs": [], "parameters": 7}', "parameters: "),
        (b'{"inputs": [], "parameters": {"binary_data_output": 1}}', "parameters.binary_data_output: "),
    ],
)
def test_what_is_no_request_is_the_callers_error(rest: TestClient, content: bytes, fault: str) -> None:
    found = fault_of(rest.post(INFER, content=content))
    assert found.startswith(fault)
    assert len(found) < 400


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"shape": [2, -4]}, "inputs.0.shape: must be a list of integers from 0 on"),
        ({"shape": [2.0, 4]}, "inputs.0.shape: must be a list of integers from 0 on"),
        ({"shape": [True, 4]}, "inputs.0.shape: must be a list of integers from 0 on"),
        ({"shape": ["2", 4]}, "inputs.0.shape: must be a list of integers from 0 on"),
        ({"shape": [2**63, 4]}, "inputs.0.shape: must be a list of integers from 0 on"),
        ({"shape": 8}, "inputs.0.shape: must be a list of integers from 0 on"),
        ({"shape": [MAX_BATCH_SIZE + 1, 4]}, f"There are {MAX_BATCH_SIZE + 1} songs in the request"),
        ({"datatype": None}, "inputs.0.datatype: "),
        ({"data": [0.5] * 7}, "inputs.features.data: must be 8 numbers"),
        ({"data": [[0.5] * 4, [0.5] * 3]}, "inputs.features.data: must be 8 numbers"),
        ({"data": [[[0.5] * 4] * 2]}, "inputs.features.data: must be 8 numbers"),
        ({"data": ["0.5"] * 8}, "inputs.features.data: must be 8 numbers"),
        ({"data": [True] * 8}, "inputs.features.data: must be 8 numbers"),
        ({"data": [None] * 8}, "inputs.features.data: must be 8 numbers"),
        ({"data": [[0.5] * 4, [0.5, 0.5, 0.5, "0.5"]]}, "inputs.features.data: must be 8 numbers"),
        ({"data": [0.5] * 7 + [True]}, "inputs.features.data: must be 8 numbers"),
        ({"data": 0.5}, "inputs.0.data: must be a list of numbers"),
        ({"data": [0.5] * 7 + [1.5]}, "inputs.1.acousticness: must be a number from 0 to 1"),
        ({"data": [0.5] * 7 + [float("nan")]}, "inputs.1.acousticness: must be a number from 0 to 1"),
        ({"data": [0.5] * 7 + [10**400]}, "inputs."),
        ({"data": None}, "inputs.0: must have either data or the parameter binary_data_size"),
        ({"parameters": {"binary_data_size": 32}}, "inputs.0: must have either data or"),
        ({"parameters": {"binary_data_size": -1}}, "inputs.0.parameters: "),
        ({"parameters": {"binary_data_size": "32"}}, "inputs.0.parameters: "),
        (
            {"data": None, "parameters": {"binary_data_size": 10**30}},
            "inputs: must have binary_data_size of 0 together",
        ),
    ],
)
def test_a_hostile_tensor_is_the_callers_error(rest: TestClient, changed: dict[str, Any], fault: str) -> None:
    content = json.dumps({"inputs": [MATRIX | changed]})
    assert fault_of(rest.post(INFER, content=content)).startswith(fault)


@pytest.mark.parametrize(
    ("sizes", "tensors", "length"),
    [
        ([32], b"", None),
        ([32], b"\0" * 31, None),
        ([32], b"\0" * 33, None),
        ([31], b"\0" * 31, None),
        ([2**70], b"\0" * 32, None),
        ([32], b"\0" * 32, "-1"),
        ([32], b"\0" * 32, "1e3"),
        ([32], b"\0" * 32, "9" * 5_000),
        ([32], b"\0" * 32, 10**6),
        ([32], b"\0" * 32, 1),
        ([32, 0], b"\0" * 32, None),
        ([0], b"", None),
    ],
)
def test_sizes_that_lie_are_the_callers_error(rest: TestClient, sizes: list[int], tensors: bytes, length: Any) -> None:
    inputs = [
        {"name": "features", "shape": [2, 4], "datatype": "FP32", "parameters": {"binary_data_size": size}}
        for size in sizes
    ]
    fault_of(with_tensors(rest, {"inputs": inputs}, tensors, length=length))


def test_bytes_that_are_no_songs_are_the_callers_error(rest: TestClient) -> None:
    inputs, _ = binary("<f4", "FP32", columns=False)
    assert "must be a number from 0 to 1" in fault_of(with_tensors(rest, {"inputs": inputs}, b"\xff" * 32))


@pytest.mark.parametrize("names", [["likes"], ["label", "label"], ["label"] * 100_000])
def test_unknown_outputs_are_the_callers_error(rest: TestClient, names: list[str]) -> None:
    sent = {"inputs": [MATRIX], "outputs": [{"name": name} for name in names]}
    assert fault_of(rest.post(INFER, json=sent)).startswith(f"outputs: {OUTPUTS_RULE}")


def test_the_documented_example_works(rest: TestClient) -> None:
    described = rest.get("/openapi.json").json()["paths"]["/v2/models/{name}/infer"]["post"]
    example = described["requestBody"]["content"]["application/json"]["example"]
    assert rest.post(INFER, json=example).status_code == 200
    assert list(described["responses"]["default"]["content"]) == ["application/json"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "shape", "data", "x"]), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(["name", "shape", "datatype", "data", "parameters"])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(changed=st.dictionaries(FIELDS, ANYTHING, max_size=2), more=st.dictionaries(st.text(max_size=5), ANYTHING))
def test_no_request_is_too_strange(quiet: TestClient, changed: dict[str, Any], more: dict[str, Any]) -> None:
    response = quiet.post(INFER, content=json.dumps({"inputs": [MATRIX | changed], **more}))
    if response.status_code != 200:
        fault_of(response)
