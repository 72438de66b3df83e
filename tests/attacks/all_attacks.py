"""The attacks by name."""

from collections.abc import Callable

from tests.attacks import grpc_calls
from tests.attacks.attack import Target

ATTACKS: dict[str, Callable[[Target], str]] = {
    "gRPC, calls that are not finished": grpc_calls.unfinished_calls,
    "gRPC, malformed messages": grpc_calls.malformed_messages,
}
"""Each returns what it did and saw, as sentences, and raises `AssertionError` where the service broke its bound."""
