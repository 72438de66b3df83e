"""Callers that do not finish asking, send rubbish, or too much."""

import asyncio
import logging
from typing import Any

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2

from grpc_service import limits
from song_preference.v1 import prediction_pb2 as pb
from tests.support.attacks.grpc_calls import (
    MALFORMED,
    METHODS,
    channels,
    half_open,
    many_malformed,
    send_bytes,
    status_of,
)
from tests.support.grpc_calls import TIMEOUT_SECONDS, Edge, on_the_loop, predict_request, stream_request
from tests.support.songs import SONG

HALF_OPEN = 25
"""Calls of each method; eight in all were enough to hold every thread of a server with eight."""


@on_the_loop
async def test_calls_without_a_message_and_idle_streams_hold_up_nobody(edge: Edge) -> None:
    async with channels(edge.address, 2) as attackers:
        held = [half_open(one, method) for one in attackers for method in METHODS * HALF_OPEN]
        streams = [half_open(one, METHODS[2]) for one in attackers * HALF_OPEN]
        for stream in streams:
            await stream.write(stream_request(**SONG).SerializeToString())
            assert pb.PredictStreamResponse.FromString(await stream.read()).answer.label
        answer = await asyncio.to_thread(edge.stub.Predict, predict_request(**SONG), timeout=TIMEOUT_SECONDS)
        probed = await asyncio.to_thread(edge.health.Check, health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS)
        assert answer.label
        assert probed.status == health_pb2.HealthCheckResponse.SERVING
        assert not any(call.done() for call in held + streams)


@on_the_loop
async def test_a_call_whose_message_does_not_come_ends(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_SECONDS", 0.2)
    async with channels(edge.address, 1) as (channel,):
        calls = [half_open(channel, method) for method in METHODS]
        assert set(await asyncio.gather(*map(status_of, calls))) == {grpc.StatusCode.DEADLINE_EXCEEDED}
        assert await calls[0].details() == (
            "The caller sent or read nothing for too long, or too many other calls wait: call again."
        )


@on_the_loop
async def test_a_stream_that_falls_silent_ends(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IDLE_STREAM_SECONDS", 0.2)
    async with channels(edge.address, 1) as (channel,):
        idle = half_open(channel, METHODS[2])
        await idle.write(stream_request(**SONG).SerializeToString())
        assert await status_of(idle) is grpc.StatusCode.DEADLINE_EXCEEDED


@on_the_loop
async def test_of_too_many_waiting_calls_the_oldest_ends(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OPEN", 2)
    async with channels(edge.address, 1) as (channel,):
        calls = []
        for _ in range(3):
            # A stream that was answered waits for its next message.
            calls.append(half_open(channel, METHODS[2]))
            await calls[-1].write(stream_request(**SONG).SerializeToString())
            await calls[-1].read()
        assert await calls[0].code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert not any(call.done() for call in calls[1:])
        assert await asyncio.to_thread(edge.stub.GetModel, pb.GetModelRequest(), timeout=TIMEOUT_SECONDS)


@on_the_loop
async def test_those_who_watch_and_those_without_a_message_count_and_the_latter_end_first(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with channels(edge.address, 1) as (channel,):
        watching = await opened(channel, METHODS[6], b"")
        asking = half_open(channel, METHODS[0])
        # Answered after it on the same connection, so the service has met it by then.
        answered = await opened(channel, METHODS[2], stream_request(**SONG).SerializeToString())
        assert await answered.code() is grpc.StatusCode.OK
        monkeypatch.setattr(limits, "MAX_OPEN", 2)
        also_watching = await opened(channel, METHODS[6], b"")
        assert await asking.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await opened(channel, METHODS[6], b"")
        assert await watching.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert not also_watching.done()


async def opened(channel: aio.Channel, method: str, message: bytes) -> Any:
    """A call that was answered once and goes on."""
    call = half_open(channel, method)
    await call.write(message)
    await call.done_writing()
    await call.read()
    return call


@on_the_loop
async def test_a_stream_whose_answers_are_not_read_ends(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEND_SECONDS", 0.3)
    song = stream_request(**SONG).SerializeToString()
    names = {"protocol": "grpc", "operation": "PredictStream", "outcome": "client_error"}
    # A small window, or both sides buffer 100,000 messages before one waits for the other.
    window = (("grpc.http2.lookahead_bytes", 1024), ("grpc.http2.bdp_probe", 0))
    async with channels(edge.address, 1, *window) as (channel,):
        call = half_open(channel, METHODS[2])

        async def write() -> None:
            while True:
                await call.write(song)

        writing = asyncio.create_task(write())
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not edge.metrics.registry.get_sample_value("song_preference_requests_total", names):
                await asyncio.sleep(0.01)
        writing.cancel()
        assert await asyncio.to_thread(edge.stub.Predict, predict_request(**SONG), timeout=TIMEOUT_SECONDS)


@pytest.mark.parametrize("method", METHODS)
@on_the_loop
async def test_bytes_that_are_no_message_are_an_invalid_argument_without_a_traceback(
    edge: Edge, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with channels(edge.address, 1) as (channel,):
        call = send_bytes(channel, method, MALFORMED)
        assert await status_of(call) is grpc.StatusCode.INVALID_ARGUMENT
        assert await call.details() == "The message cannot be parsed: encode it as the proto of this method defines it."
        assert await status_of(none_at_all(channel, method)) in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.OK}
    assert not [record for record in caplog.records if record.levelno >= logging.INFO and record.name != "asyncio"]


def none_at_all(channel: aio.Channel, method: str) -> object:
    return channel.stream_stream(method, lambda sent: sent, lambda received: received)(iter(()))


@on_the_loop
async def test_a_server_that_got_many_malformed_messages_stops(edge: Edge) -> None:
    async with channels(edge.address, 2) as attackers:
        assert await many_malformed(attackers, 1_000) == {grpc.StatusCode.INVALID_ARGUMENT}
    # The fixture stops the server, which one with gRPC's own parsing would never do.
