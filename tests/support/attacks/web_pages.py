"""Requests to the object store's ports from a web page of another origin, open in a browser on this machine."""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

import httpx

from local_stack.config import Config
from local_stack.services import services
from local_stack.supervisor import Supervisor
from tests.support.attacks.attack import Target

PAGE = {"Origin": "https://evil.example"}
TIMEOUT_SECONDS = 10

HARMLESS = (
    ("POST", "/buckets/data/attacked"),
    ("PUT", "/buckets/data/attacked"),
    ("PUT", "/data/attacked"),
    ("DELETE", "/buckets/data/attacked"),
    ("DELETE", "/data/attacked"),
    ("POST", "/submit"),
    ("GET", "/dir/assign"),
    ("GET", "/dir/status"),
    ("GET", "/"),
    ("GET", "/buckets/data/"),
    ("GET", "/data/"),
)
"""Requests that destroy nothing even where they get through."""


class Outcome(NamedTuple):
    """The ports that speak HTTP, and the requests that got through."""

    answered: set[int]
    through: list[tuple[int, str, str, int]]


def ask(ports: Iterable[int], attempts: Iterable[tuple[str, str]]) -> Outcome:
    """Send every attempt to every port, as a form that a browser sends without asking first."""
    found = Outcome(set(), [])
    # One client: each makes a TLS context of its own, which takes longer than all of its requests.
    with httpx.Client(headers=PAGE, timeout=TIMEOUT_SECONDS) as browser:
        for port, (method, path) in product(ports, attempts):
            try:
                answer = browser.request(method, f"http://127.0.0.1:{port}{path}", files={"file": b"x"})
            except (httpx.NetworkError, httpx.RemoteProtocolError):
                continue  # closed, cut off, or gRPC, which no browser speaks
            found.answered.add(port)
            if not _is_rejected(method, answer):
                found.through.append((port, method, path, answer.status_code))
    return found


def _is_rejected(method: str, answer: httpx.Response) -> bool:
    """Whether the page neither changed anything nor may read the answer."""
    if 400 <= answer.status_code < 500:
        return True
    return method == "GET" and "Access-Control-Allow-Origin" not in answer.headers


def object_store_from_a_web_page(_target: Target) -> str:
    """Ask the store's ports, inner ones of `make run` included, for uploads, deletions and reads without a key."""
    if not Supervisor(Config.read()).is_running():
        return "The platform runs with Docker, whose store is not ours: not attacked."
    ports = {port for service in services(Config.read()) if service.name == "s3" for _, port in service.ports}
    answered, through = ask(ports, HARMLESS)
    assert answered, "No port of the object store answered."
    assert through == [], f"A web page got through: {through}."
    return (
        f"{len(HARMLESS)} requests of another origin to each of {len(ports)} ports: "
        f"{len(answered)} speak HTTP, and none let one through."
    )
