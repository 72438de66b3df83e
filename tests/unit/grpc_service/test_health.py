import grpc
import pytest
from grpc_health.v1 import health_pb2

from grpc_service import health
from grpc_service.server import SERVICE
from song_preference.serving.model_store import ModelStore
from tests.support.grpc_calls import TIMEOUT_SECONDS, Edge, rejected
from tests.support.registry import FakeRegistry

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def status(edge: Edge, service: str = "") -> int:
    answer = edge.health.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT_SECONDS)
    return int(answer.status)


def test_a_service_with_a_champion_serves(edge: Edge) -> None:
    assert (status(edge), status(edge, SERVICE)) == (SERVING, SERVING)


def test_without_a_champion_the_process_lives_and_the_service_does_not_serve(
    edge_without_champion: Edge, registry: FakeRegistry, store: ModelStore, graph: bytes
) -> None:
    assert (status(edge_without_champion), status(edge_without_champion, SERVICE)) == (SERVING, NOT_SERVING)
    registry.register("1", graph)
    store.refresh()
    assert status(edge_without_champion, SERVICE) == SERVING


def test_one_that_drains_lives_and_does_not_serve(edge: Edge) -> None:
    edge.drain()
    assert (status(edge), status(edge, SERVICE)) == (SERVING, NOT_SERVING)


def test_one_who_watches_hears_of_the_first_model_and_of_the_end(
    edge_without_champion: Edge, registry: FakeRegistry, graph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FIRST_MODEL_SECONDS", 0.01)
    request = health_pb2.HealthCheckRequest(service=SERVICE)
    watching = edge_without_champion.health.Watch(request, timeout=TIMEOUT_SECONDS)
    assert next(watching).status == NOT_SERVING
    registry.register("1", graph)
    edge_without_champion.predictor.store.refresh()
    assert next(watching).status == SERVING
    edge_without_champion.drain()
    assert next(watching).status == NOT_SERVING
    watching.cancel()


def test_a_service_that_is_not_there_is_not_found(edge: Edge) -> None:
    assert rejected(lambda: status(edge, "another.Service")).code is grpc.StatusCode.NOT_FOUND
