"""Each part is asked as it really answers: REST and gRPC are the services themselves, the others are in memory."""

import threading
from collections.abc import Iterator
from typing import cast

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from fastapi.testclient import TestClient
from mlflow import MlflowClient

from fastapi_app.app import create_app
from fastapi_app.management import Management
from song_preference.dataset.store import DatasetStore
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import (
    AirflowSettings,
    CatalogueSettings,
    ClientSettings,
    DatasetSettings,
    ModelSettings,
    RestSettings,
)
from streamlit_app.health import Health, Probes, own_model
from tests.support.airflow import FakeAirflow
from tests.support.dashboard import API_KEY
from tests.support.datasets import FakeMlflow, MemoryObjects
from tests.support.grpc_server import grpc_server
from tests.support.registry import FakeRegistry

WITHOUT_GRPC = "127.0.0.1:9"


class Network:
    """Leads each question to its part, unless that is away or hangs."""

    def __init__(self, rest: TestClient) -> None:
        self.rest, self.airflow = rest, FakeAirflow()
        self.away: set[str] = set()
        self.hangs: set[str] = set()
        self.ended = threading.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host in self.away:
            raise httpx.ConnectError("refused")
        if host in self.hangs:
            self.ended.wait()
        if host == "rest":
            path, headers = request.url.raw_path.decode(), dict(request.headers)
            answer = self.rest.request(request.method, path, content=request.read(), headers=headers)
            return httpx.Response(answer.status_code, content=answer.content)
        if host == "airflow":
            return self.airflow(request)
        return httpx.Response(200, json={"experiment": {"experiment_id": "0"}})


def rest_service(predictor: Predictor, objects: MemoryObjects) -> TestClient:
    management = Management(
        DatasetStore(objects),
        cast("MlflowClient", FakeMlflow()),
        FakeAirflow().client(),
        DatasetSettings(),
        ModelSettings(),
        CatalogueSettings(),
    )
    return TestClient(create_app(SongSearch(None, predictor), RestSettings(), management))


@pytest.fixture
def network(predictor: Predictor, objects: MemoryObjects, environment: pytest.MonkeyPatch) -> Iterator[Network]:
    environment.setenv("GRPC_ADDRESS", WITHOUT_GRPC)
    for name, part in (("FASTAPI_URL", "rest"), ("MLFLOW_TRACKING_URI", "mlflow"), ("AIRFLOW_URL", "airflow")):
        environment.setenv(name, f"http://{part}")
    network = Network(rest_service(predictor, objects))
    yield network
    network.ended.set()


def probes_of(network: Network, patience_seconds: float = 30) -> Probes:
    transport = httpx.MockTransport(network)
    return Probes(ClientSettings(), ModelSettings(), AirflowSettings(), transport, patience_seconds)


def asked(network: Network, *, manages_datasets: bool = True) -> dict[str, Health]:
    return probes_of(network).ask(manages_datasets=manages_datasets)


def states(network: Network) -> dict[str, str]:
    return {name: health.state for name, health in asked(network).items() if name != "grpc"}


def test_all_that_answer_are_up(network: Network) -> None:
    assert states(network) == dict.fromkeys(("rest", "graphql", "mlflow", "s3", "airflow"), "up")


def test_rest_reports_the_version_that_it_uses(network: Network) -> None:
    assert asked(network)["rest"] == Health("up", "health_version", {"version": "1"})


def test_rest_lives_without_a_model(network: Network, objects: MemoryObjects) -> None:
    network.rest = rest_service(Predictor(ModelStore(FakeRegistry(), 60, "spotify_model_prod")), objects)
    assert asked(network)["rest"] == Health("up", "health_answers_without_model")


def test_rest_reports_a_stale_model(network: Network, registry: FakeRegistry) -> None:
    registry.is_down = True
    network.rest.post("/model/refresh", headers={"X-API-Key": API_KEY})
    assert asked(network)["rest"].note == "health_stale_version"


def test_s3_is_down_where_rest_does_not_reach_it(network: Network, objects: MemoryObjects) -> None:
    objects.is_down = True
    found = states(network)
    assert (found["s3"], found["rest"]) == ("down", "up")


def test_nobody_knows_of_s3_while_rest_is_away(network: Network) -> None:
    network.away.add("rest")
    found = asked(network)
    assert found["s3"] == Health("unknown", "health_s3_unknown")
    assert (found["rest"].state, found["graphql"].state, found["mlflow"].state) == ("down", "down", "up")


def test_nobody_asks_for_s3_where_rest_only_predicts(network: Network) -> None:
    assert asked(network, manages_datasets=False)["s3"] == Health("unknown", "health_s3_unmanaged")


@pytest.mark.parametrize("part", ["mlflow", "airflow"])
def test_what_is_away_is_down(network: Network, part: str) -> None:
    network.away.add(part)
    assert [name for name, state in states(network).items() if state != "up"] == [part]


def test_airflow_is_down_where_a_component_does_not_work(network: Network) -> None:
    network.airflow.health["scheduler"]["status"] = "unhealthy"
    found = asked(network)["airflow"]
    assert found.state == "down"
    assert found.components == {"metadatabase": "up", "scheduler": "down", "dag_processor": "up"}


def test_airflow_is_down_where_it_reports_no_component(network: Network) -> None:
    del network.airflow.health["dag_processor"]
    assert asked(network)["airflow"].components["dag_processor"] == "down"


def test_another_server_at_the_address_is_not_taken_for_a_part(network: Network) -> None:
    network.airflow.broken = httpx.Response(200, text="<html>")
    assert asked(network)["airflow"] == Health("down")


def test_who_hangs_is_down_and_keeps_nobody_waiting(network: Network) -> None:
    network.hangs.add("airflow")
    found = probes_of(network, patience_seconds=1).ask(manages_datasets=True)
    assert found["airflow"] == Health("down", "health_hangs")
    assert found["mlflow"].state == "up"


def test_who_does_not_answer_in_time_hangs(network: Network) -> None:
    network.airflow.broken = httpx.ReadTimeout("slow")
    network.away.add("mlflow")
    found = asked(network)
    assert (found["airflow"].note, found["mlflow"].note) == ("health_hangs", None)


def test_grpc_is_asked_for_its_own_health(
    network: Network, grpc_loop: BlockingPortal, predictor: Predictor, environment: pytest.MonkeyPatch
) -> None:
    assert asked(network)["grpc"].state == "down"
    with grpc_server(grpc_loop, SongSearch(None, predictor)) as (address, *_):
        environment.setenv("GRPC_ADDRESS", address)
        assert asked(network)["grpc"].state == "up"


def test_the_dashboards_own_model(store: ModelStore, registry: FakeRegistry, graph: bytes) -> None:
    assert own_model(store) == Health("down", "health_no_model")
    registry.register("1", graph)
    store.refresh()
    found = own_model(store)
    assert (found.state, found.note) == ("up", "health_model")
    assert found.values == {"version": "1", "since": store.current().since}


def test_the_dashboards_own_model_may_be_old(predictor: Predictor, registry: FakeRegistry) -> None:
    registry.register("2", b"no graph")
    assert predictor.store.refresh() == "refused"
    found = own_model(predictor.store)
    assert (found.state, found.note, found.values["version"]) == ("up", "health_stale_model", "1")
