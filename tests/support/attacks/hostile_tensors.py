"""Tensors of the Open Inference Protocol that lie about themselves, or are as large as a body may be."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from fastapi_app.inference import HEAD_LENGTH
from song_preference.features import EXAMPLE
from song_preference.serving.inference import MATRIX
from song_preference.settings import ModelSettings
from tests.support.attacks.attack import Target

SONG = list(EXAMPLE.model_dump().values())
NUMBERS = 1_900_000
"""In JSON just below the 8 MB of a body."""

ROUNDS, CONCURRENT = 2, 16


def _tensor(
    shape: object = (1, 4), datatype: object = "FP32", data: object = SONG, **more: object
) -> dict[str, object]:
    return {"name": MATRIX, "shape": shape, "datatype": datatype, "data": data} | more


def _nested(depth: int) -> bytes:
    return json.dumps({"inputs": [_tensor(data="@")]}).encode().replace(b'"@"', b"[" * depth + b"]" * depth)


def _binary(size: int) -> dict[str, object]:
    return {"name": MATRIX, "shape": [1, 4], "datatype": "FP32", "parameters": {"binary_data_size": size}}


TENSORS = [
    _tensor(shape=[2, 4]),
    _tensor(shape=[2**62, 4]),
    _tensor(shape=[2**63 - 1] * 4),
    _tensor(shape=[0] * 100_000),
    _tensor(shape=[-1, 4]),
    _tensor(datatype="BYTES"),
    _tensor(datatype=["FP32"] * 100_000),
    _tensor(data=["0.5"] * 4),
    _tensor(data=[1e308] * 4),
    _tensor(data=[10**400] * 4),
    _tensor(data=[2.0, 0.5, 0.5, 0.5]),
    _tensor(shape=[NUMBERS // 4, 4], data=[0.5] * NUMBERS),
    _tensor(shape=[1, 4], data=[0.5] * NUMBERS),
    _tensor(shape=[1, 4], data=[[]] * NUMBERS),
    _binary(16),
    _binary(2**62),
]
BODIES = [json.dumps({"inputs": [tensor]}).encode() for tensor in TENSORS]
BODIES += [json.dumps({"inputs": [_tensor()] * 100_000}).encode(), _nested(100), _nested(1_000_000)]
BODIES += [json.dumps({"inputs": [_tensor(data=[float("nan")] * 4)]}).encode(), b"", b"\xff" * 100]
HEADS = [{}, {HEAD_LENGTH: "40"}, {HEAD_LENGTH: "9" * 20}]
RAW = [b"\xff" * 16, b"\xff" * 15, b"\xff" * 7_000_000, b""]
"""Bytes that are no songs: NaN, one too few, too many, and none."""

HEAD = json.dumps({"inputs": [_binary(16)]}).encode()


def hostile_tensors(target: Target) -> str:
    """Send each of them several times, many at once, also with a wrong length of the JSON or wrong bytes after it."""
    requests = [(body, head) for body in BODIES for head in HEADS]
    requests += [(HEAD + raw, {HEAD_LENGTH: str(len(HEAD))}) for raw in RAW]
    requests *= ROUNDS
    url = f"{target.rest_url}/v2/models/{ModelSettings().name}/infer"
    with httpx.Client(timeout=120) as http, ThreadPoolExecutor(CONCURRENT) as callers:
        answers = list(callers.map(lambda request: http.post(url, content=request[0], headers=request[1]), requests))
    statuses = Counter(answer.status_code for answer in answers)
    assert max(statuses) < 500, f"Hostile tensors gave {dict(statuses)}."
    assert httpx.codes.OK not in statuses, "A hostile tensor was answered."
    assert all("error" in answer.json() for answer in answers), "An error is not in the protocol's form."
    return f"{len(requests)} hostile tensors, {CONCURRENT} at once: rejected ({dict(sorted(statuses.items()))})."
