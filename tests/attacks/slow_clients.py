"""Callers who do not finish asking, and callers who do not read."""

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx

from tests.attacks.attack import Target

SONG = {"speechiness": 0.0444, "energy": 0.521, "danceability": 0.514, "acousticness": 0.713}
EACH = 200
HEADER_SECONDS = 10
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
        for sock in [*held[b""], *held[HALF_A_HEADER]]:
            answer = sock.recv(10_000)
            assert not answer or answer.startswith(b"HTTP/1.1 408"), f"Half a header was answered with {answer[:30]!r}."
        seconds = time.monotonic() - began
    assert seconds < HEADER_SECONDS + SLACK_SECONDS, f"Connections without a header stood for {seconds:.1f} s."
    return (
        f"{4 * EACH} connections with nothing, half a header, half a body, and 1 GB announced: meanwhile predictions "
        f"took {median * 1e3:.0f} ms (median), at most {longest * 1e3:.0f} ms; those without a header ended after "
        f"{seconds:.1f} s."
    )


def unread_answers(target: Target) -> str:
    """Ask for long answers and read none of them; predict meanwhile."""
    csv = (",".join(SONG) + "\n" + (",".join(map(str, SONG.values())) + "\n") * UNREAD_ROWS).encode()
    header = f"POST /predict/csv HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: {len(csv)}\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(UNREAD_CALLERS):
            stack.enter_context(_connected(target, header.encode() + csv))
        median, longest = _predict(target)
    return (
        f"{UNREAD_CALLERS} callers with {UNREAD_ROWS} songs each who read no answer: meanwhile predictions took "
        f"{median * 1e3:.0f} ms (median), at most {longest * 1e3:.0f} ms."
    )


@contextmanager
def _connected(target: Target, content: bytes) -> Iterator[socket.socket]:
    address = urlsplit(target.rest_url)
    with socket.socket() as sock:
        # A small buffer, so that an answer which nobody reads soon fills it.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.settimeout(HEADER_SECONDS + SLACK_SECONDS)
        sock.connect((address.hostname, address.port))
        sock.sendall(content)
        yield sock


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
