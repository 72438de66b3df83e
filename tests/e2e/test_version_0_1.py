"""A platform that version 0.1 filled stays usable: its backup is restored, and today's services work on it.

`tests/fixtures/README.md` tells what the backup holds and how it was made.
"""

import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from local_stack.config import ROOT, Config
from local_stack.start import bring_up
from local_stack.supervisor import Supervisor
from song_preference.clients import ask_all, clients
from song_preference.features import EXAMPLE
from song_preference.serving.versions import DescribedRegistry
from song_preference.settings import ClientSettings, ModelSettings
from streamlit_app.data.catalogue import catalogue
from tests.support.dashboard import PAGE
from tests.support.stack import environment_of, local_environment, local_stack
from tests.support.waiting import wait_for

BACKUP = ROOT / "tests" / "fixtures" / "version_0_1.tar.xz"
SAMPLE, UPLOAD = "7ce3908d2748", "52ad501a83ef"
"""The two dataset versions: the bundled sample, which version 1 was trained on, and made-up songs, version 2."""

PROBABILITIES = {"1": 0.9486251473426819, "2": 0.42764952778816223}
"""What each model version answered for `EXAMPLE` under version 0.1 of the platform."""

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A platform of this module's own, restored from the backup."""
    if request.config.getoption("--stack") == "running":
        pytest.skip("restores the databases of the stack without Docker")
    config = Config.read(local_environment(tmp_path_factory.mktemp("s"))).with_secrets()
    try:
        restore(config)
        # Finds the champion, so that it trains none, and asks every protocol.
        run = local_stack("run", config)
        assert run.returncode == 0, run.stdout
        assert "the pipeline need not run" in run.stdout
        with environment_of(config) as environment:
            yield environment
    finally:
        local_stack("stop", config)


def restore(config: Config) -> None:
    """Put databases and logs into an empty state, start the services on them, then load the buckets."""
    with tarfile.open(BACKUP) as backup:
        backup.extractall(config.state, filter="data")
    for script in (config.state / "mlflow.sql", config.state / "airflow" / "airflow.sql"):
        with closing(sqlite3.connect(script.with_suffix(".db"))) as database:
            database.executescript(script.read_text())
    bring_up(config, Supervisor(config))
    with (config.state / "buckets.tar").open("rb") as buckets:
        command = [sys.executable, "-m", "operations.backup", "load"]
        subprocess.run(command, cwd=ROOT, env=config.environment, stdin=buckets, check=True)


def assert_every_protocol_answers_by(version: str) -> None:
    protocols = clients(ClientSettings())
    wait_for(
        lambda: (
            {answer.model.version for answer in ask_all(protocols, EXAMPLE, PATIENCE_SECONDS).values()} == {version}
        ),
        f"version {version} on each protocol",
    )
    answers = ask_all(protocols, EXAMPLE, PATIENCE_SECONDS)
    for answer in answers.values():
        assert answer.probability == pytest.approx(PROBABILITIES[version], abs=1e-6)


@pytest.mark.usefixtures("environment")
def test_it_predicts_as_before() -> None:
    assert_every_protocol_answers_by("2")


def test_its_datasets_and_their_songs_are_listed(rest: httpx.Client) -> None:
    listed = rest.get("/datasets").json()["datasets"]
    assert [(found["version"], found["preparation"]["rows_kept"]) for found in listed] == [(UPLOAD, 200), (SAMPLE, 750)]
    rows = rest.get(f"/datasets/{UPLOAD}/preview", params={"part": "raw"}).json()["rows"]
    assert (rows[0]["Title"], rows[0]["Artist"]) == ("Made-up song 0", "Made-up artist 0")
    assert {found["label"] for found in rest.get(f"/datasets/{SAMPLE}/statistics").json()["spreads"]} == {
        "like",
        "dislike",
    }


def test_its_models_and_runs_are_listed_with_the_reasons_given_then(rest: httpx.Client) -> None:
    models = [
        (found["version"], found["aliases"], found["dataset_version"]) for found in rest.get("/model/versions").json()
    ]
    assert models == [("2", ["champion"], UPLOAD), ("1", [], SAMPLE)]
    runs = [rest.get(f"/pipeline/runs/{found['id']}").json() for found in rest.get("/pipeline/runs").json()["runs"]]
    skipped, rejected, absent, promoted, first = runs
    assert skipped["training"]["reason"].startswith(f"Version 2 was trained from dataset {UPLOAD} with seed 42")
    assert rejected["reason"] == "This playlist cannot be used: column 'energy' must not be empty (1 row: 9)."
    assert "there is no such file" in absent["reason"]
    assert promoted["training"]["reason"] == "It learned from a real playlist, version 1 from the bundled sample."
    assert (first["model_version"], first["promoted"]) == ("1", True)


@pytest.mark.usefixtures("environment")
def test_the_evaluation_of_each_model_is_read() -> None:
    registry = DescribedRegistry(ModelSettings())
    evaluations = [registry.evaluation(model.run_id) for model in registry.described(2)]
    assert [evaluation is not None for evaluation in evaluations] == [True, True]


@pytest.mark.parametrize("name", ["predict", "discover", "explore", "model", "songs", "pipeline"])
@pytest.mark.usefixtures("environment")
def test_every_page_of_the_dashboard_shows_it(name: str) -> None:
    page = AppTest.from_string(PAGE.format(name=name, language="en"), default_timeout=PATIENCE_SECONDS).run()
    catalogue().stop()
    st.cache_resource.clear()
    st.cache_data.clear()
    assert not page.exception
    assert [shown.value for shown in [*page.error, *page.warning]] == []


def states(rest: httpx.Client, location: str) -> tuple[str, str | None]:
    run = rest.get(location).json()
    return run["state"], (run["training"] or {}).get("state")


def test_it_trains_and_goes_back_to_a_model_of_before(rest: httpx.Client) -> None:
    source = rest.get(f"/datasets/{UPLOAD}").json()["source"]["uri"]
    started = rest.post("/pipeline/runs", json={"source": source, "trials": 3, "force": True})
    assert started.status_code == httpx.codes.ACCEPTED, started.text
    location = started.headers["location"]
    wait_for(
        lambda: "failed" in (state := states(rest, location)) or state == ("success", "success"),
        "the end of a training",
    )
    run = rest.get(location).json()
    assert (run["state"], run["training"]["state"], run["model_version"]) == ("success", "success", "3"), run
    # Prepared in another way than under version 0.1, the same file is another version.
    assert run["dataset_version"] == rest.get("/datasets/latest").json()["version"] != UPLOAD
    assert rest.get("/datasets/latest").json()["preparation"]["rows_kept"] == 200

    for version in ("1", "2"):
        assert rest.post("/model/rollback", json={"version": version}).status_code == httpx.codes.OK
        assert_every_protocol_answers_by(version)
