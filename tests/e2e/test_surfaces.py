"""The same songs through every surface of every service: the same numbers, to the last bit."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from urllib.parse import urljoin

import grpc
import httpx
import mlflow
import numpy as np
import pandas as pd
import pytest

from song_preference.clients import ask_all, clients
from song_preference.features import EXAMPLE, FEATURES, Song
from song_preference.open_inference import inference_pb2 as oip
from song_preference.open_inference.inference_pb2_grpc import GRPCInferenceServiceStub
from song_preference.serving.registry import following_champion
from song_preference.settings import ClientSettings, ServingSettings
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1.prediction_pb2_grpc import PredictionServiceStub

PATIENCE_SECONDS = 60
EXPLAINED = 12
Answers = list[tuple[bool, float]]

CORNERS = [dict(zip(FEATURES, corner, strict=True)) for corner in product((0.0, 1.0), repeat=4)]
INSIDE = [dict(zip(FEATURES, row, strict=True)) for row in np.random.default_rng(0).random((983, 4)).round(3).tolist()]
SONGS = [EXAMPLE.model_dump(), *CORNERS, *INSIDE]
MATRIX = np.array([list(song.values()) for song in SONGS])
HEAD_LENGTH = "Inference-Header-Content-Length"
MESSAGES = [pb.Song(**song) for song in SONGS]


@pytest.fixture(scope="module")
def expected(environment: dict[str, str]) -> Answers:
    """The answers of the champion as MLflow itself loads it, once every service serves that one."""
    name, alias = environment["MODEL_NAME"], environment["MODEL_ALIAS"]
    version = mlflow.MlflowClient().get_model_version_by_alias(name, alias).version
    answers = ask_all(clients(ClientSettings()), EXAMPLE, PATIENCE_SECONDS)
    assert {answer.model.version for answer in answers.values()} == {str(version)}
    rows = mlflow.pyfunc.load_model(f"models:/{name}@{alias}").predict(pd.DataFrame(SONGS))
    return list(zip(map(bool, rows["label"]), map(float, rows["probability"]), strict=True))


@pytest.fixture(scope="module")
def http(environment: dict[str, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=environment["FASTAPI_URL"], timeout=PATIENCE_SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def stub(environment: dict[str, str]) -> Iterator[PredictionServiceStub]:
    with grpc.insecure_channel(environment["GRPC_ADDRESS"]) as channel:
        yield PredictionServiceStub(channel)


def answers_of(answers: Any) -> Answers:
    """Return what JSON answers for each song."""
    assert [answer["label"] for answer in answers] == ["like" if answer["liked"] else "dislike" for answer in answers]
    return [(answer["liked"], answer["probability"]) for answer in answers]


def answers_of_messages(answers: Any) -> Answers:
    """Return what gRPC answers for each song."""
    return [(answer.liked, answer.probability) for answer in answers]


def query(http: httpx.Client, text: str, **variables: Any) -> Any:
    body = http.post("/graphql", json={"query": text, "variables": variables}).json()
    assert "errors" not in body
    return body["data"]


def rest(http: httpx.Client) -> Answers:
    return answers_of([http.post("/predict", json=song).json() for song in SONGS])


def rest_batch(http: httpx.Client) -> Answers:
    return answers_of(http.post("/predict/batch", json={"songs": SONGS}).json()["predictions"])


def rest_csv(http: httpx.Client) -> Answers:
    table = pd.DataFrame(SONGS).to_csv(index=False)
    answer = http.post("/predict/csv", content=table, headers={"Content-Type": "text/csv"})
    rows = csv.DictReader(io.StringIO(answer.text))
    # As text, a probability has as many digits as a float32 needs.
    return [(row["label"] == "like", float(np.float32(row["probability"]))) for row in rows]


def graphql(http: httpx.Client) -> Answers:
    text = "query ($song: SongInput!) { predict(song: $song) { label liked probability } }"
    return answers_of([query(http, text, song=song)["predict"] for song in SONGS])


def graphql_batch(http: httpx.Client) -> Answers:
    text = "query ($songs: [SongInput!]!) { predictBatch(songs: $songs) { answers { label liked probability } } }"
    return answers_of(query(http, text, songs=SONGS)["predictBatch"]["answers"])


def answers_of_outputs(outputs: Any) -> Answers:
    """Return what the Open Inference Protocol answers for each song."""
    probability, label = outputs
    return list(zip(map(bool, label["data"]), probability["data"], strict=True))


def model_path(http: httpx.Client) -> str:
    return f"/v2/models/{http.get('/model').json()['name']}"


def tensor(http: httpx.Client) -> Answers:
    inputs = [{"name": "features", "shape": MATRIX.shape, "datatype": "FP64", "data": MATRIX.tolist()}]
    model = model_path(http)
    version = http.get(model).json()["versions"][0]
    return answers_of_outputs(http.post(f"{model}/versions/{version}/infer", json={"inputs": inputs}).json()["outputs"])


def tensor_for_each_feature(http: httpx.Client) -> Answers:
    inputs = [
        {"name": name, "shape": values.shape, "datatype": "FP32", "data": values.tolist()}
        for name, values in zip(FEATURES, MATRIX.T, strict=True)
    ]
    return answers_of_outputs(http.post(f"{model_path(http)}/infer", json={"inputs": inputs}).json()["outputs"])


def binary_tensor(http: httpx.Client) -> Answers:
    sent = MATRIX.astype("<f4").tobytes()
    inputs = [
        {
            "name": "features",
            "shape": MATRIX.shape,
            "datatype": "FP32",
            "parameters": {"binary_data_size": len(sent)},
        }
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    answer = http.post(f"{model_path(http)}/infer", content=head + sent, headers={HEAD_LENGTH: str(len(head))})
    received = answer.content[int(answer.headers[HEAD_LENGTH]) :]
    probability = np.frombuffer(received[: 4 * len(SONGS)], "<f4").tolist()
    return list(zip(map(bool, np.frombuffer(received[4 * len(SONGS) :], "<i8")), probability, strict=True))


def answers_of_mlflow(answer: httpx.Response) -> Answers:
    return [(bool(found["label"]), found["probability"]) for found in answer.json()["predictions"]]


def invocations(http: httpx.Client) -> Answers:
    split = {"columns": FEATURES, "data": MATRIX.tolist()}
    return answers_of_mlflow(http.post("/invocations", json={"dataframe_split": split}))


def invocations_csv(http: httpx.Client) -> Answers:
    table = pd.DataFrame(SONGS).to_csv(index=False)
    return answers_of_mlflow(http.post("/invocations", content=table, headers={"Content-Type": "text/csv"}))


SURFACES = [
    rest,
    rest_batch,
    rest_csv,
    graphql,
    graphql_batch,
    tensor,
    tensor_for_each_feature,
    binary_tensor,
    invocations,
    invocations_csv,
]


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_of_http(
    expected: Answers, http: httpx.Client, surface: Callable[[httpx.Client], Answers]
) -> None:
    assert surface(http) == expected


def grpc_each(stub: PredictionServiceStub) -> Answers:
    return answers_of_messages(stub.Predict(pb.PredictRequest(song=song)) for song in MESSAGES)


def grpc_batch(stub: PredictionServiceStub) -> Answers:
    return answers_of_messages(stub.PredictBatch(pb.PredictBatchRequest(songs=MESSAGES)).answers)


def grpc_stream(stub: PredictionServiceStub) -> Answers:
    answers = stub.PredictStream(pb.PredictStreamRequest(song=song) for song in MESSAGES)
    return answers_of_messages(answer.answer for answer in answers)


@pytest.mark.parametrize("surface", [grpc_each, grpc_batch, grpc_stream])
def test_every_surface_of_grpc(
    expected: Answers, stub: PredictionServiceStub, surface: Callable[[PredictionServiceStub], Answers]
) -> None:
    assert surface(stub) == expected


def test_tensors_over_grpc(expected: Answers, environment: dict[str, str]) -> None:
    inputs = [
        oip.ModelInferRequest.InferInputTensor(
            name="features",
            datatype="FP32",
            shape=MATRIX.shape,
            contents=oip.InferTensorContents(fp32_contents=MATRIX.ravel()),
        )
    ]
    request = oip.ModelInferRequest(model_name=environment["MODEL_NAME"], inputs=inputs)
    with grpc.insecure_channel(environment["GRPC_ADDRESS"]) as channel:
        probability, label = GRPCInferenceServiceStub(channel).ModelInfer(request).outputs
    answers = zip(map(bool, label.contents.int64_contents), probability.contents.fp32_contents, strict=True)
    assert list(answers) == expected


def test_the_predictor_that_the_dashboard_holds(expected: Answers) -> None:
    own = following_champion(ServingSettings())
    own.store.refresh()
    batch = own.predict_batch([Song(**song) for song in SONGS])
    assert list(zip(batch.liked.tolist(), batch.probability.tolist(), strict=True)) == expected


def test_every_explanation(expected: Answers, http: httpx.Client, stub: PredictionServiceStub) -> None:
    text = """query ($song: SongInput!) {
      explain(song: $song) { base prediction { liked probability } contributions { feature value } } }"""
    for song, message, answer in zip(SONGS[:EXPLAINED], MESSAGES, expected, strict=False):
        over_rest = http.post("/explain", json=song).json()
        over_graphql = query(http, text, song=song)["explain"]
        over_grpc = stub.Explain(pb.ExplainRequest(song=message))
        explained = [
            ((over_rest["liked"], over_rest["probability"]), over_rest["base"], over_rest["contributions"]),
            (
                tuple(over_graphql["prediction"].values()),
                over_graphql["base"],
                {found["feature"]: found["value"] for found in over_graphql["contributions"]},
            ),
            (
                (over_grpc.answer.liked, over_grpc.answer.probability),
                over_grpc.base,
                {name: getattr(over_grpc.contributions, name) for name in FEATURES},
            ),
        ]
        assert explained[0] == explained[1] == explained[2]
        assert explained[0][0] == answer
        assert sum(over_rest["contributions"].values()) == pytest.approx(answer[1] - over_rest["base"], abs=1e-6)


@pytest.mark.parametrize("page", ["/graphql", "/docs", "/redoc"])
def test_every_file_that_a_page_names_comes_from_the_service(http: httpx.Client, page: str) -> None:
    html = http.get(page, headers={"Accept": "text/html"}).text
    named = [urljoin(page, address) for address in re.findall(r'(?:src|href)="(?!data:|#)([^"]+)"', html)]
    assert any(address.partition("?")[0].endswith(".js") for address in named)
    assert all(address.startswith("/") for address in named)
    assert {http.get(address).status_code for address in named} == {httpx.codes.OK}
