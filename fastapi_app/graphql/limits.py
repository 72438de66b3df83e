"""Limits on what one GraphQL request may cost."""

from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationRule,
    get_operation_ast,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import SchemaExtension
from strawberry.fastapi import BaseContext
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from typing_extensions import override

from song_preference.errors import NotManaged
from song_preference.serving.batching import MicroBatcher
from song_preference.serving.predictor import Predictor

MAX_CHARACTERS = 20_000
"""20 for each token, since blanks and comments are no tokens, and the caches keep the text of 128 queries."""

MAX_TOKENS = 1_000
"""About 70 songs written into the query; more go into a variable, which counts as a few tokens. GraphiQL needs 300."""

MAX_DEPTH = 5
"""One more than the levels of the schema's deepest path: explain, prediction, model, name."""

MAX_ALIASES = 10
"""Most aliases, each of which computes a field once more; predictBatch is there for many songs."""

MAX_REPEATS = 40
"""Most fields of one name, and most fragment spreads: validation compares each with each. GraphiQL needs 14.
"""

MAX_FIELDS = 5_000
"""About 50 ms. The full introspection query resolves 2,200, the longest list of 100 datasets 3,100."""

FIELDS_PER_SONG = 4
"""The fields of an answer, and its type's name."""


class Context(BaseContext):
    """The predictor and the counters of one request, and the values that its resolvers note for the metrics."""

    def __init__(self, predictor: Predictor, batcher: MicroBatcher, management: Any = None) -> None:
        super().__init__()
        self.predictor, self.batcher = predictor, batcher
        # A `Management`, whose module a service that only predicts never imports.
        self._management = management
        self.operation = "invalid"
        self.outcome: str | None = None
        self._songs, self._fields_left = 0, MAX_FIELDS

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
            raise NotManaged("This service only predicts: set MANAGE_DATASETS=true.")
        return self._management


class Limits(SchemaExtension):
    """Limits tokens while parsing, depth and aliases while validating; notes the operation for the metrics.

    Strawberry's limiters follow a fragment each time that it is spread, so a short query whose fragments spread each
    other twice takes minutes, and a missing fragment is an internal error. They also make new rules for each request,
    which defeats the validation cache.
    """

    rules: tuple[type[ASTValidationRule], ...]

    def on_operation(self) -> Iterator[None]:
        """Set the limits."""
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        self.execution_context.validation_rules += self.rules
        yield

    def on_execute(self) -> Iterator[None]:
        """Note the operation of a valid query."""
        execution = self.execution_context
        context: Context = execution.context
        if execution.graphql_document:
            context.operation = operation(execution.graphql_document, execution.operation_name)
        yield


class Size(NamedTuple):
    """The depth of a selection in fields and its number of aliases, fragments included."""

    depth: int = 0
    aliases: int = 0


class SizeRule(ValidationRule):
    """Rejects queries with too much depth or too many aliases or repeats; graphql-core limits introspection."""

    def enter_document(self, document: DocumentNode, *_: Any) -> None:
        """Raise `ValidationAbortedError` before other rules compare the fields of the document with each other."""
        measure = _Measure(document)
        sizes = [
            measure.selection(definition.selection_set)
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
        ]
        depth, aliases = max((size.depth for size in sizes), default=0), sum(size.aliases for size in sizes)
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


class _Measure:
    """Measures each fragment once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = _fragments(document)
        self._known: dict[str, Size] = {}

    def selection(self, selection_set: SelectionSetNode) -> Size:
        sizes = [self._one(selection) for selection in selection_set.selections]
        return Size(max(size.depth for size in sizes), sum(size.aliases for size in sizes))

    def _one(self, node: Any) -> Size:
        match node:
            case FieldNode():
                return self._field(node)
            case FragmentSpreadNode():
                return self._fragment(node.name.value)
        return self.selection(node.selection_set)

    def _field(self, node: FieldNode) -> Size:
        aliases = int(node.alias is not None)
        if node.selection_set is None:
            return Size(1, aliases)
        inner = self.selection(node.selection_set)
        is_introspection = node.name.value.startswith("__")
        return Size(1 if is_introspection else 1 + inner.depth, aliases + inner.aliases)

    def _fragment(self, name: str) -> Size:
        if name not in self._known:
            # A rule of the specification rejects a fragment that spreads itself or does not exist.
            self._known[name] = Size()
            if name in self._fragments:
                self._known[name] = self.selection(self._fragments[name].selection_set)
        return self._known[name]


class OpenLimits(Limits):
    """The limits, with introspection."""

    rules = (SizeRule,)


class ClosedLimits(Limits):
    """The limits, without introspection."""

    rules = (SizeRule, NoSchemaIntrospectionCustomRule)


class CountedExecution(StrawberryGraphQLCoreExecutionContext):
    """Counts every field of every row, since neither depth nor aliases limit the number of rows.

    graphql-core calls `execute_field` private. Its public hook, a middleware around every resolver, costs more than
    the fields that it counts; `test_limits.py` fails if an upgrade no longer calls this method.
    """

    @override
    def execute_field(self, *field: Any) -> Any:
        self.context_value.count_field()
        return super().execute_field(*field)


def operation(document: DocumentNode, name: str | None) -> str:
    """Return the only field of a valid operation, else "several" or "introspection"."""
    chosen = get_operation_ast(document, name)
    if chosen is None:
        return "invalid"
    fields = {field for field in _root_fields(document, chosen) if not field.startswith("__")}
    if len(fields) > 1:
        return "several"
    return fields.pop() if fields else "introspection"


def _root_fields(document: DocumentNode, chosen: OperationDefinitionNode) -> Iterator[str]:
    fragments = _fragments(document)
    waiting = [chosen.selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            match selection:
                case FieldNode():
                    yield selection.name.value
                case InlineFragmentNode():
                    waiting.append(selection.selection_set)
                case FragmentSpreadNode() if fragment := fragments.pop(selection.name.value, None):
                    waiting.append(fragment.selection_set)


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
