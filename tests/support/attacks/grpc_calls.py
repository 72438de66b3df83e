"""gRPC calls that are never finished, and malformed messages."""

from __future__ import annotations  # gRPC's classes are generic in their stubs only

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import grpc
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from song_preference.features import EXAMPLE
from song_preference.v1 import prediction_pb2 as pb
from song_preference.v1 import prediction_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.attacks.attack import Target

SERVICE = "/song_preference.v1.PredictionService"
HEALTH = "/grpc.health.v1.Health"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection"
METHODS = (
    *(f"{SERVICE}/{name}" for name in ("Predict", "PredictBatch", "PredictStream", "Explain", "GetModel")),
    f"{HEALTH}/Check",
    f"{HEALTH}/Watch",
    f"{REFLECTION}/ServerReflectionInfo",
    "/inference.GRPCInferenceService/ModelInfer",
)
WITHOUT_REFLECTION = {grpc.StatusCode.UNIMPLEMENTED}
"""Where GRPC_REFLECTION is false."""

MALFORMED = b"\xff\xff\xff"
EAGER_PINGS = (("grpc.keepalive_permit_without_calls", 1), ("grpc.http2.max_pings_without_data", 0))
"""Ping without a call, and without end: clients of grpc-go do so, every 10 s at most."""

CONNECTIONS, OPEN_CALLS, CALLS = 20, 1_000, 1_000
MALFORMED_CALLS, AT_ONCE = 8_000, 64
HALF_OPEN_SECONDS = 30
PINGING_SECONDS = 45
"""gRPC's default sends a client with such pings away after 30 s."""

P99_SECONDS = 0.1
ANSWER_SECONDS = 60


@asynccontextmanager
async def channels(
    address: str, count: int = CONNECTIONS, *options: tuple[str, int]
) -> AsyncIterator[list[aio.Channel]]:
    """Open channels with a connection each, since those of one pool would share one."""
    opened = [aio.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1), *options]) for _ in range(count)]
    try:
        await asyncio.gather(*(channel.channel_ready() for channel in opened))
        yield opened
    finally:
        await asyncio.gather(*(channel.close(0) for channel in opened))


def half_open(channel: aio.Channel, method: str) -> Any:
    """Start a call that sends its headers and no message."""
    call: Any = channel.stream_stream(method, lambda sent: sent, lambda received: received)
    return call()


def send_bytes(channel: aio.Channel, method: str, message: bytes) -> Any:
    """Start a call whose one message is any bytes."""

    def messages() -> Iterator[bytes]:
        yield message

    return channel.stream_stream(method, lambda sent: sent, lambda received: received)(messages())


async def status_of(call: Any) -> grpc.StatusCode:
    """Return the status that a call ends with, whatever it answers before."""
    try:
        async for _ in call:
            pass
    except aio.AioRpcError as error:
        return error.code()
    code: grpc.StatusCode = await call.code()
    return code


def hostile_calls(target: Target) -> str:
    """Hold calls open and ask meanwhile; send bytes that are no message."""
    return asyncio.run(_hostile_calls(target.grpc_address))


async def _hostile_calls(address: str) -> str:
    async with channels(address, 1, ("grpc.keepalive_time_ms", 10_000), *EAGER_PINGS) as (pinging,):
        await health_pb2_grpc.HealthStub(pinging).Check(health_pb2.HealthCheckRequest(), timeout=ANSWER_SECONDS)
        began = time.monotonic()
        seen = f"{await _unfinished_calls(address)} {await _malformed_messages(address)}"
        await asyncio.sleep(began + PINGING_SECONDS - time.monotonic())
        assert pinging.get_state() is grpc.ChannelConnectivity.READY, "A client that pings every 10 s was sent away."
    return f"{seen} A client that pinged every 10 s was left alone."


async def _unfinished_calls(address: str) -> str:
    async with channels(address) as attackers, channels(address, 1) as (channel,):
        began = time.monotonic()
        held = [half_open(one, method) for one, method in _shared_out(attackers, METHODS)]
        streams = [half_open(one, METHODS[2]) for one, _ in _shared_out(attackers, METHODS)]
        song = pb.PredictStreamRequest(song=pb.Song(**EXAMPLE.model_dump())).SerializeToString()
        await asyncio.gather(*(stream.write(song) for stream in streams))
        await asyncio.gather(*(stream.read() for stream in streams))
        stub, health = prediction_pb2_grpc.PredictionServiceStub(channel), health_pb2_grpc.HealthStub(channel)
        request = pb.PredictRequest(song=pb.Song(**EXAMPLE.model_dump()))
        predict = await _p99(lambda: stub.Predict(request, timeout=ANSWER_SECONDS))
        check = await _p99(lambda: health.Check(health_pb2.HealthCheckRequest(), timeout=ANSWER_SECONDS))
        seen = f"p99 {predict * 1e3:.0f} and {check * 1e3:.0f} ms"
        assert max(predict, check) < P99_SECONDS, f"Predict and Health.Check: {seen}."
        codes = set(await asyncio.gather(*map(status_of, held))) - WITHOUT_REFLECTION
        ended = time.monotonic() - began
        assert codes == {grpc.StatusCode.DEADLINE_EXCEEDED}, f"Half-open calls ended with {codes}."
        assert HALF_OPEN_SECONDS <= ended + 1 < HALF_OPEN_SECONDS + 15, f"Half-open calls ended after {ended:.0f} s."
    return (
        f"With {OPEN_CALLS} half-open calls and {OPEN_CALLS} idle streams on {CONNECTIONS} connections, {CALLS} calls "
        f"each of Predict and Health.Check were answered, {seen}; "
        f"the half-open calls ended after {ended:.0f} s."
    )


def _shared_out(attackers: list[aio.Channel], methods: tuple[str, ...]) -> Iterator[tuple[aio.Channel, str]]:
    return islice(zip(cycle(attackers), cycle(methods), strict=False), OPEN_CALLS)


async def _p99(ask: Callable[[], Awaitable[object]]) -> float:
    latencies = []
    for _ in range(CALLS):
        began = time.perf_counter()
        await ask()
        latencies.append(time.perf_counter() - began)
    return sorted(latencies)[CALLS * 99 // 100]


async def _malformed_messages(address: str) -> str:
    async with channels(address, 4) as attackers:
        for method in METHODS:
            code = await status_of(send_bytes(attackers[0], method, MALFORMED))
            assert {code} - WITHOUT_REFLECTION <= {grpc.StatusCode.INVALID_ARGUMENT}, f"{method} answered {code}."
        codes = await many_malformed(attackers, MALFORMED_CALLS)
        assert codes == {grpc.StatusCode.INVALID_ARGUMENT}, f"PredictStream answered {codes}."
    return f"{MALFORMED_CALLS} malformed messages on PredictStream, and one on each method, were INVALID_ARGUMENT."


async def many_malformed(attackers: list[aio.Channel], count: int) -> set[grpc.StatusCode]:
    """Send malformed messages on streams, many at once; return the statuses."""
    codes: set[grpc.StatusCode] = set()
    for _ in range(count // AT_ONCE):
        calls = [send_bytes(channel, METHODS[2], MALFORMED) for channel in islice(cycle(attackers), AT_ONCE)]
        codes.update(await asyncio.gather(*map(status_of, calls)))
    return codes
