"""How large an operation may be: depth, aliases, selected fields, and the rows that it can return.

Each fragment is measured once, however often it is spread: a document of a few hundred bytes can spread its
fragments millions of times.
"""

import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_operation_ast,
    value_from_ast_untyped,
)
from strawberry.extensions import SchemaExtension

from app.errors import Refused
from app.settings import Settings
from app.vectors.service import MOST as MOST_SIMILAR
from graphql_schema.connections import SIGNALS, USERS
from graphql_schema.errors import of_refused

MOST_FIELDS = 10_000
"""Fields that a document may select once its fragments are put in."""

MOST_INTROSPECTIONS = 10
"""`__schema` and `__type` that a document may select: each can answer with the whole schema."""

UNCOUNTED = 10**12
"""Nothing is counted further: fragments double numbers until they have hundreds of digits."""

AGGREGATES = {
    "Coherence",
    "CoherenceMetrics",
    "CurrentReading",
    "FeedbackSummary",
    "Forecast",
    "LineageStep",
    "MessageBucket",
    "SignalBucket",
    "SignalSummary",
}
ROWS = {"Node", "User", "Conversation", "Signal", "Anomaly", "Message", "PersonalInformation"}
SIMILAR = 10
"""Nearest signals that are told where nobody says how many."""
AGGREGATE = 20
"""Rows that an aggregation counts for: what it costs the database and numpy."""


@dataclass(frozen=True, slots=True)
class Size:
    depth: int = 0
    aliases: int = 0
    fields: int = 0
    rows: int = 0
    """Rows that one object's selection can return: users, conversations, signals and the like."""
    introspections: int = 0

    def __add__(self, other: "Size") -> "Size":
        return Size(
            max(self.depth, other.depth),
            min(self.aliases + other.aliases, UNCOUNTED),
            min(self.fields + other.fields, UNCOUNTED),
            min(self.rows + other.rows, UNCOUNTED),
            min(self.introspections + other.introspections, UNCOUNTED),
        )


class _Measure:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.schema = schema
        self.variables = variables
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.measured: dict[str, Size] = {}

    def operation(self, operation: OperationDefinitionNode) -> Size:
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            if name not in self.variables and definition.default_value is not None:
                self.variables = {**self.variables, name: value_from_ast_untyped(definition.default_value)}
        return self.selections(operation.selection_set, self.schema.get_root_type(operation.operation))

    def selections(self, selection_set: SelectionSetNode | None, parent: Any) -> Size:
        total = Size()
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                total += self.field(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                total += self.fragment(node.name.value)
            elif isinstance(node, InlineFragmentNode):
                on = node.type_condition
                total += self.selections(
                    node.selection_set, self.schema.get_type(on.name.value) if on else parent
                )
        return total

    def fragment(self, name: str) -> Size:
        if name not in self.measured:
            self.measured[name] = Size()  # a cycle counts once; validation refuses it
            if node := self.fragments.get(name):
                on = self.schema.get_type(node.type_condition.name.value)
                self.measured[name] = self.selections(node.selection_set, on)
        return self.measured[name]

    def field(self, node: FieldNode, parent: GraphQLCompositeType | None) -> Size:
        name = node.name.value
        known = (
            parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        )
        below = self.selections(node.selection_set, get_named_type(known.type) if known else None)
        own = Size(1, 1 if node.alias else 0, 1, 0)
        if name.startswith("__"):
            schema = name in {"__schema", "__type"}
            return Size(1, own.aliases + below.aliases, 1 + below.fields, 0, schema + below.introspections)
        count, cost = self.count(node, known, parent)
        return Size(
            1 + below.depth,
            own.aliases + below.aliases,
            1 + below.fields,
            min(count * (cost + below.rows), UNCOUNTED),
            below.introspections,
        )

    def count(
        self, node: FieldNode, field: GraphQLField | None, parent: GraphQLCompositeType | None
    ) -> tuple[int, int]:
        """How many objects the field can return, and how many rows each of them costs."""
        if field is None or (parent is not None and parent.name.endswith("Edge")):
            return 1, 0  # a connection has counted its nodes
        type_name = get_named_type(field.type).name
        if type_name.endswith("Connection"):
            paged = SIGNALS if type_name == "SignalConnection" else USERS
            given = [self.argument(node, name) for name in ("first", "last")]
            sizes = [size for size in given if size is not None]
            if not sizes:
                return paged.default, 1
            return min(max(sizes[0], 0), paged.most) if isinstance(sizes[0], int) else paged.most, 1
        if node.name.value == "nodes":
            ids = self.argument(node, "ids")
            return len(ids) if isinstance(ids, list) else 1, 1
        if type_name == "SimilarSignal":
            return self.nearest(self.argument(node, "first")), 1
        return 1, AGGREGATE if type_name in AGGREGATES else int(type_name in ROWS)

    @staticmethod
    def nearest(first: Any) -> int:
        if first is None:
            return SIMILAR
        return min(max(first, 0), MOST_SIMILAR) if isinstance(first, int) else MOST_SIMILAR

    def argument(self, node: FieldNode, name: str) -> Any:
        """The argument's value, as far as it can be told before coercion; None where it is left out."""
        for argument in node.arguments or ():
            if argument.name.value == name:
                if isinstance(argument.value, VariableNode):
                    return self.variables.get(argument.value.name.value)
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value[:20])  # what is longer is refused anyway
                return value_from_ast_untyped(argument.value, dict(self.variables))
        return None


def measure(
    schema: GraphQLSchema, document: DocumentNode, operation: str | None, variables: Mapping[str, Any]
) -> Size:
    """The size of the operation that would run; of nothing where none is named clearly."""
    node = get_operation_ast(document, operation)
    return _Measure(schema, document, variables).operation(node) if node else Size()


def cost_of(size: Size, settings: Settings) -> dict[str, int]:
    """Return what `extensions.cost` says of an operation."""
    return {"rows": size.rows, "limit": settings.max_cost, "depth": size.depth}


def limits(settings: Settings) -> type[SchemaExtension]:
    """An extension that refuses too large an operation before it is validated, and charges and reports the cost of
    others. One that is refused is charged a row.
    """

    class Limits(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            self.execution_context.parse_options["max_tokens"] = settings.max_tokens
            self._tell(Size())
            yield

        async def on_validate(self) -> AsyncIterator[None]:
            execution = self.execution_context
            size = Size()
            if not execution.pre_execution_errors:  # it has not been refused already
                size = self._measured()
            self._tell(size)
            try:
                await execution.context.charge(1 if execution.pre_execution_errors else size.rows)
            except Refused as fault:
                execution.pre_execution_errors = [of_refused(fault)]
            yield

        def _tell(self, size: Size) -> None:
            self.execution_context.context.cost = cost_of(size, settings)

        def _measured(self) -> Size:
            execution = self.execution_context
            assert execution.graphql_document is not None  # noqa: S101 - it has been parsed
            try:
                size = measure(
                    execution.schema._schema,  # noqa: SLF001 - its only door
                    execution.graphql_document,
                    execution.operation_name,
                    execution.variables or {},
                )
            except RecursionError:  # through a chain of fragments
                size = Size(depth=sys.getrecursionlimit())
            together = execution.context.add_to_batch(size.rows)
            faults = [
                f"{what} {found}, and at most {most} is allowed"
                for what, found, most in (
                    ("depth is", size.depth, settings.max_depth),
                    ("number of aliases is", size.aliases, settings.max_aliases),
                    ("number of selected fields is", size.fields, MOST_FIELDS),
                    ("number of introspections is", size.introspections, MOST_INTROSPECTIONS),
                    ("cost in rows is", size.rows, settings.max_cost),
                    (
                        "cost in rows with those before it in its list is",
                        # Said of those alone that could be answered by themselves.
                        together if size.rows <= settings.max_cost else 0,
                        settings.max_cost,
                    ),
                )
                if found > most
            ]
            if faults:
                execution.pre_execution_errors = [
                    GraphQLError(f"The operation's {fault}.", extensions={"code": "QUERY_TOO_COMPLEX"})
                    for fault in faults
                ]
            return size

        def get_results(self) -> dict[str, Any]:
            context = self.execution_context.context
            told = {"cost": context.cost}
            return {**told, "duplicates": context.duplicates} if context.duplicates else told

    return Limits
