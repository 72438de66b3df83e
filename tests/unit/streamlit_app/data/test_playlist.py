from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from song_preference.dataset.version import DatasetVersion
from song_preference.errors import (
    DatasetNotFound,
    Finding,
    InvalidDataset,
    InvalidUpload,
    NotManaged,
    ServiceUnavailable,
    SongPreferenceError,
    StorageUnavailable,
)
from song_preference.features import FEATURES
from song_preference.messages import Message
from streamlit_app.data import playlist, predictor
from streamlit_app.data.playlist import ManagementClient
from streamlit_app.i18n import Locale
from tests.support.dashboard import API_KEY, Platform
from tests.support.datasets import MemoryObjects, publish_sample

Answer = Callable[[httpx.Request], httpx.Response]
PLAYLIST = {"file": ("mine.csv", b"energy\n0.5\n")}


def client(answer: Answer) -> ManagementClient:
    return ManagementClient("http://rest", API_KEY, httpx.MockTransport(answer))


def problem(status: int, **fields: Any) -> Answer:
    body = {"status": status, "detail": "What happened.", **fields}
    return lambda _: httpx.Response(status, json=body)


@pytest.mark.parametrize(
    ("status", "of_get", "of_post"),
    [
        (404, DatasetNotFound, DatasetNotFound),
        (503, StorageUnavailable, ServiceUnavailable),
        (413, InvalidUpload, InvalidUpload),
        (415, InvalidUpload, InvalidUpload),
        (422, InvalidUpload, InvalidUpload),
        (401, ServiceUnavailable, ServiceUnavailable),
        (500, ServiceUnavailable, ServiceUnavailable),
    ],
)
def test_each_problem_is_an_error_of_ours_with_its_text(
    status: int, of_get: type[SongPreferenceError], of_post: type[SongPreferenceError]
) -> None:
    datasets = client(problem(status, code="disk_full", params={"directory": "tmp", "free": 1, "total": 2}))
    for kind, call in ((of_get, lambda: datasets.get("/datasets")), (of_post, lambda: datasets.check(PLAYLIST))):
        with pytest.raises(SongPreferenceError) as raised:
            call()
        assert type(raised.value) is kind
        assert raised.value.message.code == "disk_full"
        assert "Queda muy poco espacio" in raised.value.message.text("es")


def test_findings_come_back_as_they_were_found() -> None:
    found = [
        {"field": "energy", "problem": "too loud", "code": "not_a_number", "params": {}, "count": 7, "rows": [2, 9]},
        {"field": "file", "problem": "new", "count": 1, "rows": []},
    ]
    with pytest.raises(InvalidDataset) as rejected:
        client(problem(422, errors=found)).check(PLAYLIST)
    assert rejected.value.findings == (
        Finding("energy", Message("not_a_number", {}, "too loud"), 7, (2, 9)),
        Finding(None, Message(None, {}, "new"), 1, ()),
    )


@pytest.mark.parametrize(
    "answer", [httpx.Response(404, text="<html>"), httpx.Response(404, json=[]), httpx.Response(404, json={"a": 1})]
)
def test_another_program_at_the_address_is_named_as_such(answer: httpx.Response) -> None:
    with pytest.raises(ServiceUnavailable) as raised:
        client(lambda _: answer).get("/datasets")
    assert raised.value.message.code == "rest_is_another_program"


def test_a_service_that_does_not_answer_is_unavailable() -> None:
    def reject(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(ServiceUnavailable) as raised:
        client(reject).get("/datasets")
    assert (raised.value.message.code, raised.value.message.params) == ("rest_unavailable", {"url": "http://rest"})


def test_an_upload_sends_its_files_by_field_with_key_and_options() -> None:
    sent: list[httpx.Request] = []

    def accept(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(202, json={"run_id": "manual__1"})

    run = client(accept).upload({"liked": ("yes.csv", b"a"), "disliked": ("no.csv", b"b")}, {"new_listener": True})
    assert run == "manual__1"
    [request] = sent
    assert (request.method, request.url.path, request.url.params["new_listener"]) == ("POST", "/datasets", "true")
    assert request.headers["X-API-Key"] == API_KEY
    assert [name in request.read() for name in (b'name="liked"; filename="yes.csv"', b'name="disliked"')] == [
        True,
        True,
    ]


def test_the_latest_version_its_rows_and_its_distributions_are_read(platform: Platform, objects: MemoryObjects) -> None:
    version = playlist.dataset("latest")
    assert version == publish_sample(MemoryObjects(), 1, version.created_at)
    assert len(playlist.table(version.version, "scaled")) == version.preparation.rows_kept
    spreads = playlist.spreads(version.version)
    assert tuple(spreads) == FEATURES
    assert all({spread.label for spread in found} == {"like", "dislike"} for found in spreads.values())


def test_where_rest_only_predicts_there_are_no_datasets(platform: Platform, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MANAGE_DATASETS", "false")
    with pytest.raises(NotManaged):
        playlist.management()


def test_the_listeners_list_is_the_champions_or_before_the_first_champion_the_latest(
    platform: Platform, objects: MemoryObjects, graph: bytes, dataset: DatasetVersion
) -> None:
    latest = publish_sample(objects, 2, dataset.created_at)
    assert playlist.own_dataset().version == dataset.version
    predictor().store.served = None
    assert playlist.own_dataset().version == latest.version
    # A list that the champion may not have learned from is not shown as the listener's.
    platform.registry.register("2", graph)
    predictor().store.refresh()
    with pytest.raises(DatasetNotFound):
        playlist.own_dataset()


def test_lists_of_one_name_are_told_apart_by_their_dates(
    platform: Platform, objects: MemoryObjects, dataset: DatasetVersion
) -> None:
    latest = publish_sample(objects, 2, datetime(2026, 11, 26, 17, 5, tzinfo=UTC))
    assert playlist.list_names(Locale("es", {})) == {
        dataset.version: "playlist (25 nov 2026, 10:00)",
        latest.version: "playlist (26 nov 2026, 17:05)",
    }


def test_names_are_shown_only_where_rest_knows_them(platform: Platform) -> None:
    platform.take_down("rest")
    assert playlist.list_names(Locale("en", {})) == {}
