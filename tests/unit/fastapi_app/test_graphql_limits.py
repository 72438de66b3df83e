from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from graphql import parse
from strawberry.extensions.parser_cache import _get_parse_cache
from strawberry.extensions.validation_cache import _get_validate_cache

from fastapi_app.graphql import CACHED_QUERIES
from fastapi_app.graphql_limits import MAX_ALIASES, MAX_CHARACTERS, MAX_DEPTH, MAX_TOKENS, operation
from song_preference.serving.predictor import Predictor
from tests.unit.fastapi_app.test_graphql import INLINE, application, ask, code

DEEPEST = "query ($song: SongInput!) { explain(song: $song) { prediction { model { name } } } }"


@pytest.fixture
def client(predictor: Predictor) -> Iterator[TestClient]:
    with TestClient(application(predictor)) as client:
        yield client


def message(answer: dict[str, Any]) -> str:
    """The message of the only error, which is the caller's."""
    assert code(answer) == "INVALID_QUERY"
    text: str = answer["errors"][0]["message"]
    return text


def spreading(count: int) -> str:
    """Fragments of which each spreads the next one twice: 2 ** count ways to the last."""
    links = (f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(count))
    return " ".join(["{ ...f0 }", *links, f"fragment f{count} on Query {{ a: model {{ name }} }}"])


def test_the_deepest_path_is_allowed(client: TestClient) -> None:
    song = {"speechiness": 0, "energy": 0.5, "danceability": 1, "acousticness": 0.1}
    assert ask(client, DEEPEST, song=song)["data"]["explain"]["prediction"]["model"]["name"]


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 150])
def test_what_is_too_deep_is_refused(client: TestClient, levels: int) -> None:
    answer = ask(client, "{ ... { " + "model { " * levels + "name" + " }" * levels + " } }")
    assert any(f"at most {MAX_DEPTH} are allowed" in error["message"] for error in answer["errors"])


def test_fragments_count_for_the_depth(client: TestClient) -> None:
    deep = "fragment f on ServedModel { model { model { model { model { name } } } } }"
    answer = ask(client, f"{{ model {{ ...f }} }} {deep}")
    assert any(f"at most {MAX_DEPTH} are allowed" in error["message"] for error in answer["errors"])


def test_as_many_aliases_as_allowed_pass_and_one_more_does_not(client: TestClient) -> None:
    aliases = [f"a{i}: model {{ name }}" for i in range(MAX_ALIASES + 1)]
    assert len(ask(client, f"{{ {' '.join(aliases[:-1])} }}")["data"]) == MAX_ALIASES
    assert f"at most {MAX_ALIASES} are allowed" in message(ask(client, f"{{ {' '.join(aliases)} }}"))


def test_aliases_count_each_time_that_their_fragment_is_spread(client: TestClient) -> None:
    assert ask(client, spreading(3))["data"]["a"]["name"]
    assert "has 16 aliases" in message(ask(client, spreading(4)))


@pytest.mark.timeout(10)
def test_fragments_that_spread_each_other_take_no_time(client: TestClient) -> None:
    assert f"has {2**60} aliases" in message(ask(client, spreading(60)))


@pytest.mark.parametrize("fragment", ["", "fragment f on Query { ...f }", "fragment f on Query { model { ...f } }"])
def test_fragments_that_are_missing_or_spread_themselves_are_the_callers_error(
    client: TestClient, fragment: str
) -> None:
    answer = ask(client, f"{{ ...f }} {fragment}")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_QUERY"}


def test_an_album_fits_into_a_query_and_an_archive_does_not(client: TestClient) -> None:
    query = "{{ predictBatch(songs: [{}]) {{ answers {{ label }} }} }}"
    assert len(ask(client, query.format(INLINE * 60))["data"]["predictBatch"]["answers"]) == 60
    assert f"more than {MAX_TOKENS} tokens" in message(ask(client, query.format(INLINE * 100)))


def test_blanks_are_bounded_too(client: TestClient) -> None:
    answer = client.post("/graphql", json={"query": "{ model { name } }" + " " * MAX_CHARACTERS})
    assert answer.status_code == 413
    assert f"more than {MAX_CHARACTERS} characters" in message(answer.json())


def test_a_query_is_parsed_and_validated_once(client: TestClient) -> None:
    caches = [_get_parse_cache(CACHED_QUERIES), _get_validate_cache(CACHED_QUERIES)]
    before = [cache.cache_info() for cache in caches]  # type: ignore[attr-defined]
    for _ in range(3):
        ask(client, "{ model { name stale since } }")
    after = [cache.cache_info() for cache in caches]  # type: ignore[attr-defined]
    assert [(b.misses - a.misses, b.hits - a.hits) for a, b in zip(before, after, strict=True)] == [(1, 2)] * 2


@pytest.mark.parametrize(
    ("query", "name", "expected"),
    [
        ("{ model { name } }", None, "model"),
        ("query a { model { name } } query b { explain { base } }", "b", "explain"),
        ("query a { model { name } } query b { explain { base } }", None, "invalid"),
        ("{ ...f ...f } fragment f on Query { __typename model { name } }", None, "model"),
        ("{ __schema { types { name } } }", None, "introspection"),
    ],
)
def test_operations_are_of_a_small_set(query: str, name: str | None, expected: str) -> None:
    assert operation(parse(query), name) == expected
