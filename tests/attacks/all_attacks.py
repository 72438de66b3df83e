"""The attacks by name."""

from collections.abc import Callable

from tests.attacks import grpc_calls, web_pages, wide_files
from tests.attacks.attack import Target

ATTACKS: dict[str, Callable[[Target], str]] = {
    "gRPC": grpc_calls.hostile_calls,
    "wide headers": wide_files.wide_headers,
    "huge lines": wide_files.huge_lines,
    "web pages at the object store": web_pages.object_store_from_a_web_page,
    "a short check beside a long one": wide_files.short_check_beside_a_long_one,
}
"""Each returns what it did and saw, as sentences, and raises `AssertionError` where the service broke its bound."""
