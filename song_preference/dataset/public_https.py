"""Which https addresses strangers may send us to, and connections that lead nowhere else.

Whoever can make a server fetch a URL can otherwise read what only that server can reach: its own ports, its
neighbours, the metadata service of its cloud.
"""

import ipaddress
import socket
from collections.abc import Iterable

import httpx

from song_preference.dataset.transfer import Network, NotAllowed
from song_preference.messages import Message

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
    """Asks only public addresses, and the very ones that were checked: a second look-up could give others.

    Goes there directly, also where HTTPS_PROXY is set: a proxy would look the name up by itself. Where only the
    proxy leads outside, such sources are unavailable; the operator's own go through it.
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
        _check_all_public(addresses)
        return addresses


def _check_all_public(addresses: Iterable[str]) -> None:
    # One address that is not would be enough: the name's owner chooses which is given first.
    if not all(map(is_public, addresses)):
        raise NotAllowed(Message("host_with_address_not_public"))


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
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
