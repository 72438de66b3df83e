"""tritonclient: each form of tensor over HTTP and gRPC, the questions about server and model, and what is rejected."""

from types import ModuleType
from typing import Any

import numpy as np
import tritonclient.grpc
import tritonclient.http
from songs import CA_FILE, FEATURES, GRPC_ADDRESS, HAS_TLS, MODEL, REST_URL, ROWS, TRUSTING, answered, report
from tritonclient.grpc import service_pb2
from tritonclient.utils import InferenceServerException

MATRIX = np.array(ROWS)
TYPES = {"FP32": np.float32, "FP64": np.float64}
FORMS = {None: "raw contents", True: "binary", False: "JSON"}


def infer(
    library: ModuleType,
    client: Any,
    arrays: dict[str, Any],
    *,
    binary: bool | None = None,
    model: str = MODEL,
    **options: str,
) -> Any:
    """Ask about tensors; `binary` is for HTTP, where they can be bytes or JSON."""
    form = {} if binary is None else {"binary_data": binary}
    names = {np.dtype(kind): name for name, kind in {**TYPES, "INT64": np.int64}.items()}
    inputs = [library.InferInput(name, array.shape, names[array.dtype]) for name, array in arrays.items()]
    for tensor, array in zip(inputs, arrays.values(), strict=True):
        tensor.set_data_from_numpy(np.ascontiguousarray(array), **form)
    outputs = [library.InferRequestedOutput(name, **form) for name in ("label", "probability")]
    return client.infer(model, inputs, outputs=outputs, **options)


def ask_in_every_form(library: ModuleType, client: Any, protocol: str, *forms: bool | None) -> None:
    """Ask about all songs as one tensor and as four, columns and vectors, in both types."""
    for form in forms:
        for datatype, kind in TYPES.items():
            matrix = MATRIX.astype(kind)
            tensors = {
                "one tensor": {"features": matrix},
                "vectors": {name: matrix[:, at] for at, name in enumerate(FEATURES)},
                "columns": {name: matrix[:, [at]] for at, name in enumerate(FEATURES)},
            }
            for kept, arrays in tensors.items():
                result = infer(library, client, arrays, binary=form)
                way = f"{protocol}, {datatype}, {kept}, {FORMS[form]}"
                answered(way, result.as_numpy("label"), result.as_numpy("probability"))


def check_metadata(client: Any, **as_json: bool) -> None:
    """Ask what the server and the model are."""
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)
    assert client.get_server_metadata(**as_json)["name"]
    model = client.get_model_metadata(MODEL, **as_json)
    assert model["name"] == MODEL
    assert client.is_model_ready(MODEL, model["versions"][0])
    outputs = {found["name"]: found["datatype"] for found in model["outputs"]}
    assert outputs == {"probability": "FP32", "label": "INT64"}


def check_rejections(library: ModuleType, client: Any, not_found: str, invalid: str) -> None:
    """Ask what cannot be answered; each error has the protocol's status and says what is wrong."""
    matrix = MATRIX.astype(np.float32)
    unasked: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        (not_found, {"features": matrix}, {"model": "another_model"}),
        (not_found, {"features": matrix}, {"model_version": "99999"}),
        (invalid, {"features": matrix[:, :3]}, {}),
        (invalid, {"features": matrix.astype(np.int64)}, {}),
        (invalid, {"features": matrix + 2}, {}),
        (invalid, {"features": matrix * np.nan}, {}),
        (invalid, {"tempo": matrix}, {}),
        (invalid, dict.fromkeys(FEATURES[:3], matrix[:, 0]), {}),
    ]
    for status, arrays, options in unasked:
        found = "answered"
        try:
            infer(library, client, arrays, **options)
        except InferenceServerException as error:
            found = error.status() if error.message() else "without a message"
        assert found == status, (list(arrays), options, found)


def ask_with_typed_contents(client: Any) -> None:
    """Ask over gRPC with values in `contents`, as other clients than this one send them."""
    tensor = service_pb2.ModelInferRequest.InferInputTensor(
        name="features", datatype="FP32", shape=MATRIX.shape, contents={"fp32_contents": MATRIX.ravel()}
    )
    request = service_pb2.ModelInferRequest(model_name=MODEL, inputs=[tensor])
    outputs = {output.name: output.contents for output in client._client_stub.ModelInfer(request).outputs}
    answered("gRPC, typed contents", outputs["label"].int64_contents, outputs["probability"].fp32_contents)


with tritonclient.http.InferenceServerClient(
    REST_URL.partition("://")[2], ssl=HAS_TLS, ssl_context_factory=lambda: TRUSTING
) as http:
    check_metadata(http)
    ask_in_every_form(tritonclient.http, http, "HTTP", True, False)
    check_rejections(tritonclient.http, http, "404", "400")
with tritonclient.grpc.InferenceServerClient(GRPC_ADDRESS, ssl=HAS_TLS, root_certificates=CA_FILE) as rpc:
    check_metadata(rpc, as_json=True)
    ask_in_every_form(tritonclient.grpc, rpc, "gRPC", None)
    ask_with_typed_contents(rpc)
    check_rejections(tritonclient.grpc, rpc, "StatusCode.NOT_FOUND", "StatusCode.INVALID_ARGUMENT")
report()
