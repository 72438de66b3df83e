"""One suite for both stacks: a DAG is triggered, and the same answer comes out everywhere."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import mlflow
import pandas as pd
import pytest
import streamlit as st
from mlflow import MlflowClient
from streamlit.testing.v1 import AppTest

from local_stack.config import ROOT
from operations.probe import problem
from song_preference.clients import ask_all, clients
from song_preference.dataset.store import DatasetStore
from song_preference.errors import PipelineError
from song_preference.features import EXAMPLE, Song
from song_preference.pipeline.__main__ import follow, run_to_champion
from song_preference.pipeline.airflow import Airflow, Run
from song_preference.pipeline.report import failure
from song_preference.run_options import ETL_DAG, TRAINING_DAG
from song_preference.settings import ClientSettings
from song_preference.storage import ObjectStore
from streamlit_app.data.catalogue import catalogue
from streamlit_app.i18n import COMMON, Locale
from tests.support.stack import PLAYLIST

PATIENCE_SECONDS = 60
ALARMS = {"warning", "error", "critical"}
needs_playlist = pytest.mark.skipif(not PLAYLIST.exists(), reason=f"needs a real playlist at {PLAYLIST}")


@pytest.fixture(scope="module")
def runs(airflow: Airflow, request: pytest.FixtureRequest) -> tuple[Run, Run]:
    """Both DAGs, from one trigger through Airflow's REST API: the first runs of a platform of this session.

    Those also made the experiments and the registered model. A running platform, which may have models of anything
    before, gets new runs.
    """
    if request.config.getoption("--stack") == "running":
        return run_to_champion(airflow, print, {"trials": 9, "force": True})
    etl, training = (Run(dag_id, airflow.runs(dag_id, 1).runs[0].id) for dag_id in (ETL_DAG, TRAINING_DAG))
    return etl, training


@pytest.fixture(scope="module")
def datasets(objects: ObjectStore, runs: tuple[Run, Run]) -> DatasetStore:
    return DatasetStore(objects)


@pytest.fixture(scope="module")
def registry(environment: dict[str, str], runs: tuple[Run, Run]) -> MlflowClient:
    return MlflowClient()


def test_one_trigger_runs_both_dags(airflow: Airflow, runs: tuple[Run, Run]) -> None:
    etl, training = runs
    assert (etl.dag_id, training.dag_id) == (ETL_DAG, TRAINING_DAG)
    assert [task.id for task in airflow.tasks(etl)] == ["download", "engineer_features", "split", "register"]
    assert [task.id for task in airflow.tasks(training)] == ["search", "export", "evaluate", "register", "promote"]
    assert {task.state for run in runs for task in airflow.tasks(run)} == {"success"}


def test_the_log_of_a_task_that_worked_holds_no_warning_and_no_error(airflow: Airflow, runs: tuple[Run, Run]) -> None:
    logs = {(run, task.id): airflow.log(run, task) for run in runs for task in airflow.tasks(run)}
    assert all(any(line.get("level") == "info" for line in log) for log in logs.values())
    alarms = [(*task, line["event"]) for task, log in logs.items() for line in log if line.get("level") in ALARMS]
    assert alarms == []


def test_the_page_of_a_task_has_its_result_in_a_sentence(
    airflow: Airflow, logged_in: httpx.Client, runs: tuple[Run, Run]
) -> None:
    results = {}
    for run in runs:
        for task in airflow.tasks(run):
            path = f"/api/v2/dags/{run.dag_id}/dagRuns/{quote(run.run_id)}/taskInstances/{task.id}/xcomEntries"
            entries = logged_in.get(path).raise_for_status().json()["xcom_entries"]
            assert {"result", "return_value"} <= {entry["key"] for entry in entries}
            results[run.dag_id, task.id] = logged_in.get(f"{path}/result").raise_for_status().json()["value"]
    assert all(isinstance(result, str) and result.endswith(".") for result in results.values())
    assert re.fullmatch(r"[\d,]+ of [\d,]+ songs kept.*\.", results[ETL_DAG, "engineer_features"])
    assert results[TRAINING_DAG, "evaluate"].startswith("ROC AUC 0.")


@pytest.mark.parametrize(
    ("dag_id", "params"),
    [
        (ETL_DAG, {"test_size": 0.9}),
        (ETL_DAG, {"seed": -1}),
        (ETL_DAG, {"trials": 501}),
        (ETL_DAG, {"source": 3}),
        (TRAINING_DAG, {"seed": "x"}),
        (TRAINING_DAG, {"force": "yes"}),
        (TRAINING_DAG, {"dataset_version": 1}),
    ],
)
def test_a_parameter_out_of_range_starts_nothing(airflow: Airflow, dag_id: str, params: dict[str, Any]) -> None:
    with pytest.raises(PipelineError, match=f"400 Bad Request.*{next(iter(params))}"):
        airflow.trigger(dag_id, params)


@pytest.fixture
def in_force(
    environment: dict[str, str], datasets: DatasetStore, registry: MlflowClient
) -> Callable[[], tuple[str, str]]:
    """Asks for the version of the champion and for that of the latest dataset."""

    def ask() -> tuple[str, str]:
        champion = registry.get_model_version_by_alias(environment["MODEL_NAME"], environment["MODEL_ALIAS"])
        return str(champion.version), datasets.latest().version

    return ask


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"source": "https://127.0.0.1/x.csv"},
            r"'https://127.0.0.1/x.csv' is rejected: .+ Name a Google Drive link",
        ),
        ({"source": "/etc/passwd"}, r"'/etc/passwd' is rejected: .+ Name a Google Drive link, .+"),
        # Airflow accepts keys that its form does not have.
        ({"sorce": "mine.csv"}, r"there is no option 'sorce'"),
    ],
)
def test_a_bad_option_fails_clearly_and_everything_stays(
    airflow: Airflow, in_force: Callable[[], tuple[str, str]], params: dict[str, str], message: str
) -> None:
    before = in_force()
    run = airflow.trigger(ETL_DAG, params)
    with pytest.raises(PipelineError):
        follow(airflow, run, print)
    download = airflow.tasks(run)[0]
    assert (download.id, download.state, download.try_number) == ("download", "failed", 1)
    assert re.search(message, failure(airflow, run))
    assert "Traceback" not in failure(airflow, run)
    assert airflow.training_of(run) is None
    assert in_force() == before


def test_a_task_links_to_its_files_and_its_run(
    logged_in: httpx.Client, runs: tuple[Run, Run], datasets: DatasetStore, registry: MlflowClient
) -> None:
    for run, task in zip(runs, ("register", "promote"), strict=True):
        path = f"/api/v2/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{task}/links"
        links = logged_in.get(path).json()["extra_links"]
        assert links["Files in S3"].endswith(f"datasets%2F{datasets.latest().version}%2F")
        address, _, view = links["Run in MLflow"].partition("?")
        assert view == "workflowType=machine_learning"
        experiment_id, run_id = re.fullmatch(r".*/#/experiments/(\d+)/runs/(\w+)", address).groups()  # type: ignore[union-attr]
        info = registry.get_run(run_id).info
        assert (info.status, info.experiment_id) == ("FINISHED", experiment_id)
        assert httpx.get(links["Run in MLflow"]).status_code == httpx.codes.OK
        # A console answers; which of its pages shows a folder is the store's own, and MINIO_IMAGE may name another.
        assert httpx.get(links["Files in S3"], follow_redirects=True).status_code < 500


def test_mlflow_answers_what_its_pages_of_a_run_ask(environment: dict[str, str], registry: MlflowClient) -> None:
    run_id = newest_run(registry, "Spotify training").info.run_id
    query = f'{{ mlflowGetRun(input: {{runId: "{run_id}"}}) {{ run {{ info {{ status }} }} }} }}'
    answer = httpx.post(f"{environment['MLFLOW_TRACKING_URI']}/graphql", json={"query": query})
    assert answer.json()["data"]["mlflowGetRun"]["run"]["info"]["status"] == "FINISHED"


def test_the_dataset_is_in_s3(datasets: DatasetStore) -> None:
    latest = datasets.latest()
    folder = f"datasets/{latest.version}/"
    names = {key.removeprefix(folder) for key in datasets.objects.keys(folder)}
    parts = {"scaled.parquet", "features.parquet", "train.parquet", "test.parquet"}
    assert names == {"raw/1.csv", "dataset.json", *parts}
    assert len(datasets.table(latest.version, "train")) == latest.split.train
    assert len(datasets.table(latest.version, "test")) == latest.split.test


@needs_playlist
def test_the_real_playlist_gives_its_known_numbers(datasets: DatasetStore, registry: MlflowClient) -> None:
    latest = datasets.latest()
    rows = (latest.preparation.rows_raw, latest.preparation.rows_kept, latest.split.train, latest.split.test)
    assert rows == (750, 736, 515, 221)
    run = newest_run(registry, "Spotify training")
    assert 0.84 <= run.data.metrics["test_roc_auc"] <= 0.94


def test_both_experiments_are_in_mlflow(datasets: DatasetStore, registry: MlflowClient) -> None:
    latest = datasets.latest()
    data = newest_run(registry, "Spotify data")
    assert data.data.params["dataset_version"] == latest.version
    assert data.data.metrics["energy_mean"] == pytest.approx(latest.preparation.features["energy"].mean)
    assert data.data.metrics["energy_std"] == pytest.approx(latest.preparation.features["energy"].std)
    assert data.inputs.dataset_inputs[0].dataset.name == f"{latest.version} features"
    assert {"tempo_mean", "loudness_std", "duration_std"} <= data.data.metrics.keys()
    training = newest_run(registry, "Spotify training")
    assert {used.dataset.name for used in training.inputs.dataset_inputs} == {
        f"{latest.version} train",
        f"{latest.version} test",
    }
    assert training.data.tags["source_kind"] == latest.source.kind


def test_the_champion_names_its_dataset(
    environment: dict[str, str], datasets: DatasetStore, registry: MlflowClient
) -> None:
    champion = registry.get_model_version_by_alias(environment["MODEL_NAME"], environment["MODEL_ALIAS"])
    assert champion.tags["dataset_version"] == datasets.latest().version
    assert len(champion.tags) <= 12


@pytest.mark.usefixtures("runs")
def test_the_same_probability_everywhere(environment: dict[str, str]) -> None:
    answers = ask_all(clients(ClientSettings()), EXAMPLE, PATIENCE_SECONDS)
    assert set(answers) == {"REST", "GraphQL", "gRPC"}
    answer = answers["REST"]

    name, alias = environment["MODEL_NAME"], environment["MODEL_ALIAS"]
    champion = mlflow.pyfunc.load_model(f"models:/{name}@{alias}")
    row = champion.predict(pd.DataFrame([EXAMPLE.model_dump()])).iloc[0]
    assert (float(row["probability"]), bool(row["label"])) == (answer.probability, answer.liked)

    # The page begins with the same song, to two decimals as its sliders have them.
    song = Song(**{feature: round(value, 2) for feature, value in EXAMPLE.model_dump().items()})
    expected = clients(ClientSettings())["REST"].predict(song).probability
    assert set(ask_the_page()) == {Locale("es", COMMON).percent(expected, 2)}


def ask_the_page() -> list[str]:
    """The answers that the dashboard shows, its own and those of every protocol."""
    page = AppTest.from_file(str(ROOT / "streamlit_app" / "app.py"), default_timeout=PATIENCE_SECONDS)
    page.run().button_group(key="way").set_value("all").run()
    assert not page.exception
    catalogue().stop()
    st.cache_resource.clear()
    st.cache_data.clear()
    shown = [text.value.split("**")[1] for text in page.markdown if "**" in text.value and "%" in text.value]
    assert len(shown) == 4
    return shown


def test_the_dashboard_is_served(environment: dict[str, str]) -> None:
    assert problem(f"{environment['STREAMLIT_URL']}/_stcore/health") is None


def test_rest_is_documented_and_ready(environment: dict[str, str]) -> None:
    assert problem(f"{environment['FASTAPI_URL']}/docs") is None
    assert problem(f"{environment['FASTAPI_URL']}/health/ready", "status=ready") is None


def test_airflow_is_healthy_in_every_part(environment: dict[str, str]) -> None:
    for part in ("metadatabase", "scheduler", "dag_processor", "triggerer"):
        assert problem(f"{environment['AIRFLOW_URL']}/api/v2/monitor/health", f"{part}.status=healthy") is None


def newest_run(registry: MlflowClient, experiment: str) -> Any:
    """Among those of the DAGs, not those nested in them."""
    found = registry.get_experiment_by_name(experiment)
    assert found is not None
    return registry.search_runs(
        [found.experiment_id], "tags.source_kind != ''", order_by=["attributes.start_time DESC"], max_results=1
    )[0]
