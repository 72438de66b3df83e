"""The songs that the test asks every client about, and the form in which it reads their answers."""

import json
import sys
from collections.abc import Iterable

FEATURES = ("speechiness", "energy", "danceability", "acousticness")
MODEL = "spotify_model_prod"
REST_URL, GRPC_ADDRESS = sys.argv[1:]

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
