"""A playlist from an https URL, and which URLs strangers may name.

Whoever can make a server fetch a URL can otherwise read what only that server can reach: its own ports, its
neighbours, the metadata service of its cloud.
"""

import ipaddress
import socket
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from song_preference.dataset.transfer import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Network,
    NotAllowed,
    check_size,
    is_transient_status,
    retried,
    shown,
    write,
)
from song_preference.errors import SourceUnavailable
from song_preference.messages import Message
from song_preference.song_table.files import PIECE_BYTES, check_is_no_page

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
        deadline = time.monotonic() + network.total_seconds(max_bytes)
        wanted = _Download(client, httpx.URL(url), trusted, deadline)
        try:
            retried(lambda: write(wanted.pieces(max_bytes), target, max_bytes), _is_transient, network)
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


def _is_transient(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return is_transient_status(error.response.status_code)
    return isinstance(error, httpx.TransportError)


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.response.status_code} {error.response.reason_phrase}".strip()
    return str(error) or type(error).__name__


GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All public IPv6 addresses; those that carry an IPv4 address (mapped, NAT64) lie outside."""

OTHERWISE_GLOBAL = (
    ipaddress.ip_network("192.0.0.0/24"),  # IETF protocol assignments: some reach the nearest router
    ipaddress.ip_network("192.88.99.0/24"),  # 6to4 relays
    ipaddress.ip_network("2002::/16"),  # 6to4: holds an IPv4 address, of whatever kind
    ipaddress.ip_network("3fff::/20"),  # documentation
)
ADDRESSES_TRIED = 3


def check_https(url: httpx.URL) -> None:
    """Check an https source or a redirect; raise `NotAllowed`."""
    if url.scheme != "https" or not url.host or not 0 < (url.port or 443) < 2**16:
        raise NotAllowed(Message("source_no_https_url"))


def check_public(url: httpx.URL) -> None:
    """Check a URL that strangers name, as far as it is seen without resolving the host's name."""
    check_https(url)
    if url.userinfo:
        raise NotAllowed(Message("source_with_credentials"))
    host = _host(url).rstrip(".")
    literal = _literal(host)
    if literal is None and ("." not in host or host.endswith(".localhost")):
        raise NotAllowed(Message("host_not_public"))
    if literal is not None and not is_public(literal):
        raise NotAllowed(Message("address_not_public"))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet rather than to this machine or a network near it."""
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and ip not in GLOBAL_UNICAST:
        return False
    return (
        ip.is_global and not ip.is_multicast and not ip.is_reserved and not any(ip in net for net in OTHERWISE_GLOBAL)
    )


class PublicTransport(httpx.BaseTransport):
    """Connects only to the public addresses that were checked, so DNS rebinding cannot reach a private one.

    Ignores HTTPS_PROXY, since a proxy would resolve the name again. Without a direct way outside, such sources are
    unavailable; the operator's own go through the proxy.
    """

    def __init__(self, network: Network) -> None:
        self._resolve = network.resolve
        self._inner = network.connect()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response; raise `NotAllowed` where the host has an address that is not public."""
        check_public(request.url)
        failure = httpx.ConnectError("the host has no address")
        for address in self._public_addresses(request.url)[:ADDRESSES_TRIED]:
            try:
                return self._inner.handle_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = httpx.ConnectError(str(error))
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _public_addresses(self, url: httpx.URL) -> list[str]:
        try:
            found = self._resolve(_host(url), url.port or 443, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"the host is not found: {error}") from error
        addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        # One address that is not public would be enough: the name's owner chooses which is given first.
        if not all(map(is_public, addresses)):
            raise NotAllowed(Message("host_with_address_not_public"))
        return addresses


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """Return the request sent to `address`, its Host header and the certificate's check still for the host's name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        extensions={**request.extensions, "sni_hostname": _host(request.url)},
    )


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


def _literal(host: str) -> str | None:
    """Return the address that the host is, also as the resolver understands it: 127.1, 0x7f000001, 2130706433."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(host))
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host))
    return None
