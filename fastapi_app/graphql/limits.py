"""What one GraphQL query may cost before it is executed."""

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
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationRule,
    get_operation_ast,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from typing_extensions import override

from fastapi_app.graphql.types import Context

MAX_CHARACTERS = 20_000
"""20 for each token: the caches keep the text of 128 queries, and blanks and comments are no tokens."""

MAX_TOKENS = 1_000
"""About 70 songs written into the query; more go into a variable, which counts as a few tokens. GraphiQL needs 300."""

MAX_DEPTH = 5
"""The schema's deepest path has 4 levels: explain, prediction, model, name."""

MAX_ALIASES = 10
"""Each alias asks a field once more: ten explanations are fine, and many songs are what predictBatch is for."""

MAX_REPEATS = 40
"""Fields of one name are compared with each other, so are fragments. GraphiQL asks for 14 that are called name."""


class Limits(SchemaExtension):
    """Bounds the tokens while parsing, depth and aliases while validating; notes for the metrics what was asked.

    Strawberry's limiters do the same, but follow a fragment each time that it is spread: a short query whose
    fragments spread each other twice takes minutes, and a fragment that is not there is an internal error. They
    also bring new rules with each request, so that nothing is ever found in the cache of validations.
    """

    rules: tuple[type[ASTValidationRule], ...]

    def on_operation(self) -> Iterator[None]:
        """Set the limits."""
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        self.execution_context.validation_rules += self.rules
        yield

    def on_execute(self) -> Iterator[None]:
        """Note the query, which is valid."""
        asked = self.execution_context
        context: Context = asked.context
        if asked.graphql_document:
            context.operation = operation(asked.graphql_document, asked.operation_name)
        yield


class Size(NamedTuple):
    """How deep a selection goes, in fields, and how many aliases it has, with its fragments."""

    depth: int = 0
    aliases: int = 0


class SizeRule(ValidationRule):
    """Rejects what is too deep, has too many aliases or repeats itself; graphql-core bounds introspection's depth."""

    def enter_document(self, document: DocumentNode, *_: Any) -> None:
        """Measure the document; raise `ValidationAbortedError` before other rules compare its fields."""
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
    """Count fields by the name of their answer, and all spreads of fragments as one."""
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
            # A fragment that spreads itself, or is not there, is refused by a rule of the specification.
            self._known[name] = Size()
            if name in self._fragments:
                self._known[name] = self.selection(self._fragments[name].selection_set)
        return self._known[name]


class OpenLimits(Limits):
    """The limits, for who may look at the schema."""

    rules = (SizeRule,)


class ClosedLimits(Limits):
    """The limits, and the schema is nobody's business."""

    rules = (SizeRule, NoSchemaIntrospectionCustomRule)


class CountedExecution(StrawberryGraphQLCoreExecutionContext):
    """Counts every field of every row, since neither depth nor aliases tell how many rows there are.

    graphql-core calls `execute_field` private, but its public hook, a middleware around every resolver, costs more
    than the fields that it counts.
    """

    @override
    def execute_field(self, *field: Any) -> Any:
        self.context_value.count_field()
        return super().execute_field(*field)


def operation(document: DocumentNode, name: str | None) -> str:
    """The one field that a valid operation asks for, else "several" or "introspection"."""
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
