"""Every reader of songs keeps the same bounds of width and length, and names the broken one."""

import time
import tracemalloc
from collections.abc import Callable
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from song_preference.dataset import etl, sample
from song_preference.dataset.store import DatasetStore
from song_preference.dataset.version import Parameters
from song_preference.errors import InvalidDataset
from song_preference.settings import DatasetSettings
from song_preference.song_table.records import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROW_CHARACTERS
from tests.support.dashboard import read_list
from tests.support.datasets import MemoryObjects
from tests.support.rest import MAX_UPLOAD_BYTES

HEADER, *SONGS = sample.csv().decode().splitlines()[:61]
CSV = {"Content-Type": "text/csv"}
READERS = ("validate", "etl", "predict", "dashboard")
Complaint = Callable[[str, str | bytes], str]


@pytest.fixture
def complaint(managed: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Complaint:
    """Return a function that names the fault of a file by a reader, or nothing if it takes all of it."""
    limits: Any = managed.app.state.management.playlist_settings  # type: ignore[attr-defined]
    monkeypatch.setattr(limits, "max_bytes", 10 * MAX_UPLOAD_BYTES)

    def validate(content: str | bytes) -> str:
        response = managed.post("/datasets/validate", content=content, headers=CSV)
        assert response.status_code in {200, 422}
        body = response.json()
        return str(body["detail"]) if response.status_code == 422 else left_out(body["readings"])

    def prepare(content: str | bytes) -> str:
        (tmp_path / "a.csv").write_bytes(as_bytes(content))
        settings = DatasetSettings.model_validate(
            {"DATASET_SOURCE": str(tmp_path / "a.csv"), "MAX_DATASET_BYTES": 10**8, "INCOMING_DIR": tmp_path}
        )
        store = DatasetStore(MemoryObjects())
        try:
            draft = etl.download(store, settings, Parameters(test_size=0.3, seed=1))
            preparation = etl.engineer_features(store, settings, draft).preparation
        except InvalidDataset as rejected:
            return str(rejected)
        assert preparation
        return left_out(preparation.readings)

    def predict(content: str | bytes) -> str:
        response = managed.post("/predict/csv", content=content, headers=CSV)
        if response.status_code == 200:
            return "\n".join(line for line in response.text.splitlines()[1:] if "row: " in line)
        assert response.status_code == 422
        return str(response.json()["detail"])

    def ask_dashboard(content: str | bytes) -> str:
        try:
            file = read_list(as_bytes(content))
        except InvalidDataset as rejected:
            return str(rejected)
        return "".join(str(rule) for faults in file.faults.values() for _, rule in faults)

    readers = dict(zip(READERS, (validate, prepare, predict, ask_dashboard), strict=True))
    return lambda reader, content: readers[reader](content)


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def converted(content: str, form: str) -> bytes:
    """Return the table of a CSV as JSON or Parquet."""
    table = pd.read_csv(StringIO(content), dtype=str)
    return table.to_json(orient="records").encode() if form == "json" else table.to_parquet()


def left_out(readings: list[str]) -> str:
    """Return the reading that names rows which are left out."""
    return "".join(reading for reading in readings if "left out" in reading)


@contextmanager
def little_time_and_memory() -> Any:
    """Generous for a busy machine; unbounded readers took 26 s, and hundreds of megabytes."""
    tracemalloc.start()
    began = time.monotonic()
    try:
        yield
        assert time.monotonic() - began < 5
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def wide(columns: int) -> str:
    added = range(columns - len(HEADER.split(",")))
    lines = [HEADER + "".join(f",c{column}" for column in added), *(song + ",1" * len(added) for song in SONGS)]
    return "\n".join(lines)


def with_title(title: str) -> str:
    return "\n".join([f"{HEADER},title", f"{SONGS[0]},{title}", *(f"{song},x" for song in SONGS[1:])])


@pytest.mark.parametrize("reader", READERS)
def test_a_file_within_the_bounds_is_taken(complaint: Complaint, reader: str) -> None:
    assert complaint(reader, wide(MAX_COLUMNS)) == ""
    assert complaint(reader, with_title("x" * MAX_CELL_CHARACTERS)) == ""
    assert complaint(reader, with_title(f'"{"x" * MAX_CELL_CHARACTERS}"')) == ""


@pytest.mark.parametrize("columns", [MAX_COLUMNS + 1, 20_000])
@pytest.mark.parametrize("reader", READERS)
def test_too_many_columns_are_counted(complaint: Complaint, reader: str, columns: int) -> None:
    content = wide(columns)
    with little_time_and_memory():
        words = complaint(reader, content)
    assert str(columns) in words.replace(",", "")
    assert str(MAX_COLUMNS) in words.replace(",", "")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("columns", ["c" * 65, ""])
def test_a_header_too_long_for_a_row_is_reported(complaint: Complaint, reader: str, columns: str) -> None:
    content = f"{HEADER}{f',{columns}' * MAX_ROW_CHARACTERS}\n{SONGS[0]}"[:MAX_UPLOAD_BYTES]
    with little_time_and_memory():
        assert "characters: " in complaint(reader, content)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("title", "limit"),
    [
        (f'"{"x" * 200_000}"', MAX_CELL_CHARACTERS),
        ("x" * 200_000, MAX_CELL_CHARACTERS),
        ("x" * 2_000_000, MAX_ROW_CHARACTERS),
        (f'"{"x" * 2_000_000}"', MAX_ROW_CHARACTERS),
        ("," * 2_000_000, MAX_ROW_CHARACTERS),
    ],
    ids=["quoted cell", "cell", "line", "quoted line", "line of commas"],
)
def test_a_cell_or_row_too_long_is_reported(complaint: Complaint, reader: str, title: str, limit: int) -> None:
    content = with_title(title)
    with little_time_and_memory():
        words = complaint(reader, content)
    assert "characters: " in words
    if reader in {"validate", "etl"}:
        assert f"{limit:,}" in words
        assert "(1 row: 2)" in words


@pytest.mark.parametrize("form", ["json", "parquet"])
@pytest.mark.parametrize("reader", READERS)
def test_the_bounds_of_json_and_parquet_are_the_same(complaint: Complaint, reader: str, form: str) -> None:
    assert complaint(reader, converted(wide(MAX_COLUMNS), form)) == ""
    assert complaint(reader, converted(with_title("x" * MAX_CELL_CHARACTERS), form)) == ""
    for content, limit in (
        (wide(MAX_COLUMNS + 1), MAX_COLUMNS),
        (with_title("x" * (MAX_CELL_CHARACTERS + 1)), MAX_CELL_CHARACTERS),
        (with_title("x" * 2_000_000), MAX_ROW_CHARACTERS),
    ):
        faulty = converted(content, form)
        with little_time_and_memory():
            assert f"{limit:,}" in complaint(reader, faulty)
