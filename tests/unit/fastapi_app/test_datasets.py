import io
import json
from collections.abc import Callable
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from song_preference.dataset import sample
from song_preference.features import FEATURES, LABEL
from tests.support.airflow import FakeAirflow
from tests.support.datasets import FakeMlflow, MemoryObjects, Publish
from tests.support.playlists import CSV, two_files
from tests.support.rest import KEY, check_problem

TEXT = {"Content-Type": "text/csv"}
TEXT_AND_KEY: dict[Any, Any] = {**TEXT, **KEY}


def test_versions_are_listed_newest_first_a_page_at_a_time(managed: TestClient, publish: Publish) -> None:
    assert managed.get("/datasets").json() == {"total": 0, "datasets": []}
    names = [publish(seed).version for seed in (1, 2, 3)]
    pages = [managed.get("/datasets", params={"limit": 2, "offset": offset}).json() for offset in (0, 2, 4)]
    assert [page["total"] for page in pages] == [3, 3, 3]
    assert [[found["version"] for found in page["datasets"]] for page in pages] == [
        [names[2], names[1]],
        [names[0]],
        [],
    ]


def test_a_version_is_described_as_its_file_says(managed: TestClient, publish: Publish, objects: MemoryObjects) -> None:
    first, second = publish(1), publish(2)
    for name, version in ((first.version, first), ("latest", second)):
        stored = json.loads(objects.contents[f"datasets/{version.version}/dataset.json"])
        assert managed.get(f"/datasets/{name}").json() == stored


def test_a_version_is_renamed(managed: TestClient, publish: Publish) -> None:
    version = publish(1).version
    assert managed.get("/datasets/latest").json()["name"] == "playlist"
    answer = managed.patch("/datasets/latest", headers=KEY, json={"name": "Verano  2026"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Verano 2026")
    assert managed.get(f"/datasets/{version}").json()["name"] == "Verano 2026"


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": " \t"}, {"name": "\u200b"}, {"name": "a" * 81}, {"name": 1}, {"nam": "a"}, []]
)
def test_a_version_keeps_its_name_where_another_is_none(managed: TestClient, publish: Publish, body: Any) -> None:
    version = publish(1).version
    check_problem(managed.patch(f"/datasets/{version}", headers=KEY, json=body), 422, f"/datasets/{version}")
    assert managed.patch(f"/datasets/{version}", json={"name": "a"}).status_code == 401
    assert managed.patch("/datasets/0123456789ab", headers=KEY, json={"name": "a"}).status_code == 404
    assert managed.get(f"/datasets/{version}").json()["name"] == "playlist"


def test_an_upload_is_called_as_its_file_unless_it_is_named(
    managed: TestClient, server: FakeAirflow, objects: MemoryObjects
) -> None:
    assert managed.post("/datasets", headers=KEY, files={"file": ("Mis canciones.csv", CSV)}).status_code == 202
    assert server.conf is not None
    assert server.conf["source"].endswith("/Mis canciones.csv")
    assert "name" not in server.conf
    answer = managed.post("/datasets", params={"name": "Verano"}, headers=KEY, files={"file": ("other.csv", CSV)})
    assert answer.status_code == 202
    assert server.conf["name"] == "Verano"
    too_long = managed.post("/datasets", params={"name": "a" * 81}, headers=KEY, files={"file": ("other.csv", CSV)})
    assert too_long.status_code == 422


@pytest.mark.parametrize("path", ["latest", "0123456789ab", "0123456789ab/statistics", "latest/preview"])
def test_what_is_not_there_is_not_found(managed: TestClient, path: str) -> None:
    answer = managed.get(f"/datasets/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("name", ["..%2F..%2Fmlflow", "LATEST", "0123456789abc", "%00"])
def test_a_name_that_no_version_has_is_rejected(managed: TestClient, name: str) -> None:
    assert managed.get(f"/datasets/{name}").status_code in {404, 422}
    assert managed.delete(f"/datasets/{name}", headers=KEY).status_code in {404, 422}


@pytest.mark.parametrize("part", ["scaled", "features", "train", "test"])
def test_first_rows_are_those_of_the_table(
    managed: TestClient, publish: Publish, objects: MemoryObjects, part: str
) -> None:
    version = publish(1).version
    table = pd.read_parquet(io.BytesIO(objects.contents[f"datasets/{version}/{part}.parquet"]))
    preview = managed.get(f"/datasets/{version}/preview", params={"part": part, "limit": 3}, headers=KEY).json()
    assert (preview["version"], preview["part"]) == (version, part)
    pd.testing.assert_frame_equal(pd.DataFrame(preview["rows"]), table.head(3), check_dtype=False)


def test_first_rows_of_the_raw_file_are_text(managed: TestClient, publish: Publish) -> None:
    publish(1)
    rows = managed.get("/datasets/latest/preview", params={"part": "raw", "limit": 2}, headers=KEY).json()["rows"]
    lines = CSV.decode().splitlines()
    assert [list(row) for row in rows] == [lines[0].split(",")] * 2
    assert [list(row.values()) for row in rows] == [line.split(",") for line in lines[1:3]]


def test_a_limit_out_of_range_is_reported_with_its_rule(managed: TestClient) -> None:
    answer = managed.get("/datasets", params={"limit": 101})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["errors"][0]["field"] == "limit"
    assert "100" in answer.json()["errors"][0]["problem"]


def test_statistics_are_those_of_the_songs(managed: TestClient, publish: Publish, objects: MemoryObjects) -> None:
    version = publish(1)
    songs = pd.read_parquet(io.BytesIO(objects.contents[f"datasets/{version.version}/features.parquet"]))
    spreads = managed.get("/datasets/latest/statistics").json()["spreads"]
    assert [(found["feature"], found["label"]) for found in spreads] == [
        (feature, label) for feature in FEATURES for label in ("like", "dislike")
    ]
    for found in spreads:
        values = songs.loc[songs[LABEL] == (found["label"] == "like"), found["feature"]].astype(float)
        assert found["songs"] == len(values) == sum(found["histogram"]["counts"])
        assert (found["mean"], found["std"]) == (pytest.approx(values.mean()), pytest.approx(values.std()))
        assert found["quantiles"]["0.5"] == pytest.approx(values.median())
        edges = found["histogram"]["edges"]
        assert found["histogram"]["counts"] == np.histogram(values, edges)[0].tolist()


@pytest.mark.parametrize("part", ["scaled", "features", "train", "test"])
def test_a_table_is_downloaded_whole_in_both_formats(
    managed: TestClient, publish: Publish, objects: MemoryObjects, part: str
) -> None:
    version = publish(1).version
    stored = objects.contents[f"datasets/{version}/{part}.parquet"]
    parquet = managed.get("/datasets/latest/download", params={"part": part, "format": "parquet"}, headers=KEY)
    assert parquet.content == stored
    text = managed.get("/datasets/latest/download", params={"part": part}, headers=KEY)
    assert text.headers["content-type"].startswith("text/csv")
    assert text.headers["content-disposition"] == f'attachment; filename="{version}-{part}.csv"'
    expected = pd.read_parquet(io.BytesIO(stored))
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(text.text)).astype(expected.dtypes), expected)


def test_of_a_long_table_rows_are_taken_evenly(managed: TestClient, publish: Publish, objects: MemoryObjects) -> None:
    version = publish(1).version
    stored = pd.read_parquet(io.BytesIO(objects.contents[f"datasets/{version}/features.parquet"]))
    query: dict[str, str | int] = {"format": "parquet", "at_most": len(stored) // 3}
    sample = managed.get("/datasets/latest/download", params=query)
    expected = stored.iloc[::3].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(sample.content)), expected)
    assert managed.get("/datasets/latest/download", params={"at_most": 0}).status_code == 422


@pytest.mark.parametrize("part", ["raw", "scaled"])
@pytest.mark.parametrize("path", ["/datasets/latest/download", "/datasets/latest/preview"])
def test_the_listeners_own_rows_need_the_key(managed: TestClient, publish: Publish, path: str, part: str) -> None:
    publish(1)
    for headers in ({}, {"X-API-Key": "wrong"}):
        check_problem(managed.get(path, params={"part": part}, headers=headers), 401, path)
    assert managed.get(path, params={"part": part}, headers=KEY).status_code == HTTPStatus.OK


def test_the_listeners_own_file_is_given_back_as_it_was(managed: TestClient, publish: Publish) -> None:
    publish(1)
    assert managed.get("/datasets/latest/download", params={"part": "raw"}, headers=KEY).content == CSV


@pytest.mark.parametrize(
    "uploads", [{"content": CSV, "headers": TEXT}, {"files": {"file": ("playlist.csv", CSV, "text/csv")}}]
)
def test_a_good_playlist_is_kept_and_the_pipeline_started(
    managed: TestClient, objects: MemoryObjects, server: FakeAirflow, uploads: dict[str, Any]
) -> None:
    headers = uploads.pop("headers", {})
    answer = managed.post("/datasets", headers=headers | KEY, **uploads)
    assert answer.status_code == HTTPStatus.ACCEPTED
    accepted = answer.json()
    assert answer.headers["location"] == "/pipeline/runs/manual__2026-11-26T00%3A00%3A00%2B00%3A00"
    assert accepted["preparation"]["rows_raw"] == len(sample.bundled())
    assert server.conf == {"source": accepted["source"]}
    assert objects.contents == {accepted["source"].removeprefix("s3://data/"): CSV}


def test_an_upload_may_say_whose_it_is(managed: TestClient, server: FakeAirflow) -> None:
    answer = managed.post("/datasets", params={"new_listener": "true"}, content=CSV, headers=TEXT_AND_KEY)
    assert server.conf == {"source": answer.json()["source"], "new_listener": True}
    answer = managed.post("/datasets", params={"new_listener": "who"}, content=CSV, headers=TEXT_AND_KEY)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (CSV.replace(b"energy", b"vigour", 1), "column 'energy' is missing"),
        (b"song\n1\n", "the file names songs and not their audio features"),
        (CSV.replace(b"energy", b"vigour", 1).replace(b"label", b"genre"), "'energy' is missing; column 'label' is"),
        (b"", "the file is empty"),
    ],
)
def test_every_finding_about_a_bad_playlist_is_reported(
    managed: TestClient, objects: MemoryObjects, server: FakeAirflow, raw: bytes, message: str
) -> None:
    for path in ("/datasets", "/datasets/validate"):
        answer = managed.post(path, content=raw, headers=TEXT_AND_KEY)
        body = answer.json()
        assert answer.status_code == 422
        assert message in body["detail"]
        assert len(body["errors"]) == len(message.split("; "))
    assert not objects.contents
    assert server.conf is None


def test_findings_name_column_rule_and_rows(managed: TestClient) -> None:
    lines = CSV.decode().splitlines()
    energy = lines[0].split(",").index("energy")
    for row in range(3, 303):
        cells = lines[row].split(",")
        lines[row] = ",".join([*cells[:energy], "1.5", *cells[energy + 1 :]])
    found = managed.post("/datasets/validate", content="\n".join(lines), headers=TEXT).json()["errors"]
    rule = {"problem": "must lie in [0, 1]", "code": "not_in_unit_interval", "params": {}}
    assert found[0]["code"] == "too_many_unusable_rows"
    assert found[1:] == [{"field": "energy", **rule, "count": 300, "rows": list(range(4, 14))}]


def labelled(words: Callable[[int], str]) -> bytes:
    """The sample with other labels, which are its last column."""
    header, *songs = CSV.decode().splitlines()
    rows = (f"{song.rpartition(',')[0]},{words(row)}" for row, song in enumerate(songs))
    return "\n".join([header, *rows]).encode()


@pytest.mark.parametrize("others", ["si", "1"])
def test_unknown_labels_before_known_ones_are_reported(managed: TestClient, others: str) -> None:
    raw = labelled(lambda row: "quizás" if row < 200 else others)
    answer = managed.post("/datasets/validate", content=raw, headers=TEXT)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    _, error = answer.json()["errors"]
    assert (error["field"], error["count"], error["rows"][0]) == ("label", 200, 2)


def test_a_checked_playlist_leaves_nothing(managed: TestClient, objects: MemoryObjects, server: FakeAirflow) -> None:
    report = managed.post("/datasets/validate", content=CSV, headers=TEXT).json()
    assert report["likes"] + report["dislikes"] == report["rows_kept"]
    assert not objects.contents
    assert server.conf is None


def test_writing_needs_the_key(managed: TestClient, objects: MemoryObjects, server: FakeAirflow) -> None:
    for key in ({}, {"X-API-Key": "wrong"}):
        assert managed.post("/datasets", content=CSV, headers=TEXT | key).status_code == 401
        assert managed.delete("/datasets/0123456789ab", headers=key).status_code == 401
    assert not objects.contents
    assert server.conf is None


def test_what_is_away_is_reported_with_the_remedy(
    managed: TestClient, objects: MemoryObjects, server: FakeAirflow
) -> None:
    server.broken = httpx.ConnectError("refused")
    answer = managed.post("/datasets", content=CSV, headers=TEXT_AND_KEY)
    assert (answer.status_code, answer.json()["detail"]) == (
        503,
        "Airflow at http://airflow does not answer: is it running?",
    )
    objects.is_down = True
    for answer in (managed.get("/datasets"), managed.post("/datasets", content=CSV, headers=TEXT_AND_KEY)):
        assert (answer.status_code, "check that it runs" in answer.json()["detail"]) == (503, True)


def test_an_old_version_is_deleted_but_not_one_in_use(
    managed: TestClient, publish: Publish, objects: MemoryObjects, mlflow_client: FakeMlflow
) -> None:
    old, taught, latest = publish(1), publish(2), publish(3)
    mlflow_client.trained[taught.version] = [SimpleNamespace(name="spotify_model_prod", version="4")]
    rejected = [managed.delete(f"/datasets/{version.version}", headers=KEY) for version in (taught, latest)]
    assert [answer.status_code for answer in rejected] == [409, 409]
    assert "spotify_model_prod/4" in rejected[0].json()["detail"]
    assert managed.delete("/datasets/latest", headers=KEY).status_code == 404
    assert managed.delete(f"/datasets/{old.version}", headers=KEY).status_code == 204
    assert managed.delete(f"/datasets/{old.version}", headers=KEY).status_code == 404
    assert not [key for key in objects.contents if old.version in key]


def test_two_files_are_validated_as_the_one_that_holds_both(managed: TestClient) -> None:
    whole = managed.post("/datasets/validate", files={"file": sample.csv()}).json()
    two = managed.post("/datasets/validate", files=two_files()).json()
    counts = ("rows_raw", "rows_kept", "likes", "dislikes")
    assert [two[name] for name in counts] == [whole[name] for name in counts]


def test_the_first_songs_are_shown_as_understood(managed: TestClient) -> None:
    songs = sample.bundled().assign(artist="Ana", title="Uno").assign(**dict.fromkeys(FEATURES[:1], 50))
    songs[[*FEATURES[1:]]] *= 100
    content = songs.to_csv(index=False).encode()
    first = managed.post("/datasets/validate", files={"file": content}).json()["first_songs"]
    assert len(first) == 5
    assert list(first[0]) == ["title", "artist", *FEATURES, LABEL]
    assert (first[0]["title"], first[0]["artist"], first[0][FEATURES[0]]) == ("Uno", "Ana", 0.5)
