import asyncio

import grpc
import pytest
from anyio.from_thread import BlockingPortal
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from grpc_service.server import SERVICE, PredictionServer
from song_preference.serving.model_store import ModelStore
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import GrpcSettings
from tests.support.attacks.grpc_calls import METHODS, channels, half_open
from tests.support.grpc_calls import (
    TIMEOUT_SECONDS,
    Edge,
    Start,
    batch_request,
    on_the_loop,
    rejected,
    running,
    stream_request,
)
from tests.support.songs import SONG


def test_the_size_of_a_message_follows_the_size_of_a_batch(
    store: ModelStore, predictor: Predictor, start: Start
) -> None:
    small, large = start(predictor), start(Predictor(store, max_batch_size=200_000))
    request = batch_request(*[SONG] * 120_000)
    rejection = rejected(lambda: small.stub.PredictBatch(request, timeout=TIMEOUT_SECONDS))
    assert rejection.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "message" in rejection.text
    request.songs[-1].energy = 2
    rejection = rejected(lambda: large.stub.PredictBatch(request, timeout=TIMEOUT_SECONDS))
    assert set(rejection.violations) == {"songs[119999].energy"}


def test_reflection_is_as_the_setting_has_it(grpc_loop: BlockingPortal, predictor: Predictor) -> None:
    with running(grpc_loop, SongSearch(None, predictor), reflection=True) as edge:
        assert SERVICE in ProtoReflectionDescriptorDatabase(edge.channel).get_services()
    with running(grpc_loop, SongSearch(None, predictor), reflection=False) as edge:
        database = ProtoReflectionDescriptorDatabase(edge.channel)
        assert rejected(database.get_services).code is grpc.StatusCode.UNIMPLEMENTED


@on_the_loop
async def test_none_of_many_calls_that_come_in_one_moment_is_rejected(edge: Edge) -> None:
    song = stream_request(**SONG).SerializeToString()
    async with channels(edge.address, 2) as attackers:
        # The loop, which is the callers' own here, takes none before all were sent.
        calls = [half_open(one, METHODS[2]) for one in attackers * 1_500]
        await asyncio.gather(*(call.write(song) for call in calls))
        await asyncio.gather(*(call.read() for call in calls))
        assert not any(call.done() for call in calls)


def test_a_compressed_message_that_grows_beyond_the_limit_is_rejected(edge: Edge) -> None:
    def bomb(_: object) -> bytes:
        return bytes(50_000_000)

    call = edge.channel.unary_unary(METHODS[1], bomb, lambda received: received)
    rejection = rejected(lambda: call(None, timeout=TIMEOUT_SECONDS, compression=grpc.Compression.Gzip))
    assert rejection.code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_port_in_use_is_no_second_servers(edge: Edge, predictor: Predictor) -> None:
    settings = GrpcSettings.model_validate({"GRPC_METRICS_PORT": 0, "GRPC_REFLECTION": False})

    async def start() -> None:
        second = PredictionServer(SongSearch(None, predictor), settings)
        try:
            with pytest.raises(RuntimeError, match="Failed to bind"):
                await second.start(edge.address)
        finally:
            await second.stop(0)

    edge.loop.call(start)
