import pytest
from fastapi.testclient import TestClient

from song_preference import errors, messages
from song_preference.clients import QUERY
from song_preference.errors import (
    BatchTooLarge,
    DiskFull,
    FieldProblem,
    Finding,
    InvalidDataset,
    InvalidInput,
    InvalidQuery,
    InvalidSong,
    SongPreferenceError,
)
from song_preference.serving.predictor import Predictor
from tests.support.graphql import ask, code, requests
from tests.support.songs import SONG

LEAK = "password=hunter2"
CODES = {
    "InvalidSong": "INVALID_FEATURE",
    "InvalidQuery": "INVALID_ARGUMENT",
    "CatalogueNotFound": "NOT_FOUND",
    "BatchTooLarge": "BATCH_TOO_LARGE",
    "ServiceBusy": "SERVICE_BUSY",
    "ModelNotReady": "MODEL_NOT_READY",
    "RegistryUnavailable": "REGISTRY_UNAVAILABLE",
    "NotManaged": "NOT_MANAGED",
    "DatasetNotFound": "DATASET_NOT_FOUND",
    "StorageUnavailable": "STORAGE_UNAVAILABLE",
    "DiskFull": "DISK_FULL",
    "RunNotFound": "RUN_NOT_FOUND",
    "PipelineUnavailable": "PIPELINE_UNAVAILABLE",
    "AnswerLost": "PIPELINE_UNAVAILABLE",
    "PipelineError": "PIPELINE_ERROR",
}
"""What callers rely on; every other error is internal."""

EVERY_ERROR = [
    InvalidSong([FieldProblem("energy", "too loud")]),
    InvalidQuery([FieldProblem("limit", "too great")]),
    BatchTooLarge(3, 2),
    InvalidDataset(Finding("energy", messages.Message("column_missing"), 1)),
    *(
        kind(LEAK)
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, SongPreferenceError)
        and not issubclass(kind, (InvalidInput, BatchTooLarge, InvalidDataset))
    ),
]


def explode(*_: object) -> None:
    raise RuntimeError(LEAK)


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_every_error_has_its_code_or_is_masked(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: SongPreferenceError
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Predictor, "predict_each", fail)
    answer = ask(client, QUERY, song=SONG)
    expected = CODES.get(type(error).__name__, "INTERNAL")
    assert code(answer) == expected
    is_masked = expected == "INTERNAL"
    assert (answer["errors"][0]["message"] == "The service failed: see its log for the reason.") is is_masked
    assert bool(caplog.records) is is_masked


def test_the_reason_is_data_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"directory": "/tmp", "free": 0.5, "total": 1.0}  # noqa: S108 - no file is written

    def fail(*_: object) -> None:
        raise DiskFull(messages.Message("disk_full", values))

    monkeypatch.setattr(Predictor, "predict_each", fail)
    (error,) = ask(client, QUERY, song=SONG)["errors"]
    assert error["extensions"] == {"code": "DISK_FULL", "reason": {"code": "disk_full", "params": values}}


def test_an_unexpected_error_reveals_nothing_but_is_logged(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Predictor, "predict_each", explode)
    answer = ask(client, QUERY, song=SONG)
    assert code(answer) == "INTERNAL"
    assert LEAK not in str(answer)
    assert LEAK in caplog.text


def test_an_error_outside_of_the_resolvers_is_masked_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("fastapi_app.graphql.limits.SizeRule.enter_document", explode)
    answer = ask(client, "{ model { version since } }")
    assert code(answer) == "INTERNAL"
    assert LEAK not in str(answer)
    assert LEAK in caplog.text


def test_failures_are_counted_as_the_servers(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Predictor, "predict_each", explode)
    ask(client, QUERY, song=SONG)
    assert requests(client, "predict", "server_error") == 1
