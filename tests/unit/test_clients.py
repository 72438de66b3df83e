"""Each client against the real service of its protocol: the same answer, and the same errors."""

import threading
from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal

from song_preference.clients import ask_all, clients, main
from song_preference.errors import InvalidSong, ServiceUnavailable, SongPreferenceError
from song_preference.features import EXAMPLE
from song_preference.prediction import PredictionClient
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.settings import ClientSettings
from tests.support.registry import FakeRegistry
from tests.support.tls import Addresses, served

PROTOCOLS = ["REST", "GraphQL", "gRPC"]


def clients_of(addresses: Addresses) -> dict[str, PredictionClient]:
    settings = {"FASTAPI_URL": f"http://{addresses.rest}", "GRPC_ADDRESS": addresses.grpc}
    return clients(ClientSettings.model_validate(settings))


@pytest.fixture
def services(grpc_loop: BlockingPortal, predictor: Predictor) -> Iterator[dict[str, PredictionClient]]:
    with served(grpc_loop, predictor, {}) as addresses:
        yield clients_of(addresses)


@pytest.fixture
def services_without_champion(grpc_loop: BlockingPortal, store: ModelStore) -> Iterator[dict[str, PredictionClient]]:
    with served(grpc_loop, Predictor(store), {}) as addresses:
        yield clients_of(addresses)


def test_every_protocol_gives_the_predictors_answer(
    services: dict[str, PredictionClient], predictor: Predictor
) -> None:
    answers = ask_all(services, EXAMPLE, patience_seconds=0)
    assert answers == dict.fromkeys(PROTOCOLS, predictor.predict(EXAMPLE))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_invalid_song_is_rejected_by_name(services: dict[str, PredictionClient], protocol: str) -> None:
    with pytest.raises(InvalidSong, match="energy"):
        services[protocol].predict(EXAMPLE.model_copy(update={"energy": 1.5}))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_without_a_champion_the_remedy_arrives(
    services_without_champion: dict[str, PredictionClient], protocol: str
) -> None:
    with pytest.raises(ServiceUnavailable, match="run the DAG process_etl_spotify_data"):
        services_without_champion[protocol].predict(EXAMPLE)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_service_that_is_not_there_is_unavailable(protocol: str) -> None:
    with pytest.raises(ServiceUnavailable):
        clients_of(Addresses("127.0.0.1:9", "127.0.0.1:9"))[protocol].predict(EXAMPLE)


def test_answers_of_different_models_are_an_error(predictor: Predictor, registry: FakeRegistry, graph: bytes) -> None:
    other_registry = FakeRegistry()
    other_registry.register("2", graph)
    other = ModelStore(other_registry, 1, "spotify_model_prod")
    other.refresh()
    with pytest.raises(SongPreferenceError, match="answer differently"):
        ask_all({"one": predictor, "other": Predictor(other)}, EXAMPLE, patience_seconds=0)


def test_a_version_that_is_named_is_waited_for(
    predictor: Predictor, registry: FakeRegistry, store: ModelStore, graph: bytes
) -> None:
    with pytest.raises(SongPreferenceError, match="Version 7 does not answer yet"):
        ask_all({"one": predictor}, EXAMPLE, patience_seconds=0, version="7")
    registry.register("7", graph)
    threading.Timer(0.1, store.refresh).start()
    answers = ask_all({"one": predictor}, EXAMPLE, patience_seconds=60, version="7")
    assert answers["one"].model.version == "7"


def test_the_command_line_prints_the_answers_and_the_commands(
    grpc_loop: BlockingPortal,
    predictor: Predictor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with served(grpc_loop, predictor, {}) as addresses:
        monkeypatch.setenv("FASTAPI_URL", f"http://{addresses.rest}")
        monkeypatch.setenv("GRPC_ADDRESS", addresses.grpc)
        monkeypatch.setattr("sys.argv", ["clients", "--commands", "--version", "1"])
        main()
    answers, commands, _ = capsys.readouterr().out.split("\n\n")
    assert [line.split()[0] for line in answers.splitlines()] == PROTOCOLS
    assert commands.splitlines()[0].startswith(f"curl http://{addresses.rest}/predict ")
    assert commands.splitlines()[-1] == f"  {addresses.grpc} song_preference.v1.PredictionService/Predict"
