"""What comes as a file: as a form or a body, bounded, in turn, and never trusted in its name."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from fastapi_app import uploads
from song_preference.dataset import manage, sample
from song_preference.dataset.prepare import preparation
from song_preference.dataset.version import CheckedPlaylist
from tests.support.airflow import FakeAirflow
from tests.support.datasets import MemoryObjects
from tests.support.playlists import CSV, two_files
from tests.support.rest import KEY, MAX_DATASET_BYTES, MAX_UPLOAD_BYTES, check_problem

TEXT = {"Content-Type": "text/csv"}


def test_long_playlists_are_checked_one_by_one(managed: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting, met = Barrier(2), []

    def check(path: Path, max_bytes: int) -> CheckedPlaylist:
        with suppress(BrokenBarrierError):
            met.append(meeting.wait(timeout=0.2))
        return preparation(path, path.parent, max_bytes)

    monkeypatch.setattr(manage, "check", check)
    monkeypatch.setattr(uploads, "SHORT_BYTES", 0)
    with ThreadPoolExecutor(2) as pool:
        validate = partial(managed.post, "/datasets/validate", content=CSV, headers=TEXT)
        answers = [pool.submit(validate) for _ in range(2)]
    assert [answer.result().status_code for answer in answers] == [HTTPStatus.OK] * 2
    assert met == []


def test_a_short_playlist_does_not_wait_behind_a_long_one(managed: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    long, release, begun = CSV + b"\n", Event(), Event()

    def check(path: Path, max_bytes: int) -> CheckedPlaylist:
        if path.stat().st_size == len(long):
            begun.set()
            assert release.wait(timeout=10)
        return preparation(path, path.parent, max_bytes)

    monkeypatch.setattr(manage, "check", check)
    monkeypatch.setattr(uploads, "SHORT_BYTES", len(CSV))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(managed.post, "/datasets/validate", content=long, headers=TEXT)
        assert begun.wait(timeout=10)
        assert managed.post("/datasets/validate", content=CSV, headers=TEXT).status_code == HTTPStatus.OK
        assert not answer.done()
        release.set()
    assert answer.result().status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("sends", "status"),
    [
        ({"content": b"x" * (MAX_DATASET_BYTES + 1), "headers": TEXT}, 413),
        ({"content": iter([b"x"] * (MAX_DATASET_BYTES + 1)), "headers": TEXT}, 413),
        ({"content": b"\x1f\x8b\x08" + b"\0" * 1000, "headers": TEXT | {"Content-Encoding": "gzip"}}, 422),
        ({"content": CSV, "headers": {"Content-Type": "application/json"}}, 415),
        ({"content": CSV}, 415),
        ({"files": {"other": ("a.csv", CSV)}}, 422),
        ({"data": {"file": "text"}, "files": {"x": b""}}, 422),
    ],
)
def test_what_is_no_upload_is_rejected(
    managed: TestClient, objects: MemoryObjects, sends: dict[str, Any], status: int
) -> None:
    headers = sends.pop("headers", {})
    answer = managed.post("/datasets", headers=headers | KEY, **sends)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert not objects.contents


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b.csv", "/abs.csv", 'x".csv', "ñ" * 500])
def test_a_files_own_name_is_of_no_account(managed: TestClient, objects: MemoryObjects, name: str) -> None:
    answer = managed.post("/datasets", headers=KEY, files={"file": (name, CSV, "text/csv")})
    assert answer.status_code == HTTPStatus.ACCEPTED
    [key] = objects.contents
    assert key.startswith("incoming/")
    folder, kept = key.removeprefix("incoming/").split("/")
    assert folder.isalnum()
    assert re.fullmatch(r"[\w ().-]+[.]csv", kept)


def test_an_upload_cut_off_in_the_middle_leaves_nothing(
    managed: TestClient, objects: MemoryObjects, server: FakeAirflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    received = iter([{"type": "http.request", "body": CSV * 50, "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []
    scope = {
        "type": "http", "method": "POST", "path": "/datasets", "raw_path": b"/datasets", "root_path": "",
        "query_string": b"", "scheme": "http", "http_version": "1.1", "server": ("test", 80), "client": ("test", 1),
        "headers": [(b"content-type", b"text/csv"), (b"x-api-key", KEY[b"X-API-Key"])],
    }  # fmt: skip

    async def receive() -> Any:
        return next(received)

    async def send(message: Any) -> None:
        sent.append(message)

    limits = managed.app.state.management.playlist_settings  # type: ignore[attr-defined]
    monkeypatch.setattr(limits, "max_bytes", 10**9)
    asyncio.run(cast("Any", managed.app)(scope, receive, send))
    assert sent == []
    assert not objects.contents
    assert server.conf is None
    assert not list((tmp_path / "spool").iterdir())


def test_two_files_are_stored_as_one_zip(managed: TestClient, objects: MemoryObjects) -> None:
    sources = [managed.post("/datasets", files=two_files(), headers=KEY).json()["source"] for _ in range(2)]
    (key,) = [key for key in objects.contents if key.startswith("incoming/")]
    assert sources == [f"s3://{objects.bucket}/{key}"] * 2
    assert key.endswith(".zip")


@pytest.mark.parametrize(
    "fields", [["liked"], ["disliked"], ["file", "liked"], ["file", "file"], ["liked", "liked"], ["playlist"]]
)
def test_other_fields_than_one_file_or_two_are_rejected(managed: TestClient, fields: list[str]) -> None:
    files = [(field, ("songs.csv", sample.csv(), "text/csv")) for field in fields]
    answer = managed.post("/datasets/validate", files=files)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["code"] == "upload_without_playlist"


@pytest.mark.parametrize("files", [{"songs": ("songs.csv", "x")}, {"file": (None, "x")}])
def test_a_form_needs_its_file(rest: TestClient, files: dict[str, tuple[str | None, str]]) -> None:
    response = rest.post("/predict/csv", files=files)
    assert "as the field 'file'" in check_problem(response, 422, "/predict/csv")["detail"]


def test_a_broken_form_is_a_bad_request(rest: TestClient) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    check_problem(rest.post("/predict/csv", content=b"x", headers=headers), 400, "/predict/csv")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_another_content_type_is_rejected(rest: TestClient, kind: str) -> None:
    response = rest.post("/predict/csv", content=b"{}", headers={"Content-Type": kind})
    assert "text/csv" in check_problem(response, 415, "/predict/csv")["detail"]


def test_an_upload_is_bounded_while_it_is_read(rest: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield from (b"x" * 1_000_000 for _ in range(MAX_UPLOAD_BYTES // 1_000_000 + 1))

    for response in (
        rest.post("/predict/csv", content=chunks(), headers=TEXT),
        rest.post("/predict/csv", files={"file": ("songs.csv", b"".join(chunks()))}),
    ):
        assert str(MAX_UPLOAD_BYTES) in check_problem(response, 413, "/predict/csv")["detail"]
