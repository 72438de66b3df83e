"""REST: the catalogue, from an upload to what is said of it."""

import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_app.management import Management
from fastapi_app.middleware import MAX_BODY_BYTES
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import CatalogueVersion, Part, Scores
from song_preference.dataset.version import Source
from song_preference.run_options import IMPORT_DAG
from song_preference.serving.predictor import Predictor
from song_preference.serving.song_index import IndexStore, SongIndex
from song_preference.serving.songs import SongSearch
from tests.support.airflow import FakeAirflow, FakeRun, task
from tests.support.datasets import MemoryObjects
from tests.support.playlists import CSV
from tests.support.rest import KEY, MAX_DATASET_BYTES, check_problem

PATH = "/catalogue"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
FILE = {"file": ("Mine.csv", b"title,artist\n")}


@pytest.fixture
def catalogues(objects: MemoryObjects) -> CatalogueStore:
    return CatalogueStore(objects)


@pytest.fixture
def published(catalogues: CatalogueStore, tmp_path: Path) -> CatalogueVersion:
    """A catalogue of one part."""
    part = tmp_path / "part"
    part.write_bytes(b"songs")
    parts = [Part(name="part-00000.parquet", songs=2)]
    source = Source(kind="s3", uri="s3://data/incoming/a/Mine.csv", sha256="0" * 64, size_bytes=13)
    found = CatalogueVersion(
        version="0123456789ab", created_at=NOW, source=source, rows=3, rows_left_out=1, notes=[], songs=2, parts=parts
    )
    for model in (None, "1"):
        catalogues.put_part(found.version, parts[0].name, part, model)
    catalogues.publish(found)
    return found


def test_an_upload_is_kept_and_its_import_started(
    managed: TestClient, objects: MemoryObjects, server: FakeAirflow
) -> None:
    answer = managed.post(PATH, headers=KEY, files=FILE)
    assert answer.status_code == 202
    (key,) = objects.keys("incoming/")
    assert (answer.json()["source"], objects.get(key)) == (objects.uri(key), b"title,artist\n")
    assert (server.conf, key.endswith("/Mine.csv")) == ({"source": objects.uri(key)}, True)
    assert managed.get(answer.headers["location"]).json()["state"] == "queued"


@pytest.mark.parametrize("upload", [PATH, "/datasets"])
def test_what_airflow_cannot_be_told_of_goes_again_unless_it_was_there_before(
    managed: TestClient, objects: MemoryObjects, server: FakeAirflow, upload: str
) -> None:
    files = {"file": ("Mine.csv", CSV)}
    server.broken = httpx.ConnectError("refused")
    check_problem(managed.post(upload, headers=KEY, files=files), 503, upload)
    assert objects.keys("") == []
    server.broken = None
    assert managed.post(upload, headers=KEY, files=files).status_code == 202
    server.broken = httpx.ConnectError("refused")
    check_problem(managed.post(upload, headers=KEY, files=files), 503, upload)
    assert len(objects.keys("incoming/")) == 1


def test_what_a_run_may_have_begun_with_stays(managed: TestClient, objects: MemoryObjects, server: FakeAirflow) -> None:
    server.broken = httpx.ReadTimeout("no answer")
    check_problem(managed.post(PATH, headers=KEY, files={"file": ("Mine.csv", CSV)}), 503, PATH)
    assert len(objects.keys("incoming/")) == 1


def test_several_files_are_kept_as_one_zip(managed: TestClient, objects: MemoryObjects) -> None:
    tables = [("Mine.csv", b"title,artist\n"), ("../more.json", b'[{"title": "a"}]'), ("Mine.csv", b"title;artist\n")]
    sent = [("file", table) for table in tables]
    answers = [managed.post(PATH, headers=KEY, files=sent).json() for _ in range(2)]
    assert answers[0]["source"] == answers[1]["source"]
    (key,) = objects.keys("incoming/")
    with zipfile.ZipFile(BytesIO(objects.get(key) or b"")) as packed:
        found = {name: packed.read(name) for name in packed.namelist()}
    assert found == dict(
        zip(("00 Mine.csv", "01 more.json", "02 Mine.csv"), (content for _, content in tables), strict=True)
    )
    check_problem(managed.post(PATH, headers=KEY, files=[*sent, ("other", tables[0])]), 422, PATH)


def test_nothing_is_kept_without_the_key_or_beyond_the_limit(managed: TestClient, objects: MemoryObjects) -> None:
    check_problem(managed.post(PATH, files=FILE), 401, PATH)
    large = {"file": ("large.csv", b"x" * (MAX_DATASET_BYTES + 1))}
    problem = check_problem(managed.post(PATH, headers=KEY, files=large), 413, PATH)
    assert "MAX_CATALOGUE_BYTES" in problem["detail"]
    check_problem(managed.post(PATH, headers=KEY, json={}), 415, PATH)
    assert objects.keys("") == []


def test_an_import_says_what_it_published_or_why_it_failed(managed: TestClient, server: FakeAirflow) -> None:
    result = {"publish": {"version": "0123456789ab", "songs": 2}}
    server.runs[IMPORT_DAG] = [
        FakeRun("good", tasks=[task("read", "success"), task("publish", "success")], results=result),
        FakeRun("bad", state="failed", tasks=[task("read", "failed"), task("publish", "upstream_failed")]),
    ]
    server.logs["read 1"] = [{"event": "No title.", "level": "error", "logger": "dag_parts.step"}]
    good, bad = (managed.get(f"/catalogue/runs/{name}").json() for name in ("good", "bad"))
    assert (good["state"], good["version"], good["reason"]) == ("success", "0123456789ab", None)
    assert (bad["state"], bad["version"], bad["reason"]) == ("failed", None, "No title.")
    check_problem(managed.get("/catalogue/runs/none"), 404, "/catalogue/runs/none")


def test_before_the_first_there_is_none(managed: TestClient) -> None:
    assert "import_catalogue" in check_problem(managed.get(PATH), 404, PATH)["detail"]


def test_the_one_in_use_comes_with_the_scores_of_the_model_in_service(
    managed: TestClient, catalogues: CatalogueStore, published: CatalogueVersion
) -> None:
    answer = managed.get(PATH).json()
    assert answer["catalogue"] == published.model_dump(mode="json")
    assert (answer["scores"], answer["index"]) == (None, None)
    scores = Scores(
        catalogue=published.version, model="1", folder="1", created_at=NOW, songs=2, liked=1, parts=published.parts
    )
    catalogues.publish_scores(scores)
    assert managed.get(PATH).json()["scores"] == scores.model_dump(mode="json")


def test_a_catalogue_may_be_larger_than_other_bodies(
    managed_app: FastAPI, management: Management, objects: MemoryObjects
) -> None:
    settings = management.catalogue_settings.model_copy(update={"max_bytes": 2 * MAX_BODY_BYTES})
    managed_app.state.management = replace(management, catalogue_settings=settings)
    with TestClient(managed_app) as client:
        answer = client.post(PATH, headers=KEY, files={"file": ("large.csv", b"x" * (MAX_BODY_BYTES + 1))})
    assert answer.status_code == 202
    (key,) = objects.keys("incoming/")
    assert objects.size(key) == MAX_BODY_BYTES + 1


@pytest.mark.parametrize(("model", "stale"), [("1", False), ("2", True)])
def test_an_index_of_another_version_is_stale(
    managed_app: FastAPI, published: CatalogueVersion, predictor: Predictor, model: str, *, stale: bool
) -> None:
    unused: Any = None
    indexes = IndexStore(unused, 1, Path("unused"))
    managed_app.state.songs = SongSearch(indexes, predictor)
    indexes.current = SongIndex(Path("a"), published.version, model, None, 2)
    with TestClient(managed_app) as client:
        found = client.get(PATH).json()["index"]
    assert found == {"catalogue": published.version, "model": model, "songs": 2, "stale": stale}
