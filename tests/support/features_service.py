"""A service that knows features by Spotify's ids: it reorders, omits, limits and fails as the real one is said to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from song_preference.features import FEATURES
from tests.support.named_songs import spotify_id


def row(number: int) -> dict[str, Any]:
    """Return what the service says of a song; its features follow from its number."""
    features = dict.fromkeys(FEATURES, number % 100 / 100)
    return {"id": "its own", "href": f"https://open.spotify.com/track/{spotify_id(number)}", **features, "tempo": 120}


class FakeService:
    """Answers with the songs that it knows, in another order; tests change how."""

    def __init__(self) -> None:
        self.known = {spotify_id(number): row(number) for number in range(100)}
        self.asked: list[list[str]] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers of each request, and nothing else came with it."""
        self.rejections: list[tuple[int, dict[str, str]]] = []
        """Status and headers of the next answers."""
        self.body: bytes | None = None
        """The content of every answer, if it is always the same."""

    def answer(self, ids: list[str]) -> bytes:
        """Return the content of an answer about songs."""
        if self.body is not None:
            return self.body
        found = [self.known[asked] for asked in reversed(ids) if asked in self.known]
        return json.dumps({"content": found}).encode()

    @contextmanager
    def running(self) -> Iterator[str]:
        """Answer at the address that is yielded."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                ids = parse_qs(url.query)["ids"][0].split(",")
                service.asked.append(ids)
                service.requests.append((self.path, dict(self.headers)))
                status, headers = service.rejections.pop(0) if service.rejections else (200, {})
                if len(ids) > 40:
                    status = 400
                if "python" in self.headers["User-Agent"].lower():
                    status = 403
                content = service.answer(ids) if url.path == "/v1/audio-features" else b""
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_address[1]}"
            server.shutdown()
            thread.join()
