"""The songs that the test asks every client about, and the form in which it reads their answers."""

import json
import os
import ssl
import sys
from collections.abc import Iterable

FEATURES = ("speechiness", "energy", "danceability", "acousticness")
MODEL = "spotify_model_prod"
REST_URL, GRPC_ADDRESS = sys.argv[1:]
CA_FILE = os.environ.get("CA_FILE")
"""The CA of the services; None for the usual ones, or for services without TLS."""

HAS_TLS = REST_URL.startswith("https:")
TRUSTING = ssl.create_default_context(cafile=CA_FILE)

ROWS: list[list[float]] = json.load(sys.stdin)
"""Songs (n, 4), each feature a float32."""

SONGS = [dict(zip(FEATURES, row, strict=True)) for row in ROWS]

_answers: dict[str, list[tuple[bool, float]]] = {}


def answered(way: str, liked: Iterable[object], probabilities: Iterable[float]) -> None:
    """Note what came back for each song, in one way to ask."""
    _answers[way] = [(bool(likes), float(found)) for likes, found in zip(liked, probabilities, strict=True)]


def report() -> None:
    """Print all answers."""
    print(json.dumps(_answers))
