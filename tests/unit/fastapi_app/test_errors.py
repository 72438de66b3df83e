from itertools import product
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fastapi_app.errors import FAILED
from fastapi_app.middleware import MAX_BODY_BYTES
from song_preference import errors
from song_preference.errors import (
    BatchTooLarge,
    FieldProblem,
    Finding,
    InvalidDataset,
    InvalidInput,
    InvalidQuery,
    InvalidSong,
    SongPreferenceError,
)
from song_preference.messages import Message
from song_preference.serving.predictor import Predictor
from tests.support.rest import KEY, check_problem
from tests.support.songs import SONG

JSON = {"Content-Type": "application/json"}
LEAK = "password=hunter2"
STATUS = {
    "InvalidInput": 422,
    "InvalidQuery": 422,
    "InvalidSong": 422,
    "InvalidUpload": 422,
    "InvalidDataset": 422,
    "SourceRejected": 422,
    "BatchTooLarge": 413,
    "UploadTooLarge": 413,
    "AccessDenied": 401,
    "DatasetNotFound": 404,
    "CatalogueNotFound": 404,
    "VersionNotFound": 404,
    "UnknownVersion": 404,
    "RunNotFound": 404,
    "DatasetInUse": 409,
    "ModelRejected": 409,
    "PipelineError": 502,
    "ServiceBusy": 503,
    "ModelNotReady": 503,
    "RegistryUnavailable": 503,
    "StorageUnavailable": 503,
    "SourceUnavailable": 503,
    "PipelineUnavailable": 503,
    "AnswerLost": 503,
    "DiskFull": 507,
}
"""What callers rely on; every other error is internal."""

WITH_FINDINGS = (InvalidInput, InvalidDataset)
BUILT_OTHERWISE = (*WITH_FINDINGS, BatchTooLarge)
EVERY_ERROR = [
    *(kind([FieldProblem("energy", "too loud")]) for kind in (InvalidInput, InvalidQuery, InvalidSong)),
    BatchTooLarge(3, 2),
    InvalidDataset(Finding("energy", Message("not_finite"), 2, (3, 7)), Finding(None, Message("binary"), 1)),
    *(
        kind(LEAK)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, SongPreferenceError) and not issubclass(kind, BUILT_OTHERWISE)
    ),
]


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Predictor, "predict_each", fail)


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_every_error_of_the_tree_is_a_problem(
    rest: TestClient, monkeypatch: pytest.MonkeyPatch, error: SongPreferenceError
) -> None:
    failing(monkeypatch, error)
    status = STATUS.get(type(error).__name__, 500)
    body = check_problem(rest.post("/predict", json=SONG), status)
    message = FAILED if status == 500 else error.message
    assert body["detail"] == str(message)
    assert ("errors" in body) == isinstance(error, WITH_FINDINGS)
    assert (body.get("code"), body.get("params")) == (message.code, message.params if message.code else None)


def test_an_heir_of_an_error_has_its_status(rest: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class NotReadyYet(errors.ModelNotReady):
        pass

    failing(monkeypatch, NotReadyYet("Wait."))
    check_problem(rest.post("/predict", json=SONG), 503)


def test_an_unexpected_error_reveals_nothing(
    rest: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing(monkeypatch, RuntimeError(LEAK))
    response = rest.post("/predict", json=SONG)
    assert check_problem(response, 500)["detail"] == str(FAILED)
    assert "hunter2" not in response.text
    assert "hunter2" in caplog.text
    counted = rest.get("/metrics").text
    assert 'operation="predict",outcome="server_error"' in counted


@pytest.mark.parametrize("value", ["1.5", "-1", '"0.5"', "true", "null", "NaN", "Infinity", "-Infinity", "1e400", "[]"])
def test_a_feature_at_fault_is_named_with_its_rule(rest: TestClient, value: str) -> None:
    content = f'{{"speechiness": 0.1, "energy": {value}, "danceability": 0.1, "acousticness": 0.1}}'
    body = check_problem(rest.post("/predict", content=content, headers=JSON), 422)
    assert body["errors"] == [{"field": "energy", "problem": "must be a number from 0 to 1"}]


@pytest.mark.parametrize("body", [{}, {"features": {}}])
def test_every_missing_feature_is_named(rest: TestClient, body: dict[str, Any]) -> None:
    found = check_problem(rest.post("/explain", json=body), 422, "/explain")["errors"]
    assert found == [
        {"field": feature, "problem": "is missing: it must be a number from 0 to 1"}
        for feature in ("speechiness", "energy", "danceability", "acousticness")
    ]


@pytest.mark.parametrize("content", ["", "[]", "3", '"song"', "null", '{"features": []}'])
def test_anything_but_a_song_is_invalid(rest: TestClient, content: str) -> None:
    (found,) = check_problem(rest.post("/predict", content=content, headers=JSON), 422)["errors"]
    assert found["field"] == "body"
    if content not in {"", "null"}:
        assert "speechiness, energy, danceability, acousticness, each a number from 0 to 1" in found["problem"]


@pytest.mark.parametrize("sent", [[SONG], "songs", 3, None])
def test_a_batch_that_is_no_object_names_the_right_form(rest: TestClient, sent: object) -> None:
    (found,) = check_problem(rest.post("/predict/batch", json=sent), 422, "/predict/batch")["errors"]
    assert found["field"] == "body"
    assert found["problem"].startswith("must be an object with songs, a list of songs")


@pytest.mark.parametrize(
    ("sent", "field"),
    [([SONG, SONG | {"energy": 2}], "songs.1.energy"), ([SONG, 0], "songs.1"), ({}, "songs"), (None, "songs")],
)
def test_a_batch_at_fault_is_invalid(rest: TestClient, sent: object, field: str) -> None:
    (found,) = check_problem(rest.post("/predict/batch", json={"songs": sent}), 422, "/predict/batch")["errors"]
    assert found["field"] == field


def test_an_option_at_fault_beside_a_file_is_no_number(rest: TestClient) -> None:
    path = "/predict/csv?spreadsheet=maybe"
    (found,) = check_problem(rest.post(path, files={"file": b"x"}), 422, "/predict/csv")["errors"]
    assert found["field"] == "spreadsheet"
    assert "boolean" in found["problem"]


def test_many_bad_songs_make_no_long_answer(rest: TestClient) -> None:
    response = rest.post("/predict/batch", content=f'{{"songs": [{"0," * 100_000}0]}}', headers=JSON)
    assert len(check_problem(response, 422, "/predict/batch")["errors"]) == 1


@pytest.mark.parametrize(
    "content", ["{energy: 0.5", "{", "\xff".encode("latin-1"), "[" * 100_000, '{"energy": ' + "1" * 5_000 + "}"]
)
def test_what_is_no_json_is_a_bad_request(rest: TestClient, content: str | bytes) -> None:
    assert "send a JSON object" in check_problem(rest.post("/predict", content=content, headers=JSON), 400)["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/explain"])
def test_another_content_type_is_rejected(rest: TestClient, path: str, kind: str) -> None:
    response = rest.post(path, content=b"{}", headers={"Content-Type": kind})
    assert "application/json" in check_problem(response, 415, path)["detail"]


def test_a_body_without_content_type_is_rejected(rest: TestClient) -> None:
    check_problem(rest.post("/predict", content=b"{}"), 415)


def test_unknown_paths_and_methods_are_problems(rest: TestClient) -> None:
    assert "/docs" in check_problem(rest.get("/no-such-path"), 404, "/no-such-path")["detail"]
    response = rest.get("/predict")
    check_problem(response, 405)
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/explain", "/graphql"])
def test_a_body_is_bounded_while_it_is_read(rest: TestClient, path: str) -> None:
    # Sent in chunks, so that no header tells the length.
    chunks = (b" " * 1_000_000 for _ in range(MAX_BODY_BYTES // 1_000_000 + 1))
    response = rest.post(path, content=chunks, headers=JSON)
    assert str(MAX_BODY_BYTES) in check_problem(response, 413, path)["detail"]


HALF_A_PAIR = [b"\\ud800", b"\xed\xa0\x80"]
"""Half of a surrogate pair, which is no Unicode: as JSON can escape it, and as bytes."""


@pytest.mark.parametrize("half", HALF_A_PAIR)
@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/explain", "/pipeline/runs", "/model/rollback"])
def test_half_of_a_surrogate_pair_is_the_callers_error(managed: TestClient, path: str, half: bytes) -> None:
    headers = {b"content-type": b"application/json", **KEY}
    for body in (
        b'"HALF"',
        b'{"HALF": 1}',
        b'{"features": {"HALF": "HALF"}}',
        b'{"songs": [{"HALF": 1}]}',
        b'{"source": "HALF"}',
        b'{"version": "HALF"}',
        b'{"seed": "HALF"}',
    ):
        answer = managed.post(path, content=body.replace(b"HALF", half), headers=headers)
        assert answer.status_code in {400, 422}, body


@pytest.mark.parametrize("path", ["/", "/datasets/", "/datasets?limit=", "/model/versions?limit=", "/docs/"])
def test_bytes_that_are_no_unicode_are_the_callers_error_in_an_address(managed: TestClient, path: str) -> None:
    assert managed.get(f"{path}%ED%A0%80", headers=KEY).status_code in {404, 422}


@pytest.mark.parametrize("path", ["/predict", "/graphql", "/predict/csv", "/datasets", "/datasets/validate"])
def test_bytes_that_are_no_unicode_are_the_callers_error_in_a_header(managed: TestClient, path: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xed\xa0\x80"\r\n\r\na,b\r\n--x--\r\n'
    names = b"content-type", b"x-api-key", b"x-request-id", b"origin", b"range"
    values = *HALF_A_PAIR, b"multipart/form-data; boundary=x; charset=\xff"
    for name, value in product(names, values):
        headers = {b"content-type": b"multipart/form-data; boundary=x", **KEY, name: value}
        assert 400 <= managed.post(path, content=part, headers=headers).status_code < 500, (name, value)
