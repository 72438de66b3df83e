"""Clients that have not finished asking: they must not delay the end of a service."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import grpc

from song_preference.features import EXAMPLE
from song_preference.v1 import prediction_pb2, prediction_pb2_grpc

STOP_SECONDS = 8
"""The longest that a service may take from SIGTERM to its end, whatever is open."""

CONNECTIONS = 10
"""Connections of each kind."""

ANSWER_SECONDS = 30

UNFINISHED = (
    b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-",
    b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    b"POST /predict/csv HTTP/1.1\r\nHost: test\r\nContent-Type: text/csv\r\nContent-Length: 999\r\n\r\nspeechiness,",
)
"""Requests whose header, body and upload break off."""

METHOD = "/song_preference.v1.PredictionService/Predict"


@contextmanager
def open_connections(rest_url: str, grpc_address: str) -> Iterator[None]:
    """Hold half-sent requests and idle connections to FastAPI, half-sent calls and idle streams to gRPC."""
    released = Event()
    with ExitStack() as held:
        held.callback(released.set)
        for start in (*UNFINISHED, b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n"):
            for _ in range(CONNECTIONS):
                address = urlsplit(rest_url)
                connection = held.enter_context(socket.create_connection((address.hostname, address.port), timeout=10))
                connection.sendall(start)
        # Of the last ten, which are idle once they have an answer, all have one.
        assert connection.recv(12) == b"HTTP/1.1 200"
        for _ in range(CONNECTIONS):
            options = [("grpc.use_local_subchannel_pool", 1)]
            channel = held.enter_context(grpc.insecure_channel(grpc_address, options))
            # Each is held by the way to end it: grpc cancels what nobody refers to.
            held.callback(_idle_stream(channel, released))
            held.callback(_half_open_call(channel, released))
        yield


def _idle_stream(channel: grpc.Channel, released: Event) -> Callable[[], object]:
    song = prediction_pb2.PredictStreamRequest(song=prediction_pb2.Song(**EXAMPLE.model_dump()))
    stream = prediction_pb2_grpc.PredictionServiceStub(channel).PredictStream(
        chain([song], _nothing(released)), timeout=ANSWER_SECONDS
    )
    assert next(iter(stream)).model.version
    return stream.cancel


def _half_open_call(channel: grpc.Channel, released: Event) -> Callable[[], object]:
    """Send the header of a unary call, and no message: a stub for a streamed request allows it."""
    method = channel.stream_unary(METHOD, request_serializer=bytes, response_deserializer=bytes)
    return method.future(_nothing(released)).cancel


def _nothing(released: Event) -> Iterator[Any]:
    released.wait()
    yield from ()
