import asyncio
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from graphql import build_schema, get_introspection_query, get_named_type, is_list_type, is_object_type
from graphql.language.parser import Parser
from graphql.type import get_nullable_type
from starlette.types import Message

from fastapi_app.graphql.limits import (
    FIELDS_PER_SONG,
    MAX_ALIASES,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_FIELDS,
    MAX_REPEATS,
    MAX_TOKENS,
    SizeRule,
)
from fastapi_app.graphql.router import HEAVY, WAITING
from fastapi_app.graphql.schema import sdl
from song_preference.clients import QUERY
from song_preference.serving.predictor import Predictor
from tests.support.graphql import INLINE, application, ask, code
from tests.support.rest import Threads
from tests.support.songs import SONG

DEEPEST = "query ($song: SongInput!) { explain(song: $song) { prediction { model { name } } } }"


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
def test_what_is_too_deep_is_rejected(client: TestClient, levels: int) -> None:
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


@pytest.mark.parametrize("options", list(itertools.product([True, False], repeat=4)))
def test_the_whole_schema_can_be_asked_for(client: TestClient, options: tuple[bool, bool, bool, bool]) -> None:
    names = ("specified_by_url", "directive_is_repeatable", "schema_description", "input_value_deprecation")
    answer = ask(client, get_introspection_query(**dict(zip(names, options, strict=True))))
    assert answer["data"]["__schema"]["types"]


REPEATING = (
    ("{{ model {{ {} }} }}", "name "),
    ("{{ {} }}", "model { name } "),
    ("{{ {} }}", "... { model { ...f } } "),
    ("{{ model {{ ... on ServedModel {{ {} }} }} }}", "version "),
    ("{{ __schema {{ types {{ {} }} }} }}", "kind "),
)


@pytest.mark.parametrize(("query", "repeated"), REPEATING)
def test_a_field_may_be_asked_for_so_many_times_and_not_once_more(
    client: TestClient, query: str, repeated: str
) -> None:
    fragment = " fragment f on ServedModel { version }" if "...f" in repeated else ""
    assert "errors" not in ask(client, query.format(repeated * MAX_REPEATS) + fragment)
    text = message(ask(client, query.format(repeated * (MAX_REPEATS + 1)) + fragment))
    assert f"{MAX_REPEATS + 1} times and at most {MAX_REPEATS} are allowed: ask for each field once" in text


def test_what_does_not_exist_or_is_never_spread_counts_too(client: TestClient) -> None:
    count = MAX_REPEATS + 1
    aliases = " ".join(f"a: x{i}" for i in range(count))
    spreads = " ".join(f"...f{i}" for i in range(count))
    for query, name in ((f"{{ {spreads} }}", "fragments"), (f"{{ b }} fragment f on Query {{ {aliases} }}", "a")):
        assert message(ask(client, query)).startswith(f"The query asks for {name} {count} times")


def test_aliases_count_in_introspection(client: TestClient) -> None:
    for query, field in (("{{ __schema {{ {} }} }}", "types"), ('{{ __type(name: "Query") {{ {} }} }}', "fields")):
        aliases = " ".join(f"a{i}: {field} {{ name }}" for i in range(MAX_ALIASES + 1))
        assert f"at most {MAX_ALIASES} are allowed" in message(ask(client, query.format(aliases)))


def test_introspection_is_bounded_by_its_rows(client: TestClient) -> None:
    fields = "fields { args { type { ofType { name } } } type { fields { name type { kind description } } } }"
    aliases = " ".join(f"a{i}: types {{ {fields} }}" for i in range(MAX_ALIASES))
    answer = ask(client, f"{{ __schema {{ {aliases} }} }}")
    assert answer["data"] is None
    assert {error["message"] for error in answer["errors"]} == {
        f"The answer has more than {MAX_FIELDS} fields, counted in every row: ask for fewer fields or rows."
    }
    assert len(str(answer)) < 10_000


def test_every_song_may_be_answered_once_with_all_its_fields(client: TestClient, predictor: Predictor) -> None:
    query = "query ($songs: [SongInput!]!) {{ predictBatch(songs: $songs) {{ {} }} }}"
    songs = [SONG] * predictor.max_batch_size
    answers = "answers { label liked probability __typename }"
    batch = ask(client, query.format(answers), songs=songs)["data"]["predictBatch"]
    assert len(batch["answers"]) == len(songs)
    ten_times = " ".join(f"a{i}: {answers}" for i in range(10))
    allowed = MAX_FIELDS + FIELDS_PER_SONG * len(songs)
    assert f"more than {allowed} fields" in message(ask(client, query.format(ten_times), songs=songs))


def test_what_takes_long_does_not_hold_the_event_loop(client: TestClient, predictor: Predictor) -> None:
    predictor.observer = threads = Threads()
    ask(client, QUERY, song=SONG)
    loop = threads.seen.pop()
    explain = f"explain(song: {INLINE}) {{ base }}"
    batch = f"predictBatch(songs: [{INLINE}]) {{ threshold }}"
    mixed = f"{{ predict(song: {INLINE}) {{ label }} {batch} }}"
    for query in (
        f"{{ {explain} }}",
        f"{{ {batch} }}",
        mixed,
        f"{{ predict(song: {INLINE}) {{ label }} }}" + " " * 10_000,
    ):
        assert "errors" not in ask(client, query)
    client.get("/graphql", params={"query": f"{{ {explain} }}"})
    escaped = json.dumps({"query": f"{{ {explain} }}"}).replace("explain", "\\u0065xplain")
    client.post("/graphql", content=escaped, headers={"Content-Type": "application/json"})
    assert len(threads.seen) >= 7
    assert loop not in threads.seen


def test_every_field_with_long_lists_is_known_to_take_long() -> None:
    schema = build_schema(sdl())
    assert schema.query_type

    def has_lists(kind: Any) -> bool:
        named = get_named_type(kind)
        own = is_list_type(get_nullable_type(kind))
        return own or (is_object_type(named) and any(has_lists(field.type) for field in named.fields.values()))

    long = {name for name, field in schema.query_type.fields.items() if has_lists(field.type)}
    of_other_services = {"modelVersions", "datasets", "dataset", "pipelineRuns", "pipelineRun"}
    short_enough = {"songs", "song", "recommendations"}
    assert {name for name in long if not HEAVY.search(name.encode())} == of_other_services | short_enough
    assert {name for name in schema.query_type.fields if WAITING.search(name.encode())} == of_other_services


def test_a_service_that_hangs_holds_up_nothing_that_only_computes(predictor: Predictor) -> None:
    asked, answered = threading.Event(), threading.Event()

    class Hanging:
        class datasets:  # noqa: N801 - an attribute
            @staticmethod
            def published() -> list[Any]:
                asked.set()
                assert answered.wait(60)
                return []

    explain = f"explain(song: {INLINE}) {{ base prediction {{ model {{ datasetVersion }} }} }}"
    with TestClient(application(predictor, Hanging)) as client, ThreadPoolExecutor(1) as other:
        hangs = other.submit(ask, client, f"{{ datasets {{ version }} {explain} }}")
        assert asked.wait(60)
        assert ask(client, f"{{ {explain} }}")["data"]["explain"]
        assert not hangs.done()
        answered.set()
        assert hangs.result()["data"]["datasets"] == []


def test_nothing_is_computed_for_a_caller_who_left(predictor: Predictor) -> None:
    predictor.observer = threads = Threads()
    messages: list[Message] = [
        {"type": "http.request", "body": json.dumps({"query": f"{{ explain(song: {INLINE}) {{ base }} }}"}).encode()},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        pass

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    asyncio.run(application(predictor)(scope, receive, send))
    assert not threads.seen


def test_an_album_fits_into_a_query_and_an_archive_does_not(client: TestClient) -> None:
    query = "{{ predictBatch(songs: [{}]) {{ answers {{ label }} }} }}"
    assert len(ask(client, query.format(INLINE * 60))["data"]["predictBatch"]["answers"]) == 60
    assert f"more than {MAX_TOKENS} tokens" in message(ask(client, query.format(INLINE * 100)))


def test_blanks_are_bounded_too(client: TestClient) -> None:
    answer = client.post("/graphql", json={"query": "{ model { name } }" + " " * MAX_CHARACTERS})
    assert answer.status_code == 413
    assert f"more than {MAX_CHARACTERS} characters" in message(answer.json())


def test_a_query_is_parsed_and_validated_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Counter[str]()
    for kind, method in ((Parser, "parse_document"), (SizeRule, "enter_document")):
        monkeypatch.setattr(kind, method, counting(calls, method, getattr(kind, method)))
    for _ in range(3):
        ask(client, "{ model { name stale since threshold } }")
    assert calls == {"parse_document": 1, "enter_document": 1}


def counting(calls: Counter[str], name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*arguments: Any) -> Any:
        calls[name] += 1
        return method(*arguments)

    return counted
