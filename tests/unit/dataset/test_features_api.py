"""A service that knows features by Spotify's ids: it reorders, omits, limits and fails as the real one is said to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from song_preference.dataset.features_api import ASKED_AT_ONCE, MOST_BYTES, FeaturesApi
from song_preference.features import FEATURES, Song
from tests.support.datasets import MemoryObjects


def spotify_id(number: int) -> str:
    return f"{number:022}"


def row(number: int) -> dict[str, Any]:
    features = dict.fromkeys(FEATURES, number % 100 / 100)
    return {"id": "its own", "href": f"https://open.spotify.com/track/{spotify_id(number)}", **features, "tempo": 120}


class Service:
    """Answers with the songs that it knows, in another order; tests change how."""

    def __init__(self) -> None:
        self.known = {spotify_id(number): row(number) for number in range(100)}
        self.asked: list[list[str]] = []
        self.agents: set[str] = set()
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.body: bytes | None = None

    def answer(self, ids: list[str]) -> bytes:
        if self.body is not None:
            return self.body
        found = [self.known[asked] for asked in reversed(ids) if asked in self.known]
        return json.dumps({"content": found}).encode()

    @contextmanager
    def running(self) -> Iterator[str]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                ids = parse_qs(url.query)["ids"][0].split(",")
                service.asked.append(ids)
                service.agents.add(self.headers["User-Agent"])
                status, headers = service.refusals.pop(0) if service.refusals else (200, {})
                content = service.answer(ids) if url.path == "/v1/audio-features" else b""
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_address[1]}"
            server.shutdown()
            thread.join()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def api(service: Service, objects: MemoryObjects) -> Iterator[FeaturesApi]:
    with service.running() as address:
        yield FeaturesApi(f"{address}/", objects, total_seconds=5)


WRONG = (7, -1, None, True, "0.5")
IDS = [spotify_id(number) for number in range(90)]


def test_songs_are_matched_by_their_link_whatever_the_order(api: FeaturesApi, service: Service) -> None:
    found = api.features([*IDS, spotify_id(500), *IDS[:3], "no id", "../../etc"])
    assert found == {spotify_id(number): Song(**dict.fromkeys(FEATURES, number % 100 / 100)) for number in range(90)}
    assert [len(ids) for ids in service.asked] == [ASKED_AT_ONCE, ASKED_AT_ONCE, 11]
    assert all("song-preference" in agent for agent in service.agents)


def test_an_answer_is_kept_with_its_origin_and_not_asked_for_again(
    api: FeaturesApi, service: Service, objects: MemoryObjects
) -> None:
    first = api.features(IDS[:5])
    service.asked.clear()
    assert api.features(IDS[:6]).items() > first.items()
    assert service.asked == [[IDS[5]]]
    kept = json.loads(objects.contents[f"features/{IDS[1]}.json"])
    assert kept["origin"].startswith("http://127.0.0.1")
    assert set(kept["features"]) == set(FEATURES)


def test_it_waits_as_long_as_the_service_wants(api: FeaturesApi, service: Service) -> None:
    service.refusals = [(429, {"Retry-After": "1"}), (429, {"Retry-After": "soon"})]
    assert len(api.features(IDS[:3])) == 3
    assert len(service.asked) == 3


@pytest.mark.parametrize("refusal", [(500, {}), (403, {}), (429, {"Retry-After": "3600"}), (302, {"Location": "/"})])
def test_what_fails_is_not_found(api: FeaturesApi, service: Service, refusal: tuple[int, dict[str, str]]) -> None:
    service.refusals = [(200, {}), refusal]
    assert len(api.features(IDS)) == ASKED_AT_ONCE
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"content": {}}',
        b'{"content": [1, {"href": null}, {"href": "https://open.spotify.com/track/' + b"9" * 22 + b'"}]}',
        b'{"content": [' + b" " * MOST_BYTES + b"]}",
        json.dumps(
            {"content": [{**row(0), "energy": 7}, {**row(1), "energy": None}, {**row(2), "energy": True}]}
        ).encode(),
    ],
)
def test_an_answer_of_another_form_finds_nothing(
    api: FeaturesApi, service: Service, objects: MemoryObjects, body: bytes
) -> None:
    service.body = body
    assert api.features(IDS[:5]) == {}
    assert objects.contents == {}


def test_a_service_that_is_not_there_finds_nothing(objects: MemoryObjects) -> None:
    assert FeaturesApi("http://127.0.0.1:9", objects).features(IDS) == {}
