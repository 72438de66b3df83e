import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from song_preference.dataset.https import PublicTransport, check_public, is_public
from song_preference.dataset.source import locate
from song_preference.dataset.transfer import Network, NotAllowed
from song_preference.errors import SourceRejected
from song_preference.settings import DatasetSettings
from tests.support.outside import HOST, PUBLIC, Outside, Rerouted, gives, resolves_to

PRIVATE = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
]  # fmt: skip
PRIVATE_6 = ["::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:db8::/32", "64:ff9b:1::/48"]


class NotReached(httpx.BaseTransport):
    """Tells where a request was about to go."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"A request left for {request.url}.")


def addresses_of(networks: list[str]) -> st.SearchStrategy[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    return st.sampled_from(networks).flatmap(lambda network: st.ip_addresses(network=network))


private_v4, private_v6 = addresses_of(PRIVATE), addresses_of(PRIVATE_6)
octets = st.sampled_from(["{:d}", "{:#x}", "0{:o}"])


@st.composite
def in_any_notation(draw: st.DrawFn) -> str:
    """A private IPv4 address as a resolver may be given it: fewer parts, octal, hexadecimal, wrapped into IPv6."""
    address = draw(private_v4)
    number = int(address)
    wrapped = draw(st.sampled_from(["", "::ffff:{}", "::{}", "64:ff9b::{}", "2002:{:x}:{:x}::1"]))
    if wrapped:
        inner = wrapped.format(number >> 16, number & 0xFFFF) if "x" in wrapped else wrapped.format(address)
        six = ipaddress.IPv6Address(inner)
        return f"[{draw(st.sampled_from([inner, str(six), six.exploded, str(six).upper()]))}]"
    parts = draw(st.integers(1, 4))
    bytes_of = list(address.packed)
    values = [*bytes_of[: parts - 1], int.from_bytes(bytes(bytes_of[parts - 1 :]), "big")]
    return ".".join(draw(octets).format(value) for value in values) + draw(st.sampled_from(["", "."]))


@given(in_any_notation())
def test_no_notation_of_a_private_address_is_asked(host: str) -> None:
    transport = PublicTransport(Network(connect=NotReached))
    with pytest.raises((NotAllowed, httpx.InvalidURL)):
        transport.handle_request(httpx.Request("GET", f"https://{host}/a.csv"))
    settings = DatasetSettings.model_construct(incoming=Path("/incoming"))
    with pytest.raises(SourceRejected):
        locate(f"https://{host}/a.csv", "data", settings, trusted=False)


@given(private_v4 | private_v6)
def test_no_name_that_has_a_private_address_is_asked(address: object) -> None:
    assert not is_public(str(address))
    for found in ([str(address)], [PUBLIC, str(address)], [str(address), PUBLIC]):
        transport = PublicTransport(Network(resolve=resolves_to(*found), connect=NotReached))
        with pytest.raises(NotAllowed, match="an address that is not public"):
            transport.handle_request(httpx.Request("GET", f"https://{HOST}/a.csv"))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2001:4860:4860::8888"])
def test_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["192.88.99.1", "192.0.0.9", "3fff::1", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8", "fe80::1%eth0"],
)
def test_what_only_leads_to_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    ["https://example.com/a.csv", "https://example.com:8443/a", "https://8.8.8.8/a", "https://[2606:4700::1111]/a"],
)
def test_public_hosts_may_be_named_on_any_port(url: str) -> None:
    check_public(httpx.URL(url))


def test_the_address_that_was_checked_is_the_one_asked(outside: Outside) -> None:
    outside.answers["/a.csv"] = [gives(b"energy\n")]
    answers = iter([PUBLIC, "127.0.0.1"])

    def rebinding(host: str, port: int, *, type: int) -> Sequence[tuple[Any, ...]]:  # noqa: A002 - as above
        return [(socket.AF_INET, type, 6, "", (next(answers), port))]

    rerouted = Rerouted(outside)
    transport = PublicTransport(Network(resolve=rebinding, connect=lambda: rerouted))
    with httpx.Client(transport=transport) as client:
        assert client.get(f"https://{HOST}/a.csv").content == b"energy\n"
        assert rerouted.addresses == [PUBLIC]
        assert outside.asked == [(HOST, "/a.csv")]
        with pytest.raises(NotAllowed):
            client.get(f"https://{HOST}/a.csv")


def test_the_certificate_is_checked_for_the_name_not_for_the_address(outside: Outside) -> None:
    transport = PublicTransport(Network(resolve=resolves_to(PUBLIC), connect=lambda: Rerouted(outside)))
    with httpx.Client(transport=transport) as client, pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
        client.get("https://another.example/a.csv")
    assert outside.asked == []


def test_a_connection_checked_for_one_name_serves_no_other(outside: Outside) -> None:
    outside.answers["/a.csv"] = [gives(b"energy\n")]
    transport = PublicTransport(Network(resolve=resolves_to(PUBLIC), connect=lambda: Rerouted(outside)))
    with httpx.Client(transport=transport) as client:
        client.get(f"https://{HOST}/a.csv")
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            client.get("https://another.example/a.csv")


def test_another_address_of_the_host_is_asked_where_one_does_not_answer() -> None:
    asked = []

    class OneAnswers(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(request.url.host)
            if request.url.host == PUBLIC:
                return httpx.Response(200)
            raise httpx.ConnectTimeout("")

    transport = PublicTransport(Network(resolve=resolves_to("2606:4700::1111", PUBLIC), connect=OneAnswers))
    assert transport.handle_request(httpx.Request("GET", f"https://{HOST}/")).status_code == 200
    assert asked == ["2606:4700::1111", PUBLIC]


def test_a_proxy_is_not_asked_to_look_the_name_up_again(behind_proxy: Outside) -> None:
    rerouted = Rerouted(behind_proxy)
    behind_proxy.answers["/a.csv"] = [gives(b"energy\n")]
    transport = PublicTransport(Network(resolve=resolves_to(PUBLIC), connect=lambda: rerouted))
    with httpx.Client(transport=transport) as client:
        client.get(f"https://{HOST}/a.csv")
    assert rerouted.addresses == [PUBLIC]
