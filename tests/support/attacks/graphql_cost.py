"""Short queries that are expensive to validate or to answer, and text that is not Unicode."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from song_preference.features import EXAMPLE
from tests.support.attacks.attack import Target

ALL_FIELDS = "fields { args { type { ofType { name } } } type { fields { name type { kind description } } } }"
TEN_SCHEMAS = " ".join(f"a{i}: types {{ {ALL_FIELDS} }}" for i in range(10))
INTROSPECTION = f"{{ __schema {{ {TEN_SCHEMAS} }} }}"
TEN_ANSWERS = " ".join(f"a{i}: answers {{ label liked probability }}" for i in range(10))
TEN_TIMES = f"query ($songs: [SongInput!]!) {{ predictBatch(songs: $songs) {{ {TEN_ANSWERS} }} }}"
REPEATED_NAMES = f"{{ model {{ {'name ' * 955} }} }}"
CONCURRENT = 4
MAX_ANSWER_BYTES = 10_000
MAX_SECONDS = 20
"""For all of them, on a busy machine."""


def aliased_introspection(target: Target) -> str:
    """Ask for the whole schema ten times over in one query."""
    return _asked_at_once(target, {"query": INTROSPECTION}, "with ten aliases of the whole schema")


def repeated_names(target: Target) -> str:
    """Ask for one field 955 times, which validation would compare with each other on the event loop."""
    return _asked_at_once(target, {"query": REPEATED_NAMES}, "with one name 955 times")


def songs_answered_ten_times(target: Target) -> str:
    """Ask for the answers of 10,000 songs ten times over in one query."""
    query = {"query": TEN_TIMES, "variables": {"songs": [EXAMPLE.model_dump()] * 10_000}}
    return _asked_at_once(target, query, "with ten aliases of the answers for 10,000 songs")


def half_surrogate_pairs(target: Target) -> str:
    """Send half of a surrogate pair wherever text can stand."""
    queries = [
        {"query": "query a { model { name } }", "operationName": "\ud800"},
        {"query": "{ model { name } } # \ud800"},
        {"query": "query ($v: String!) { dataset(version: $v) { version } }", "variables": {"v": "\ud800"}},
        {"query": "{ model { name } }", "variables": {"\ud800": 1}, "extensions": {"\ud800": 1}},
    ]
    bodies = [*(("/graphql", query) for query in queries), ("/predict", {"energy": "\ud800"}), ("/explain", "\ud800")]
    with httpx.Client(base_url=target.rest_url, timeout=MAX_SECONDS) as http:
        # As an escape, and as bytes.
        contents = [(path, json.dumps(body).encode()) for path, body in bodies]
        raw = [(path, content.replace(b"\\ud800", b"\xed\xa0\x80")) for path, content in contents]
        json_type = {"Content-Type": "application/json"}
        statuses = [http.post(path, content=body, headers=json_type).status_code for path, body in [*contents, *raw]]
        statuses += [http.get(path).status_code for path in ("/%ED%A0%80", "/graphql?query=%ED%A0%80", "/%FF?%FF=%FF")]
        statuses += [http.post("/predict", headers={b"Content-Type": b"\xed\xa0\x80"}).status_code]
    assert all(status < 500 for status in statuses), f"Half of a surrogate pair gave {statuses}."
    return f"{len(statuses)} requests with half of a surrogate pair: none failed the service ({sorted(set(statuses))})."


def _asked_at_once(target: Target, query: object, description: str) -> str:
    content = json.dumps(query)

    def ask(_: int) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return httpx.post(f"{target.rest_url}/graphql", content=content, headers=headers, timeout=60)

    began = time.monotonic()
    with ThreadPoolExecutor(CONCURRENT) as callers:
        answers = list(callers.map(ask, range(CONCURRENT)))
    seconds = time.monotonic() - began
    largest = max(len(answer.content) for answer in answers)
    assert all("errors" in answer.json() for answer in answers), f"A query {description} was answered."
    assert largest < MAX_ANSWER_BYTES, f"A query {description} was answered with {largest} bytes."
    assert seconds < MAX_SECONDS, f"{CONCURRENT} queries {description} took {seconds:.1f} s."
    return f"{CONCURRENT} queries at once, of {len(content)} bytes, {description}: rejected in {seconds:.1f} s."
