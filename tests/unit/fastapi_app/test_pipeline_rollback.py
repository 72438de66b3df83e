"""The way back, in MLflow's own registry; no thread watches it, so what is served changes at the route's word only."""

from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from mlflow import MlflowClient

from fastapi_app.app import create_app
from fastapi_app.management import Management
from song_preference.errors import RegistryUnavailable
from song_preference.prediction import ModelRef
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.registry import MlflowRegistry
from song_preference.serving.songs import SongSearch
from song_preference.settings import ModelSettings, RestSettings
from tests.support.airflow import FakeAirflow
from tests.support.rest import KEY, check_problem, fuzz

MODEL, PATH = "spotify_model_prod", "/model/rollback"


class Registry(MlflowRegistry):
    """MLflow's own, but graphs are at hand, and a test can take it away."""

    def __init__(self, settings: ModelSettings, graphs: dict[str, bytes]) -> None:
        super().__init__(settings)
        self.graphs, self.is_down = graphs, False

    def champion(self) -> ModelRef | None:
        if self.is_down:
            raise RegistryUnavailable("MLflow is down.")
        return super().champion()

    def graph(self, ref: ModelRef) -> bytes:
        return self.graphs[ref.version]


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('rollback') / 'mlflow.db'}"


@pytest.fixture
def mlflow(tracking_uri: str) -> MlflowClient:
    """Versions 1 to 3; 3 is the champion and replaced 2, which replaced none."""
    client = MlflowClient(tracking_uri)
    for model in client.search_registered_models():
        client.delete_registered_model(model.name)
    client.create_registered_model(MODEL)
    for tags in ({}, {}, {"replaced": "2"}):
        client.create_model_version(MODEL, "file:///nowhere", tags=tags)
    client.set_registered_model_alias(MODEL, "champion", "3")
    return client


@pytest.fixture
def model_settings(tracking_uri: str) -> ModelSettings:
    return ModelSettings.model_validate(
        {"MLFLOW_TRACKING_URI": tracking_uri, "MODEL_NAME": MODEL, "MODEL_ALIAS": "champion"}
    )


@pytest.fixture
def models(mlflow: MlflowClient, model_settings: ModelSettings, graph: bytes) -> Registry:
    return Registry(model_settings, {"1": b"no graph", "2": graph, "3": graph})


@pytest.fixture
def app(
    models: Registry, model_settings: ModelSettings, rest_settings: RestSettings, management: Management
) -> FastAPI:
    store = ModelStore(models, refresh_seconds=1, model_name=MODEL)
    store.refresh()
    settings = rest_settings.model_copy(update={"manages_datasets": True})
    return create_app(SongSearch(None, Predictor(store)), settings, replace(management, model_settings=model_settings))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


def champion(mlflow: MlflowClient) -> str:
    return str(mlflow.get_model_version_by_alias(MODEL, "champion").version)


def test_without_airflow_it_is_served_too(client: TestClient, server: FakeAirflow) -> None:
    server.broken = httpx.ConnectError("gone")
    answer = client.post(PATH, headers=KEY).json()
    assert (answer["model"]["version"], answer["is_announced"]) == ("2", False)


def test_the_one_before_is_served_at_once(client: TestClient, mlflow: MlflowClient, server: FakeAirflow) -> None:
    assert client.get("/model").json()["version"] == "3"
    answer = client.post(PATH, headers=KEY)
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "done": f"Version 2 of {MODEL} is the champion, version 3 the challenger.",
            "code": "rolled_back",
            "params": {"version": "2", "model": MODEL, "challenger": "3"},
            "outcome": "swapped",
            "model": {"name": MODEL, "version": "2", "alias": "champion", "dataset_version": None},
            "is_announced": True,
        },
    )
    assert server.announced == 1
    assert (client.get("/model").json()["version"], champion(mlflow)) == ("2", "2")


@pytest.mark.parametrize("version", ["2", 2])
def test_a_version_named_is_served_and_that_is_undone_without_a_name(
    client: TestClient, mlflow: MlflowClient, version: str | int
) -> None:
    assert client.post(PATH, headers=KEY, json={"version": version}).json()["model"]["version"] == "2"
    assert client.post(PATH, headers=KEY, json={}).json()["model"]["version"] == "3"
    assert champion(mlflow) == "3"


def test_the_champion_may_be_named(client: TestClient) -> None:
    answer = client.post(PATH, headers=KEY, json={"version": "3"}).json()
    assert (answer["done"], answer["outcome"]) == ("Version 3 is the champion already.", "unchanged")


def test_a_version_that_cannot_be_served_is_reported_and_the_model_stays(
    client: TestClient, mlflow: MlflowClient
) -> None:
    answer = client.post(PATH, headers=KEY, json={"version": "1"}).json()
    assert (answer["outcome"], answer["model"]["version"], champion(mlflow)) == ("refused", "3", "1")
    assert "version 1 is rejected" in client.get("/model").json()["refusal"]


def test_a_registry_that_is_lost_on_the_way_is_reported(
    client: TestClient, models: Registry, mlflow: MlflowClient
) -> None:
    models.is_down = True
    answer = client.post(PATH, headers=KEY).json()
    assert (answer["outcome"], answer["model"]["version"], champion(mlflow)) == ("unavailable", "3", "2")


def test_a_version_that_is_not_there_is_not_found(client: TestClient, mlflow: MlflowClient) -> None:
    problem = check_problem(client.post(PATH, headers=KEY, json={"version": "9"}), 404, PATH)
    assert problem["detail"] == f"{MODEL} has no version 9; it has 1, 2, 3."
    assert champion(mlflow) == "3"


def test_where_there_is_no_way_back_the_remedy_is_reported(client: TestClient) -> None:
    client.post(PATH, headers=KEY)
    problem = check_problem(client.post(PATH, headers=KEY), 404, PATH)
    assert problem["detail"].endswith("replaced no other: name a version to go back to.")


@pytest.mark.parametrize("version", ["0", "-1", "02", "1 ", "٣", "x", "", "9" * 5000, "1\n", 1.5, True, [1]])
def test_what_is_no_version_is_rejected(client: TestClient, mlflow: MlflowClient, version: object) -> None:
    problem = check_problem(client.post(PATH, headers=KEY, json={"version": version}), 422, PATH)
    assert [found["field"] for found in problem["errors"]] == ["version"]
    assert champion(mlflow) == "3"


def test_an_unknown_key_is_rejected(client: TestClient, mlflow: MlflowClient) -> None:
    problem = check_problem(client.post(PATH, headers=KEY, json={"Version": "2"}), 422, PATH)
    assert [found["field"] for found in problem["errors"]] == ["Version"]
    assert champion(mlflow) == "3"


def test_without_the_registry_the_remedy_is_reported(managed: TestClient) -> None:
    # The management of this client names a port where nothing answers.
    assert "check that it runs" in check_problem(managed.post(PATH, headers=KEY), 503, PATH)["detail"]


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # which Schemathesis does
def test_no_request_is_too_strange(app: FastAPI) -> None:
    fuzz(app, PATH, "POST")
