"""The attacks by name."""

from collections.abc import Callable

from tests.attacks import grpc_calls
from tests.attacks.attack import Target

ATTACKS: dict[str, Callable[[Target], str]] = {
    "gRPC": grpc_calls.hostile_calls,
}
"""Each returns what it did and saw, as sentences, and raises `AssertionError` where the service broke its bound."""
