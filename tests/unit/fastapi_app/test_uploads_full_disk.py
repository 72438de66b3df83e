"""A disk without room: uploads say which one it is, leave nothing on it, and are taken once there is room."""

import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from song_preference.dataset import sample
from tests.support.datasets import MemoryObjects
from tests.support.rest import KEY, check_problem

HEADER, *SONGS = sample.csv().splitlines()
PATHS = ("/datasets", "/datasets/validate", "/predict/csv")


@pytest.fixture
def small(managed: TestClient, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    limits: Any = managed.app.state.management.playlist_settings  # type: ignore[attr-defined]
    monkeypatch.setattr(limits, "max_bytes", 10**7)
    return small_disk


def playlist(size_bytes: int) -> bytes:
    songs = b"\n".join(SONGS) + b"\n"
    return HEADER + b"\n" + songs * (size_bytes // len(songs))


@pytest.mark.parametrize("is_form", [False, True], ids=["body", "form"])
@pytest.mark.parametrize("path", PATHS)
def test_an_upload_without_room_names_the_volume(
    managed: TestClient, small: Path, objects: MemoryObjects, path: str, *, is_form: bool
) -> None:
    def send(content: bytes) -> Any:
        if is_form:
            return managed.post(path, headers=KEY, files={"file": ("a.csv", content)})
        return managed.post(path, headers={**KEY, b"Content-Type": b"text/csv"}, content=content)

    free = shutil.disk_usage(small).free
    detail = check_problem(send(playlist(2_500_000)), 507, path)["detail"]
    assert (
        f"There is too little room on the volume of {small}: 1 of its 1 MB are free now. Free some space there"
        in detail
    )
    assert not list(small.iterdir())
    assert shutil.disk_usage(small).free == free
    assert not objects.contents
    assert send(sample.csv()).is_success


def test_a_check_without_room_names_the_volume(managed: TestClient, small: Path) -> None:
    # It is kept in memory while it comes, but not while it is prepared: a blank line has it written once more.
    content = playlist(900_000).replace(b"\n", b"\n\n", 1)
    response = managed.post("/datasets/validate", headers={"Content-Type": "text/csv"}, content=content)
    assert str(small) in check_problem(response, 507, "/datasets/validate")["detail"]
    assert not list(small.iterdir())


def test_json_whose_csv_has_no_room_names_the_volume(managed: TestClient, small: Path) -> None:
    content = pd.read_csv(BytesIO(playlist(400_000))).to_json(orient="records").encode()
    assert 700_000 < len(content) < 1_000_000
    response = managed.post("/datasets/validate", headers={"Content-Type": "text/csv"}, content=content)
    assert str(small) in check_problem(response, 507, "/datasets/validate")["detail"]
    assert not list(small.iterdir())
