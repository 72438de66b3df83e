"""Files with too many columns or too long lines, and short checks beside a long one."""

import time
from collections.abc import Iterator
from threading import Thread

import httpx

from song_preference.dataset import sample
from tests.attacks.attack import Target

HEADER, *SONGS = sample.csv().decode().splitlines()
CSV = {"Content-Type": "text/csv"}
READERS = ("/datasets/validate", "/predict/csv")
MAX_SECONDS = 5
"""For a rejection, and for a short check beside a long one; tens of milliseconds where nothing else runs."""

LINE_BYTES = 100_000_000
LONG_ROWS = 10_000


def wide_headers(target: Target) -> str:
    """Send headers of 20,000 and 40,000 columns to each reader."""
    seen = []
    for columns in (20_000, 40_000):
        header = HEADER + "".join(f",{'c' * 58}{column:06}" for column in range(columns))
        for path in READERS:
            status, seconds = _sent(target, path, iter([f"{header}\n{SONGS[0]}\n".encode()]))
            assert status == httpx.codes.UNPROCESSABLE_ENTITY, f"{path} answered {status}"
            assert seconds < MAX_SECONDS, f"{path} took {seconds:.1f} s for {columns:,} columns"
            seen.append(seconds)
    return f"Headers of 20,000 and 40,000 columns are rejected within {max(seen):.2f} s."


def huge_lines(target: Target) -> str:
    """Send one quoted line of 100 MB to each reader; what a row has in surplus costs no memory."""
    seen = []
    for path, expected in zip(READERS, (httpx.codes.UNPROCESSABLE_ENTITY, httpx.codes.OK), strict=True):
        status, seconds = _sent(target, path, _huge_line())
        assert status == expected, f"{path} answered {status}"
        assert seconds < 4 * MAX_SECONDS, f"{path} took {seconds:.1f} s"
        seen.append(seconds)
    return f"A quoted line of {LINE_BYTES // 10**6} MB is answered within {max(seen):.1f} s, its upload included."


def short_check_beside_a_long_one(target: Target) -> str:
    """Check short playlists while one of 1,000 columns and 20 MB is checked."""
    header = HEADER + "".join(f",c{column}" for column in range(980))
    rows = "\n".join([header, *[SONGS[0] + ",1" * 979 + ",a"] * LONG_ROWS]).encode()
    long = Thread(target=_sent, args=(target, READERS[0], iter([rows])))
    long.start()
    seen = []
    while long.is_alive():
        status, seconds = _sent(target, READERS[0], iter([sample.csv()]))
        assert status == httpx.codes.OK, f"a good playlist got {status}"
        assert seconds < MAX_SECONDS, f"a short check took {seconds:.1f} s beside a long one"
        seen.append(seconds)
    long.join()
    assert len(seen) > 1, "the long check ended before a short one could be compared"
    return f"{len(seen)} short playlists were checked beside a long one, each within {max(seen):.2f} s."


def _sent(target: Target, path: str, content: Iterator[bytes]) -> tuple[int, float]:
    began = time.monotonic()
    response = httpx.post(f"{target.rest_url}{path}", content=content, headers=CSV, timeout=120)
    return response.status_code, time.monotonic() - began


def _huge_line() -> Iterator[bytes]:
    yield f'{HEADER},title\n{SONGS[0]},"'.encode()
    yield from (b"x" * 1_000_000 for _ in range(LINE_BYTES // 1_000_000))
    yield b'"\n'
