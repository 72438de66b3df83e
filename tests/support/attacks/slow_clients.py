"""Requests that are never finished, and answers that are not read."""

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx

from song_preference.features import EXAMPLE
from tests.support.attacks.attack import Target

SONG = EXAMPLE.model_dump()
EACH = 200
HEADER_SECONDS, BODY_SECONDS = 10, 30
SLACK_SECONDS = 5
"""For a busy machine."""

MAX_PREDICTION_SECONDS = 2
UNREAD_ROWS, UNREAD_CALLERS = 100_000, 8

HALF_A_HEADER = b"POST /predict HTTP/1.1\r\nHost: x\r\n"
HALF_A_BODY = HALF_A_HEADER + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
A_GIGABYTE = b"POST /predict/csv HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 1000000000\r\n\r\na,b"


def unfinished_requests(target: Target) -> str:
    """Hold connections with nothing, half a header, half a body and an announced gigabyte; predict meanwhile."""
    with ExitStack() as stack:
        began = time.monotonic()
        held = {
            content: [stack.enter_context(_connected(target, content)) for _ in range(EACH)]
            for content in (b"", HALF_A_HEADER, HALF_A_BODY, A_GIGABYTE)
        }
        median, longest = _predict(target)
        ended = []
        for contents, bound in (((b"", HALF_A_HEADER), HEADER_SECONDS), ((HALF_A_BODY, A_GIGABYTE), BODY_SECONDS)):
            for content in contents:
                answers = {_rest_of(sock)[:12] for sock in held[content]}
                assert answers == {b"HTTP/1.1 408" if content else b""}, f"{content[:30]!r}... was answered {answers}."
            ended.append(time.monotonic() - began)
            assert ended[-1] < bound + SLACK_SECONDS, f"Connections ended after {ended[-1]:.1f} s, not {bound}."
    return (
        f"{4 * EACH} connections with nothing, half a header, half a body, and 1 GB announced: meanwhile predictions "
        f"took {median * 1e3:.0f} ms (median), at most {longest * 1e3:.0f} ms; those without a header ended "
        f"after {ended[0]:.1f} s, those without a body after {ended[1]:.1f} s."
    )


def unread_answers(target: Target) -> str:
    """Ask for long answers and read none of them; predict meanwhile, and read one to its end at last."""
    csv = (",".join(SONG) + "\n" + (",".join(map(str, SONG.values())) + "\n") * UNREAD_ROWS).encode()
    lines = f"Host: x\r\nConnection: close\r\nContent-Type: text/csv\r\nContent-Length: {len(csv)}"
    with ExitStack() as stack:
        content = f"POST /predict/csv HTTP/1.1\r\n{lines}\r\n\r\n".encode() + csv
        held = [stack.enter_context(_connected(target, content)) for _ in range(UNREAD_CALLERS)]
        median, longest = _predict(target)
        held[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_000_000)
        rows = _rest_of(held[0]).count(b"like,")
        assert rows == UNREAD_ROWS, f"An answer that waited had {rows} rows."
    return (
        f"{UNREAD_CALLERS} callers with {UNREAD_ROWS} songs each who read no answer: meanwhile predictions took "
        f"{median * 1e3:.0f} ms (median), at most {longest * 1e3:.0f} ms; an answer that waited is whole."
    )


@contextmanager
def _connected(target: Target, content: bytes) -> Iterator[socket.socket]:
    address = urlsplit(target.rest_url)
    with socket.socket() as sock:
        # A small buffer, so that an answer which nobody reads soon fills it.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.settimeout(BODY_SECONDS + SLACK_SECONDS)
        sock.connect((address.hostname, address.port))
        sock.sendall(content)
        yield sock


def _rest_of(sock: socket.socket) -> bytes:
    """Return all that comes until the service ends the connection."""
    received = bytearray()
    while chunk := sock.recv(1_000_000):
        received += chunk
    return bytes(received)


def _predict(target: Target) -> tuple[float, float]:
    """Return the median and the longest time of a prediction in seconds."""
    taken = []
    with httpx.Client(timeout=30) as http:
        for _ in range(100):
            began = time.monotonic()
            http.post(f"{target.rest_url}/predict", json=SONG).raise_for_status()
            taken.append(time.monotonic() - began)
    assert max(taken) < MAX_PREDICTION_SECONDS, f"A prediction took {max(taken):.1f} s meanwhile."
    return statistics.median(taken), max(taken)
