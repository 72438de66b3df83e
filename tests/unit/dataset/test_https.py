import gzip
import zlib
from pathlib import Path
from typing import Any

import pytest

from song_preference.dataset import https
from song_preference.dataset.transfer import Network, NotAllowed
from song_preference.errors import InvalidDataset, SourceUnavailable
from tests.support.outside import (
    HOST,
    PUBLIC,
    Answer,
    Outside,
    Request,
    Rerouted,
    breaks_off,
    gives,
    is_endless,
    leads_to,
    resolves_to,
    waits,
)

SONGS = b"energy,label\n0.5,1\n"
LIMIT = 100_000
TOO_LARGE = r"the file is larger than 100,000 bytes \(MAX_DATASET_BYTES"
NO_WAITS: dict[str, Any] = {"waits_seconds": (0, 0)}


def get(url: str, folder: Path, network: Network | None = None, *, trusted: bool = True) -> bytes:
    https.download(url, folder / "raw.csv", LIMIT, network or Network(**NO_WAITS), trusted=trusted)
    return (folder / "raw.csv").read_bytes()


def get_as_stranger(outside: Outside, path: str, folder: Path, *addresses: str) -> bytes:
    """Return what a stranger is given from `HOST`, which resolves to `addresses`; every other name to a private one."""
    of_host, of_others = resolves_to(*(addresses or (PUBLIC,))), resolves_to("10.0.0.1")

    def resolve(host: str, *rest: Any, **kinds: Any) -> Any:
        return (of_host if host == HOST else of_others)(host, *rest, **kinds)

    network = Network(resolve=resolve, connect=lambda: Rerouted(outside), **NO_WAITS)
    return get(f"https://{HOST}{path}", folder, network, trusted=False)


def test_a_file_is_fetched(outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [gives(SONGS)]
    assert get(outside.url(), tmp_path) == SONGS
    assert get_as_stranger(outside, "/a.csv", tmp_path) == SONGS


def test_the_operators_urls_go_through_the_proxy_of_the_environment(behind_proxy: Outside, tmp_path: Path) -> None:
    behind_proxy.answers["/a.csv"] = [gives(SONGS)]
    assert get(f"https://{HOST}/a.csv", tmp_path) == SONGS


@pytest.mark.parametrize(
    "content",
    [gzip.compress(SONGS, mtime=0), gzip.compress(SONGS[:5], mtime=0) + gzip.compress(SONGS[5:], mtime=0)],
    ids=["one member", "two members"],
)
def test_what_comes_compressed_is_decompressed(content: bytes, outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [gives(content, Content_Encoding="gzip")]
    assert get(outside.url(), tmp_path) == SONGS


def test_a_large_compressed_file_is_decompressed_piece_by_piece(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "PIECE_BYTES", 64)
    content = SONGS * 5000
    outside.answers["/a.csv"] = [gives(gzip.compress(content), Content_Encoding="gzip")]
    assert get(outside.url(), tmp_path) == content


@pytest.mark.parametrize(
    "answer",
    [
        gives(b"", Content_Length=str(LIMIT + 1)),
        gives(b"0" * (LIMIT + 1)),
        is_endless,
        gives(gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip"),
    ],
    ids=["as announced", "as sent", "without an end", "once decompressed"],
)
def test_what_is_too_large_is_rejected(answer: Answer, outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [answer]
    with pytest.raises(InvalidDataset, match=TOO_LARGE):
        get(outside.url(), tmp_path)
    assert len(outside.asked) == 1
    target = tmp_path / "raw.csv"
    assert not target.exists() or target.stat().st_size <= LIMIT


def test_a_page_is_rejected_before_the_rest_of_it_arrives(outside: Outside, tmp_path: Path) -> None:
    def page(request: Request) -> None:
        request.answer(b"\n <html>Sign in", Content_Length="1000")
        waits(request)

    outside.answers["/a.csv"] = [page]
    with pytest.raises(InvalidDataset, match="the file is an HTML page or XML: export the playlist as CSV, and check"):
        get(outside.url(), tmp_path)


@pytest.mark.parametrize(
    "passing",
    [gives(b"", 503), gives(b"", 429), gives(b"", 500), breaks_off],
    ids=["unavailable", "too many", "error", "broken off"],
)
def test_what_may_pass_is_tried_again(passing: Answer, outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [passing, passing, gives(SONGS)]
    assert get(outside.url(), tmp_path) == SONGS
    outside.forget()
    outside.answers["/a.csv"] = [passing]
    with pytest.raises(SourceUnavailable):
        get(outside.url(), tmp_path)
    assert len(outside.asked) == 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (gives(b"", 404), "404 Not Found"),
        (gives(b"", 403), "403 Forbidden"),
        (gives(b"", 304), "304 Not Modified"),
        (gives(b"?", Content_Encoding="br"), "the file comes in a compression that was not asked for"),
        (gives(SONGS, Content_Encoding="gzip"), "the compressed file is damaged"),
    ],
)
def test_what_will_not_pass_is_tried_once(answer: Answer, reason: str, outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [answer]
    with pytest.raises(SourceUnavailable) as rejected:
        get(outside.url(), tmp_path)
    assert str(rejected.value) == f"'{outside.url()}' cannot be downloaded ({reason}): open it in a browser."
    assert len(outside.asked) == 1


@pytest.mark.parametrize("content", [gzip.compress(SONGS, mtime=0)[:-9], b"", zlib.compress(SONGS, wbits=31)[:10]])
def test_a_compressed_file_that_ends_early_is_not_kept(content: bytes, outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [gives(content, Content_Encoding="gzip")]
    with pytest.raises(SourceUnavailable, match="ends early"):
        get(outside.url(), tmp_path)


def test_a_server_that_says_nothing_is_not_waited_for(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "READ_SECONDS", 0.05)
    outside.answers["/a.csv"] = [waits]
    with pytest.raises(SourceUnavailable, match="timed out"):
        get(outside.url(), tmp_path)
    assert len(outside.asked) == 3


def test_a_server_that_trickles_is_not_waited_for(outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [is_endless]
    with pytest.raises(
        SourceUnavailable, match=r"is too slow: download it yourself and upload the file, or put it into incoming/"
    ):
        get(outside.url(), tmp_path, Network(most_seconds=0))


def test_a_certificate_that_nobody_vouches_for_is_rejected(
    outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SourceUnavailable, match="certificate verify failed"):
        get(outside.url(), tmp_path)
    assert outside.asked == []


def test_a_host_that_nobody_knows_is_unavailable(tmp_path: Path) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise OSError(-2, "Name or service not known")

    with pytest.raises(SourceUnavailable, match="the host is not found"):
        get(f"https://{HOST}/", tmp_path, Network(resolve=unknown, **NO_WAITS), trusted=False)


def test_redirects_are_followed(outside: Outside, tmp_path: Path) -> None:
    outside.answers |= {
        "/1": [leads_to("/2")],
        "/2": [leads_to("3?key=value")],
        "/3": [leads_to("//" + HOST + "/4")],
        "/4": [leads_to(f"https://{HOST}/5")],
        "/5": [leads_to("/6")],
        "/6": [gives(SONGS)],
    }
    assert get_as_stranger(outside, "/1", tmp_path) == SONGS
    assert [path for _, path in outside.asked] == ["/1", "/2", "/3?key=value", "/4", "/5", "/6"]


def test_a_redirect_without_an_end_is_left(outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [leads_to("/a.csv")]
    with pytest.raises(SourceUnavailable, match="redirects more than 5 times"):
        get(outside.url(), tmp_path)
    with pytest.raises(SourceUnavailable, match="redirects more than 5 times"):
        get_as_stranger(outside, "/a.csv", tmp_path)
    assert len(outside.asked) == 12


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        (f"http://{HOST}/b.csv", "it is no https URL"),
        ("ftp://another.example/a.csv", "it is no https URL"),
        (f"https://{HOST}:99999/", "it is no https URL"),
        ("https://127.0.0.1/", "its address is not public"),
        ("https://[::ffff:169.254.169.254]/latest/", "its address is not public"),
        ("https://0x7f.1/", "its address is not public"),
        ("https://localhost/", "its host is not public"),
        ("https://minio:9000/", "its host is not public"),
        ("https://inside.example/", "its host has an address that is not public"),
    ],
)
def test_strangers_are_not_led_inside(to: str, reason: str, outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [leads_to(to)]
    with pytest.raises(NotAllowed) as rejected:
        get_as_stranger(outside, "/a.csv", tmp_path)
    assert str(rejected.value) == f"it leads to '{to}' ({reason})"
    assert len(outside.asked) == 1


def test_strangers_are_not_led_to_credentials(outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [leads_to(f"https://user:secret@{HOST}/b.csv?token=secret")]
    with pytest.raises(NotAllowed) as rejected:
        get_as_stranger(outside, "/a.csv", tmp_path)
    assert str(rejected.value) == f"it leads to 'https://{HOST}/b.csv?...' (it holds a user name or a password)"


@pytest.mark.parametrize("addresses", [("10.0.0.1",), (PUBLIC, "10.0.0.1"), ("::1",)])
def test_strangers_are_not_given_what_resolves_inside(
    addresses: tuple[str, ...], outside: Outside, tmp_path: Path
) -> None:
    with pytest.raises(NotAllowed, match=r"^its host has an address that is not public$"):
        get_as_stranger(outside, "/a.csv", tmp_path, *addresses)
    assert outside.asked == []


def test_nor_is_the_operator_led_to_http(outside: Outside, tmp_path: Path) -> None:
    outside.answers["/a.csv"] = [leads_to("http://localhost/b.csv")]
    with pytest.raises(NotAllowed, match=r"^it leads to 'http://localhost/b.csv' \(it is no https URL\)$"):
        get(outside.url(), tmp_path)


def test_credentials_go_to_their_host_alone_and_into_no_message(
    behind_proxy: Outside, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    behind_proxy.answers |= {
        "/a": [leads_to("/b")],
        "/b": [leads_to("https://drive.google.com/c")],
        "/c": [gives(b"", 404)],
    }
    with pytest.raises(SourceUnavailable) as rejected:
        get(f"https://user:secret@{HOST}/a?token=hidden", tmp_path)
    basic = "Basic dXNlcjpzZWNyZXQ="
    assert behind_proxy.credentials == [basic, basic, None]
    expected = f"'https://{HOST}/a?...' cannot be downloaded (404 Not Found): open it in a browser."
    assert (str(rejected.value), rejected.value.__cause__) == (expected, None)
    assert "secret" not in caplog.text
