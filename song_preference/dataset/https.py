"""A playlist from an https URL."""

import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx

from song_preference.dataset.public_https import PublicTransport, check_https, check_public
from song_preference.dataset.transfer import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Network,
    NotAllowed,
    check_size,
    is_passing_status,
    retried,
    shown,
    write,
)
from song_preference.errors import SourceUnavailable
from song_preference.messages import Message
from song_preference.song_table.text import PIECE_BYTES, check_is_no_page

REDIRECTS = 5
GZIP = {"gzip", "x-gzip"}


def download(url: str, target: Path, max_bytes: int, network: Network, *, trusted: bool) -> None:
    """Write what `url` gives to `target`, following redirects, each under the same rules as `url` itself.

    Raises `NotAllowed`, `SourceUnavailable`, and `InvalidDataset` for what is too large or a page. The total
    time is looked at whenever bytes arrive; before the first ones, each read has its own limit alone.
    """
    # With the operator's own URLs the environment's proxies are used; a transport of ours never takes them.
    transport = None if trusted else PublicTransport(network)
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    with httpx.Client(transport=transport, timeout=timeout, headers={"Accept-Encoding": "identity"}) as client:
        wanted = _Download(client, httpx.URL(url), trusted, time.monotonic() + network.total_seconds)
        try:
            retried(lambda: write(wanted.pieces(max_bytes), target, max_bytes), _is_passing, network)
        except httpx.HTTPError as error:
            # Its own words may hold the URL's password.
            values = {"url": shown(url), "error": _reason(error)}
            raise SourceUnavailable(Message("url_unavailable", values)) from None


@dataclass(frozen=True)
class _Download:
    client: httpx.Client
    url: httpx.URL
    trusted: bool
    deadline: float

    def pieces(self, max_bytes: int) -> Iterator[bytes]:
        """Yield the file, decompressed."""
        with closing(self._answer()) as response:
            response.raise_for_status()
            check_size(int(response.headers.get("Content-Length", 0)), max_bytes)
            at_start = True
            for piece in _decoded(self._timely(response.iter_raw()), response.headers.get("Content-Encoding", "")):
                if at_start:
                    check_is_no_page(piece)
                at_start = False
                yield piece

    def _answer(self) -> httpx.Response:
        """Return the first response that is no redirect."""
        # Credentials go as a header, to the host that they were given for: a URL is logged and quoted in errors.
        auth = (self.url.username, self.url.password) if self.url.userinfo else None
        request = self.client.build_request("GET", self.url.copy_with(userinfo=b""))
        for _ in range(REDIRECTS + 1):
            response = self._ask(request, auth)
            if response.next_request is None:
                return response
            response.close()
            request, auth = response.next_request, None
        values = {"url": shown(str(self.url)), "limit": REDIRECTS}
        raise SourceUnavailable(Message("url_redirects_too_often", values))

    def _ask(self, request: httpx.Request, auth: tuple[str, str] | None) -> httpx.Response:
        self._check_time()
        try:
            (check_https if self.trusted else check_public)(request.url)
            return self.client.send(request, auth=auth, stream=True)
        except NotAllowed as error:
            if request.url == self.url:
                raise
            values = {"url": shown(str(request.url)), "reason": error.reason.as_json()}
            raise NotAllowed(Message("source_leads_elsewhere", values)) from None

    def _timely(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._check_time()
            yield piece

    def _check_time(self) -> None:
        if time.monotonic() >= self.deadline:
            raise SourceUnavailable(Message("url_too_slow", {"url": shown(str(self.url))}))


def _decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding.lower() in {"", "identity"}:
        return iter(pieces)
    if encoding.lower() in GZIP:
        return _unzipped(pieces)
    raise httpx.DecodingError("the file comes in a compression that was not asked for")


def _unzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of gzip members, in pieces of a bounded size: a small gzip can hold gigabytes."""
    decoder = zlib.decompressobj(wbits=31)
    try:
        for compressed in pieces:
            rest, is_full = compressed, False
            while rest or is_full:
                if decoder.eof:
                    decoder = zlib.decompressobj(wbits=31)
                piece = decoder.decompress(rest, PIECE_BYTES)
                rest, is_full = (
                    decoder.unconsumed_tail or decoder.unused_data,
                    len(piece) == PIECE_BYTES and not decoder.eof,
                )
                if piece:
                    yield piece
    except zlib.error:
        raise httpx.DecodingError("the compressed file is damaged") from None
    if not decoder.eof:
        raise httpx.ReadError("the compressed file ends early")


def _is_passing(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return is_passing_status(error.response.status_code)
    return isinstance(error, httpx.TransportError)


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.response.status_code} {error.response.reason_phrase}".strip()
    return str(error) or type(error).__name__
