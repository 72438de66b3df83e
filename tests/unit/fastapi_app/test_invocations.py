"""MLflow's scoring protocol, beside MLflow's own server for the same model."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import mlflow
import onnx
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow.pyfunc import scoring_server

from song_preference.features import FEATURES
from song_preference.training.registry import SIGNATURE
from tests.support.rest import MAX_BATCH_SIZE
from tests.support.songs import SONG

PATH = "/invocations"
JSON, CSV = {"Content-Type": "application/json"}, {"Content-Type": "text/csv"}
NAMES = list(FEATURES)
ROWS: list[list[Any]] = [list(SONG.values()), [0.1, 0.2, 0.9, 0.4], [1, 0, 1, 0]]
RECORDS: list[dict[str, Any]] = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
COLUMNS = {name: [row[at] for row in ROWS] for at, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def original(graph: bytes, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """MLflow's server, with the model as it is registered."""
    path = str(tmp_path_factory.mktemp("model") / "model")
    model = onnx.load_from_string(graph)
    mlflow.onnx.save_model(model, path, signature=SIGNATURE, pip_requirements=["onnx"])
    return TestClient(scoring_server.init(mlflow.pyfunc.load_model(path)))


def table(rows: Sequence[Any], *, names: list[str] = NAMES, end: str = "\n") -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([names, *rows])
    return text.getvalue()


def fault_of(response: Response, status: int = 400, code: str = "BAD_REQUEST") -> str:
    """The message of MLflow's error, which is whole."""
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    assert response.headers["x-request-id"]
    body = response.json()
    assert list(body) == ["error_code", "message"]
    assert body["error_code"] == code
    return str(body["message"])


@pytest.mark.parametrize("path", ["/ping", "/version"])
def test_probes_answer_as_mlflows(rest: TestClient, original: TestClient, path: str) -> None:
    ours, theirs = rest.get(path), original.get(path)
    assert (ours.status_code, ours.text) == (theirs.status_code, theirs.text)
    assert ours.headers["content-type"] == theirs.headers["content-type"]


def test_without_a_model_a_ping_fails_as_mlflows(rest_without_champion: TestClient) -> None:
    assert rest_without_champion.get("/ping").status_code == 404
    unready = rest_without_champion.post(PATH, json={"inputs": RECORDS})
    assert "No champion" in fault_of(unready, 503, "TEMPORARILY_UNAVAILABLE")


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": NAMES, "data": ROWS}},
        {"dataframe_split": {"columns": NAMES[::-1], "index": [7, 8, 9], "data": [row[::-1] for row in ROWS]}},
        {"dataframe_split": {"columns": ["title", *NAMES], "data": [["Intro", *row] for row in ROWS]}},
        {"dataframe_split": {"columns": NAMES, "data": []}},
        {"dataframe_records": RECORDS},
        {"dataframe_records": [{**record, "title": "Intro"} for record in RECORDS]},
        {"instances": RECORDS},
        {"instances": COLUMNS},
        {"instances": SONG},
        {"inputs": COLUMNS},
        {"inputs": RECORDS},
        {"inputs": SONG},
        {"inputs": COLUMNS, "params": None, "more": 3},
    ],
)
def test_every_form_of_json_is_answered_as_by_mlflow(
    rest: TestClient, original: TestClient, body: dict[str, Any]
) -> None:
    ours, theirs = rest.post(PATH, json=body), original.post(PATH, json=body)
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())
    assert ours.headers["content-type"] == theirs.headers["content-type"]


@pytest.mark.parametrize(
    "text",
    [
        table(ROWS),
        table(ROWS, end="\r\n").rstrip(),
        table([row[::-1] for row in ROWS], names=NAMES[::-1]),
        table([[at, *row, 'a "b", c\nd'] for at, row in enumerate(ROWS)], names=["", *NAMES, "title"]),
        table([]),
        "\ufeff" + table(ROWS).replace("\n", "\n\n"),
    ],
)
@pytest.mark.parametrize("kind", ["text/csv", "text/csv; charset=utf-8"])
def test_a_csv_is_answered_as_by_mlflow(rest: TestClient, original: TestClient, text: str, kind: str) -> None:
    ours, theirs = (
        client.post(PATH, content=text.encode(), headers={"Content-Type": kind}) for client in (rest, original)
    )
    assert (ours.status_code, ours.json()) == (theirs.status_code, theirs.json())


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=latin-1", "multipart/form-data; boundary=x"])
def test_another_content_type_is_rejected_as_by_mlflow(rest: TestClient, original: TestClient, kind: str) -> None:
    ours, theirs = (client.post(PATH, content=b"{}", headers={"Content-Type": kind}) for client in (rest, original))
    assert ours.status_code == theirs.status_code == 415
    assert ours.headers["content-type"] == theirs.headers["content-type"]
    assert rest.post(PATH, content=b"{}").status_code == 415


REJECTED_BY_BOTH: list[Any] = [
    {},
    [],
    3,
    None,
    {"inputs": COLUMNS, "instances": RECORDS},
    {"instances": ROWS},
    {"inputs": ROWS},
    {"inputs": {}},
    {"inputs": {"energy": [0.5]}},
    {"inputs": {**COLUMNS, "energy": [0.5]}},
    {"inputs": None},
    {"dataframe_records": SONG},
    {"dataframe_records": "songs"},
    {"dataframe_records": [{**SONG, "energy": []}]},
    {"dataframe_split": ROWS},
    {"dataframe_split": {"data": ROWS}},
    {"dataframe_split": {"columns": NAMES}},
    {"dataframe_split": {"columns": NAMES, "data": [[0.5] * 3]}},
    {"dataframe_split": {"columns": NAMES[:3], "data": [[0.5] * 3]}},
    {"dataframe_split": {"columns": NAMES, "data": [["loud", 0.5, 0.5, 0.5]]}},
]


@pytest.mark.parametrize("body", REJECTED_BY_BOTH)
def test_what_mlflow_rejects_is_the_callers_error(rest: TestClient, original: TestClient, body: Any) -> None:
    content = json.dumps(body)
    assert original.post(PATH, content=content, headers=JSON).status_code == 400
    assert len(fault_of(rest.post(PATH, content=content, headers=JSON))) < 300


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan"), float("inf"), None, True, "0.5", 10**400, [0.5], {}])
@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split", "inputs"])
def test_no_song_without_four_numbers_in_range_is_answered(rest: TestClient, form: str, value: Any) -> None:
    record = {**SONG, "energy": value}
    split = {"columns": list(record), "data": [list(record.values())]}
    body = {form: split if form == "dataframe_split" else [record]}
    message = fault_of(rest.post(PATH, content=json.dumps(body), headers=JSON))
    assert message == f"{form}.0.energy: must be a number from 0 to 1"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'"\xff"', b"[" * 100_000, b'{"inputs":' + b"[" * 100_000, b'{"a": "\\ud800"}', b'{"a":' * 10**5],
)
def test_what_is_no_json_is_the_callers_error(rest: TestClient, content: bytes) -> None:
    assert fault_of(rest.post(PATH, content=content, headers=JSON)).startswith("body: must be JSON")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "body: must have columns"),
        ("speechiness,energy\n0.1,0.2\n", "body: must have columns"),
        (table(ROWS, names=[*NAMES[:3], "energy"]), "body: must have columns"),
        (table([[0.5] * 3]), "body: must have columns"),
        (table([[0.5] * 5]), "body: must have columns"),
        (table([["loud", 0, 0, 0]]), "body.0.speechiness: must be a number from 0 to 1"),
        (table([ROWS[0], ["nan", 0, 0, 0]]), "body.1.speechiness: must be a number from 0 to 1"),
        (table([["0_1", 0, 0, 0]]), "body.0.speechiness: must be a number from 0 to 1"),
        (table([["", 0, 0, 1.5]]), "body.0.speechiness: must be a number from 0 to 1"),
        (table(ROWS).replace(",", ";"), "body: must have columns"),
        (table([[0, 0, 0, '"' * 200_000]]), "body: must be CSV"),
        (table(ROWS) + '"', "body: must be CSV"),
        (",".join(map(str, range(200_000))) + "\n" * 200_000, "body: must have columns"),
    ],
)
def test_what_is_no_csv_of_songs_is_the_callers_error(rest: TestClient, text: str, fault: str) -> None:
    assert fault_of(rest.post(PATH, content=text.encode(), headers=CSV)).startswith(fault)


def test_bytes_that_are_no_utf_8_are_the_callers_error(rest: TestClient) -> None:
    assert fault_of(rest.post(PATH, content=b"\xff\xfe", headers=CSV)).startswith("body: must be CSV in UTF-8")


@pytest.mark.parametrize("count", [MAX_BATCH_SIZE, MAX_BATCH_SIZE + 1, 100_000])
def test_songs_are_bounded(rest: TestClient, count: int) -> None:
    bodies: list[tuple[dict[str, str], str]] = [
        (JSON, json.dumps({"dataframe_split": {"columns": NAMES, "data": [[0] * 4] * count}})),
        (JSON, json.dumps({"inputs": dict.fromkeys(NAMES, [0] * count)})),
        (CSV, table([[0] * 4] * count)),
    ]
    for headers, content in bodies:
        response = rest.post(PATH, content=content, headers=headers)
        if count == MAX_BATCH_SIZE:
            assert len(response.json()["predictions"]) == count
        else:
            assert f"There are {count} songs" in fault_of(response)


def test_the_documented_examples_work(rest: TestClient) -> None:
    content = rest.get("/openapi.json").json()["paths"][PATH]["post"]["requestBody"]["content"]
    for example in content["application/json"]["examples"].values():
        assert rest.post(PATH, json=example["value"]).status_code == 200
    assert rest.post(PATH, content=content["text/csv"]["example"], headers=CSV).status_code == 200


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["columns", "data", *NAMES]), inner, max_size=5)
    ),
    max_leaves=10,
)
FORMS = st.sampled_from(["dataframe_split", "dataframe_records", "instances", "inputs"])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.dictionaries(FORMS, ANYTHING, min_size=1, max_size=1))
def test_no_request_is_too_strange(quiet: TestClient, body: Any) -> None:
    response = quiet.post(PATH, content=json.dumps(body), headers=JSON)
    if response.status_code != 200:
        fault_of(response)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.text(alphabet='0.5,"\r\n\0;é', max_size=60))
def test_no_csv_is_too_strange(quiet: TestClient, rows: str) -> None:
    response = quiet.post(PATH, content=(table([]) + rows).encode(), headers=CSV)
    if response.status_code != 200:
        fault_of(response)
