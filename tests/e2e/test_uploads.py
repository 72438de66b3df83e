"""Another listener uploads a file over REST: from upload to champion, with no edit by hand."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from song_preference.pipeline.__main__ import follow
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from song_preference.storage import ObjectStore
from tests.support.waiting import wait_for

SONGS = 300
TRIALS_OF_A_LONG_TRAINING = 12
SEEDS = count(time.time_ns())
"""Other songs each time, so that the tests also pass on a platform that they have been run on before."""


def listeners_file(rows: int = SONGS) -> bytes:
    """A CSV in a spelling of its own, of somebody who likes what can be danced to."""
    random = np.random.default_rng(next(SEEDS))
    shares = ["Acousticness", "Danceability", "Energy", "Instrumentalness", "Liveness", "Speechiness", "Valence"]
    songs = pd.DataFrame(random.random((rows, len(shares))).round(4), columns=shares)
    songs["duration_ms"] = random.integers(60_000, 400_000, rows)
    songs["Tempo"], songs["loudness"] = random.uniform(60, 200, rows), random.uniform(-30, 0, rows)
    songs["Liked"] = np.where(songs["Danceability"] > 0.5, "Like", "Dislike")
    return songs.to_csv().encode()


def upload(rest: httpx.Client, playlist: bytes, **options: bool) -> httpx.Response:
    return rest.post("/datasets", params=options, content=playlist, headers={"Content-Type": "text/csv"})


def followed(airflow: Airflow, run_id: str) -> str:
    """Wait for the run and for the training that it starts; returns the dataset version."""
    etl = Run(ETL_DAG, run_id)
    follow(airflow, etl, print)
    wait_for(lambda: airflow.training_of(etl) is not None, "the training of the new dataset")
    training = airflow.training_of(etl)
    assert training is not None
    follow(airflow, training, print)
    return str(airflow.published(etl)["version"])


def wait_for_model(rest: httpx.Client, version: str) -> None:
    """Wait until this version is in service."""
    wait_for(lambda: rest.get("/model").json()["version"] == version, f"version {version} in service")


@pytest.fixture(scope="module")
def before(rest: httpx.Client) -> Iterator[dict[str, Any]]:
    """The version in service before another listener came; afterwards it is in service again."""
    served = rest.get("/model").json()["version"]
    found = next(model for model in rest.get("/model/versions").json() if model["version"] == served)
    yield found
    assert rest.post("/model/rollback", json={"version": served}).status_code == httpx.codes.OK
    wait_for_model(rest, served)


@pytest.fixture(scope="module")
def playlist() -> bytes:
    """The other listener's songs."""
    return listeners_file()


@pytest.fixture(scope="module")
def accepted(rest: httpx.Client, airflow: Airflow, before: dict[str, Any], playlist: bytes) -> dict[str, Any]:
    """The answer to their upload, once a model was trained on it; with the dataset's version."""
    answer = upload(rest, playlist, new_listener=True)
    assert answer.status_code == httpx.codes.ACCEPTED
    found: dict[str, Any] = answer.json()
    return {**found, "dataset": followed(airflow, found["run_id"])}


def test_from_upload_to_champion_and_back(
    environment: dict[str, str],
    rest: httpx.Client,
    before: dict[str, Any],
    playlist: bytes,
    accepted: dict[str, Any],
) -> None:
    mlflow, name, alias = MlflowClient(), environment["MODEL_NAME"], environment["MODEL_ALIAS"]
    dataset = accepted["dataset"]
    report = rest.post("/datasets/validate", content=playlist, headers={"Content-Type": "text/csv"}).json()
    assert (report["rows_raw"], report["rows_kept"]) == (SONGS, SONGS)
    assert "labels understood: Dislike = 0, Like = 1" in report["readings"]

    described = rest.get("/datasets/latest").json()
    assert (described["version"], described["source"]["uri"]) == (dataset, accepted["source"])
    assert rest.get(f"/datasets/{dataset}/download", params={"part": "raw"}).content == playlist
    spreads = rest.get(f"/datasets/{dataset}/statistics").json()["spreads"]
    lowest = {found["label"]: found["quantiles"]["0"] for found in spreads if found["feature"] == "danceability"}
    assert lowest["like"] > 0.5 > lowest["dislike"]

    champion = mlflow.get_model_version_by_alias(name, alias)
    assert champion.tags["dataset_version"] == dataset
    wait_for_model(rest, str(champion.version))
    song = {"speechiness": 0.5, "energy": 0.5, "acousticness": 0.5}
    liked = [rest.post("/predict", json=song | {"danceability": share}).json()["liked"] for share in (0.1, 0.9)]
    assert liked == [False, True]

    rejected = rest.delete(f"/datasets/{dataset}")
    assert (rejected.status_code, "is the latest" in rejected.json()["detail"]) == (409, True)
    rejected = rest.delete(f"/datasets/{before['dataset_version']}")
    assert (rejected.status_code, "trained on" in rejected.json()["detail"]) == (409, True)

    for body, version in (({}, before["version"]), ({"version": str(champion.version)}, str(champion.version))):
        assert rest.post("/model/rollback", json=body).status_code == httpx.codes.OK
        wait_for_model(rest, version)
        # The answers come from the list that the champion learned from, whatever was published last.
        trained_on = rest.post("/predict", json=song | {"danceability": 0.9}).json()["model"]["dataset_version"]
        assert trained_on == (dataset if body else before["dataset_version"])
        assert rest.get("/datasets/latest").json()["version"] == dataset


@pytest.mark.once
def test_a_short_list_of_somebody_else_replaces_the_champion_only_if_the_run_says_so(
    rest: httpx.Client, airflow: Airflow, accepted: dict[str, Any]
) -> None:
    def reported(playlist: bytes, **options: bool) -> dict[str, Any]:
        run_id = upload(rest, playlist, **options).json()["run_id"]
        followed(airflow, run_id)
        report: dict[str, Any] = rest.get(f"/pipeline/runs/{run_id}").json()
        return report

    champion = rest.get(f"/pipeline/runs/{accepted['run_id']}").json()
    assert champion["promoted"], champion["training"]
    wait_for_model(rest, champion["model_version"])

    short = listeners_file(120)
    kept = reported(short)
    assert (kept["promoted"], kept["training"]["code"]) == (False, "another_listener")
    assert kept["training"]["params"]["shared"] == 0
    assert rest.post("/model/refresh").json()["model"]["version"] == champion["model_version"]

    # The version is there already: it is promoted without another training.
    again = reported(short, new_listener=True)
    assert (again["promoted"], again["model_version"]) == (True, kept["model_version"])
    states = {task["id"]: task["state"] for task in again["training"]["tasks"]}
    assert [states[name] for name in ("search", "export", "promote")] == ["success", "skipped", "success"]
    wait_for_model(rest, kept["model_version"])


@pytest.mark.once
def test_two_uploads_during_a_training_become_versions_and_the_latest_a_model(
    rest: httpx.Client, airflow: Airflow, objects: ObjectStore
) -> None:
    champion = rest.get("/model").json()["version"]
    airflow.trigger(TRAINING_DAG, {"trials": TRIALS_OF_A_LONG_TRAINING, "force": True})
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda playlist: upload(rest, playlist), [listeners_file(), listeners_file()]))
    assert [answer.status_code for answer in answers] == [202, 202], [answer.text for answer in answers]
    runs = [Run(ETL_DAG, answer.json()["run_id"]) for answer in answers]
    for run in runs:
        follow(airflow, run, print)
    versions = {str(airflow.published(run)["version"]) for run in runs}
    assert len(versions) == 2
    assert versions <= {found["version"] for found in rest.get("/datasets").json()["datasets"]}
    mlflow, latest = MlflowClient(), rest.get("/datasets/latest").json()["version"]
    wait_for(
        lambda: bool(mlflow.search_model_versions(f"tags.dataset_version = '{latest}'")), "a model of the latest upload"
    )
    wait_for(lambda: not airflow.is_busy(TRAINING_DAG), "the end of all trainings")
    reports = [rest.get(f"/pipeline/runs/{run.run_id}").json() for run in runs]
    [newest] = [report for report in reports if report["dataset_version"] == latest]
    assert newest["training"]["state"] == "success"

    # Once no registered model is left that was trained on it, the older one may go, with everything of its own.
    [older] = versions - {latest}
    for model in mlflow.search_model_versions(f"tags.dataset_version = '{older}'"):
        mlflow.delete_model_version(model.name, model.version)
    assert rest.delete(f"/datasets/{older}").status_code == httpx.codes.NO_CONTENT
    assert objects.keys(f"datasets/{older}/") == []
    assert rest.post("/model/rollback", json={"version": champion}).status_code == httpx.codes.OK
    wait_for_model(rest, champion)


def test_an_upload_cut_off_in_the_middle_leaves_nothing(
    environment: dict[str, str], rest: httpx.Client, objects: ObjectStore
) -> None:
    before, runs = objects.keys("incoming/"), rest.get("/pipeline/runs").json()
    host, port = environment["FASTAPI_URL"].removeprefix("http://").split(":")
    playlist = listeners_file()
    head = (
        f"POST /datasets HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/csv\r\nX-API-Key: {environment['API_KEY']}\r\n"
        f"Content-Length: {len(playlist)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + playlist[: len(playlist) // 2])
    assert rest.get("/health/live").status_code == httpx.codes.OK
    assert objects.keys("incoming/") == before
    assert rest.get("/pipeline/runs").json() == runs
