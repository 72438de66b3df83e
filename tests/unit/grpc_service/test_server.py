from collections.abc import Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from grpc_service.server import SERVICE, create_server
from song_preference.features import Song
from song_preference.serving.predictor import Predictor
from song_preference.serving.store import ModelStore
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc
from tests.conftest import SONG


def channel_to(predictor: Predictor) -> Iterator[grpc.Channel]:
    server = create_server(predictor)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    server.stop(None).wait()


@pytest.fixture
def channel(predictor: Predictor) -> Iterator[grpc.Channel]:
    yield from channel_to(predictor)


@pytest.fixture
def channel_without_champion(store: ModelStore) -> Iterator[grpc.Channel]:
    yield from channel_to(Predictor(store))


def ask(channel: grpc.Channel, **features: float) -> prediction_pb2.PredictResponse:
    request = prediction_pb2.PredictRequest(song=prediction_pb2.Song(**features))
    return prediction_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=5)


def test_a_song_is_predicted(channel: grpc.Channel, predictor: Predictor) -> None:
    answer, expected = ask(channel, **SONG), predictor.predict(Song.checked(SONG))
    assert (answer.label, answer.liked, answer.probability) == (expected.label, expected.liked, expected.probability)
    assert (answer.model.name, answer.model.version, answer.model.alias) == ("spotify_model_prod", "1", "champion")


def test_zero_is_a_value_and_nothing_is_not(channel: grpc.Channel) -> None:
    assert ask(channel, speechiness=0, energy=0, danceability=0, acousticness=0).label
    with pytest.raises(grpc.RpcError) as refused:
        ask(channel, speechiness=0, energy=0, danceability=0)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "acousticness" in str(refused.value.details())


def test_an_invalid_feature_is_named(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        ask(channel, **{**SONG, "energy": 1.5})
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(refused.value.details()).startswith("energy: ")


def test_without_a_champion_the_remedy_is_named(channel_without_champion: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        ask(channel_without_champion, **SONG)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "run the DAG process_etl_spotify_data" in str(refused.value.details())


def test_an_unexpected_error_tells_nothing(channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(Predictor, "predict", explode)
    with pytest.raises(grpc.RpcError) as refused:
        ask(channel, **SONG)
    assert "hunter2" not in str(refused.value.details())


def test_the_process_is_healthy_without_a_champion(channel_without_champion: grpc.Channel) -> None:
    answer = health_pb2_grpc.HealthStub(channel_without_champion).Check(health_pb2.HealthCheckRequest(), timeout=5)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_names_the_service(channel: grpc.Channel) -> None:
    assert SERVICE in ProtoReflectionDescriptorDatabase(channel).get_services()
