"""Limits on what one GraphQL request may cost."""

from collections import Counter
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    ValidationContext,
    ValidationRule,
)
from graphql.pyutils import Path
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import SchemaExtension
from strawberry.fastapi import BaseContext
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from typing_extensions import override

from song_preference.errors import NotManaged
from song_preference.messages import Message
from song_preference.serving.batching import MicroBatcher
from song_preference.serving.songs import SongSearch

MAX_CHARACTERS = 20_000
"""Most characters of a query, 20 for each token: blanks and comments are no tokens, and caches keep 128 queries."""

MAX_TOKENS = 1_000
"""Most tokens of a query: about 70 songs; more go into a variable, which is a few tokens. GraphiQL needs 300."""

MAX_DEPTH = 5
"""Most levels of a query: the schema's deepest path: song, explanation, prediction, model, name."""

MAX_ALIASES = 10
"""Most aliases, each of which computes a field once more; predictBatch is there for many songs."""

MAX_REPEATS = 40
"""Most fields of one name, and most fragment spreads: validation compares each with each. GraphiQL needs 14."""

MAX_FIELDS = 5_000
"""Most fields of an answer, about 50 ms. Introspection resolves 2,200, the longest list of 100 datasets 3,100."""

FIELDS_PER_SONG = 4
"""Fields of one song in the answer, and its type's name."""


class Context(BaseContext):
    """The songs, the predictor and the counters of one request, and the values that its resolvers note for metrics."""

    def __init__(self, songs: SongSearch, batcher: MicroBatcher, management: Any = None) -> None:
        super().__init__()
        self.songs, self.predictor, self.batcher = songs, songs.predictor, batcher
        # A `Management`, whose module a service that only predicts never imports.
        self._management = management
        self.operation = "invalid"
        self.outcome: str | None = None
        self._songs, self._fields_left = 0, MAX_FIELDS

    def note_operation(self, field: str) -> None:
        """Note a field of the query's first level for the metrics: the only one, else "several" or "introspection"."""
        if field.startswith("__"):
            self.operation = "introspection" if self.operation == "invalid" else self.operation
        elif self.operation in {"invalid", "introspection", field}:
            self.operation = field
        else:
            self.operation = "several"

    def count_songs(self, count: int) -> None:
        """Count songs; raise `BatchTooLarge` for more than one request may hold, in all its fields."""
        self._songs += count
        self._fields_left += FIELDS_PER_SONG * count
        self.predictor.check_batch_size(self._songs)

    def count_field(self) -> None:
        """Count a field of a row; raise `GraphQLError` for more than one answer may have."""
        self._fields_left -= 1
        if self._fields_left < 0:
            allowed = MAX_FIELDS + FIELDS_PER_SONG * self._songs
            raise GraphQLError(
                f"The answer has more than {allowed} fields, counted in every row: ask for fewer fields or rows."
            )

    @property
    def management(self) -> Any:
        """The `Management`; raises `NotManaged` if the service only predicts."""
        if self._management is None:
            raise NotManaged(Message("only_predicts"))
        return self._management


class Limits(SchemaExtension):
    """Limits tokens while parsing, and depth and aliases while validating.

    Strawberry's limiters follow a fragment each time that it is spread, so a short query whose fragments spread each
    other twice takes minutes, and a missing fragment is an internal error. They also make new rules for each request,
    which defeats the validation cache.
    """

    def __init__(self, *, is_open: bool) -> None:
        self._rules = (SizeRule,) if is_open else (SizeRule, NoSchemaIntrospectionCustomRule)

    def on_operation(self) -> Iterator[None]:
        """Set the limits."""
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        self.execution_context.validation_rules += self._rules
        yield


class Size(NamedTuple):
    """The depth of a selection in fields and its number of aliases, fragments included."""

    depth: int = 0
    aliases: int = 0


class SizeRule(ValidationRule):
    """Rejects queries with too much depth or too many aliases or repeats; graphql-core limits introspection."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._known: dict[str, Size] = {}

    def enter_document(self, document: DocumentNode, *_: Any) -> None:
        """Raise `ValidationAbortedError` before other rules compare the fields of the document with each other."""
        depth, aliases = self._all(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        if depth > MAX_DEPTH:
            raise ValidationAbortedError(f"The query is {depth} levels deep and at most {MAX_DEPTH} are allowed.")
        if aliases > MAX_ALIASES:
            raise ValidationAbortedError(
                f"The query has {aliases} aliases and at most {MAX_ALIASES} are allowed: "
                "ask for many songs with predictBatch."
            )
        name, repeats = max(_repeats(document).items(), key=itemgetter(1), default=("", 0))
        if repeats > MAX_REPEATS:
            raise ValidationAbortedError(
                f"The query asks for {name} {repeats} times and at most {MAX_REPEATS} are allowed: "
                "ask for each field once, and for many songs with predictBatch."
            )

    def _all(self, nodes: Iterable[Any]) -> Size:
        sizes = [self._one(node) for node in nodes]
        return Size(max((size.depth for size in sizes), default=0), sum(size.aliases for size in sizes))

    def _one(self, node: Any) -> Size:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        inner = self._all(node.selection_set.selections if node.selection_set else ())
        if not isinstance(node, FieldNode):
            return inner
        is_introspection = node.name.value.startswith("__")
        return Size(1 if is_introspection else 1 + inner.depth, inner.aliases + (node.alias is not None))

    def _fragment(self, name: str) -> Size:
        """Measure a fragment, once however often it is spread."""
        if name not in self._known:
            # A rule of the specification rejects a fragment that spreads itself or does not exist.
            self._known[name] = Size()
            if fragment := self.context.get_fragment(name):
                self._known[name] = self._one(fragment)
        return self._known[name]


def _repeats(document: DocumentNode) -> Counter[str]:
    """Count fields by their name in the answer; all fragment spreads count under one name."""
    counts: Counter[str] = Counter()
    waiting = [getattr(definition, "selection_set", None) for definition in document.definitions]
    while waiting:
        selection_set = waiting.pop()
        for selection in selection_set.selections if selection_set else ():
            match selection:
                case FieldNode():
                    counts[(selection.alias or selection.name).value] += 1
                case FragmentSpreadNode():
                    counts["fragments"] += 1
            waiting.append(getattr(selection, "selection_set", None))
    return counts


class CountedExecution(StrawberryGraphQLCoreExecutionContext):
    """Counts every field of every row, since neither depth nor aliases limit the number of rows; notes the operation.

    graphql-core calls `execute_field` private. Its public hook, a middleware around every resolver, costs more than
    the fields that it counts; `test_limits.py` fails if an upgrade no longer calls this method.
    """

    @override
    def execute_field(self, parent_type: Any, source: Any, field_nodes: list[FieldNode], path: Path) -> Any:
        if path.prev is None:
            self.context_value.note_operation(field_nodes[0].name.value)
        self.context_value.count_field()
        return super().execute_field(parent_type, source, field_nodes, path)
