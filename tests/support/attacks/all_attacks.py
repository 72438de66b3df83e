"""The attacks by name."""

from collections.abc import Callable

from tests.support.attacks import (
    graphql_cost,
    grpc_calls,
    hostile_tensors,
    mutated_files,
    slow_clients,
    web_pages,
    wide_files,
)
from tests.support.attacks.attack import Target

ATTACKS: dict[str, Callable[[Target], str]] = {
    "gRPC": grpc_calls.hostile_calls,
    "GraphQL, introspection under ten aliases": graphql_cost.aliased_introspection,
    "GraphQL, one field 955 times": graphql_cost.repeated_names,
    "GraphQL, 10,000 songs answered ten times": graphql_cost.songs_answered_ten_times,
    "half surrogate pairs": graphql_cost.half_surrogate_pairs,
    "tensors": hostile_tensors.hostile_tensors,
    "requests that are not finished": slow_clients.unfinished_requests,
    "answers that are not read": slow_clients.unread_answers,
    "wide headers": wide_files.wide_headers,
    "huge lines": wide_files.huge_lines,
    "files with random damage": mutated_files.mutated_files,
    "web pages at the object store": web_pages.object_store_from_a_web_page,
    "a short check beside a long one": wide_files.short_check_beside_a_long_one,
}
"""Each returns what it did and saw, as sentences, and raises `AssertionError` where the service broke its bound."""
