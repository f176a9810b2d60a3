"""GraphQL's executor: with plans before it, and lists of plain rows completed all at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import isawaitable
from itertools import repeat
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    is_leaf_type,
    is_object_type,
    specified_scalar_types,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.errors import Refused, TooSlow
from graphql_schema.batches import SLICE, in_slices, nullable
from graphql_schema.connections import Edge
from graphql_schema.context import Context
from graphql_schema.door import sees_schema
from graphql_schema.errors import of_refused
from graphql_schema.plans import Plan
from graphql_schema.rows import Objects, Rows
from graphql_schema.streams import Followed, Following

type _Maker = Callable[[Rows[Any] | Objects], list[Any]]
type _ColumnMaker = Callable[[Rows[Any] | Objects], Iterable[Any]]


class Executor(StrawberryGraphQLCoreExecutionContext):
    """GraphQL's own, with a short cut in and one out, and one for subscriptions."""

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: Any,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *arguments: Any,
        **more: Any,
    ) -> Any:
        given = raw_variable_values or {}
        lists = context_value.lists if isinstance(context_value, Context) else {}
        if isinstance(context_value, Context):
            settings = context_value.services.settings
            more["hide_suggestions"] = not sees_schema(context_value.viewer, settings)
        values = given | {name: [] for name in lists}  # valid in any list; the items take its place below
        executor = super().build(
            schema, document, root_value, context_value, values, operation_name, *arguments, **more
        )
        if isinstance(executor, Executor):
            sources, coerced = executor.variable_values
            for name, items in lists.items():
                coerced[name] = items
                sources[name] = sources[name]._replace(value=given[name])
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        if isinstance(self.root_value, Following):
            return ExecutionResult(Followed(self.root_value.topics, self))  # type: ignore[arg-type]
        context, plans = self.context_value, self.schema._strawberry_schema.plans  # type: ignore[attr-defined]  # noqa: SLF001 - its only door
        if not isinstance(context, Context):
            return super().execute_operation(serially)
        if isinstance(context.refused, TooSlow):
            return self._too_slow(context.refused)
        if plans is not None and context.as_json and context.asked:
            plan = plans.plan_of(self, context.asked)
            if plan is not None:
                return self._by_plan(plan, context)
        return super().execute_operation(serially)

    async def _by_plan(self, plan: Plan, context: Context) -> ExecutionResult:
        pieces = None
        try:
            pieces = await plan.answer(context)
        except TooSlow as slow:  # it would be as slow again
            return self._too_slow(slow)
        except Refused as refused:
            context.refused = refused
        if pieces is None:
            result = super().execute_operation()
            return await result if isawaitable(result) else result  # type: ignore[return-value]
        return ExecutionResult(orjson.Fragment(b"".join(pieces)))  # type: ignore[arg-type]

    def _too_slow(self, slow: TooSlow) -> ExecutionResult:
        """Told of the first field: one statement is all of them."""
        fields = (node for node in self.operation.selection_set.selections if isinstance(node, FieldNode))
        path = [(node.alias or node.name).value for node in fields][:1]
        error = of_refused(slow)
        return ExecutionResult(None, [GraphQLError(error.message, path=path, extensions=error.extensions)])

    def complete_list_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        # Of edges, too, nothing is left to be found out, where only columns of their nodes are selected.
        of_edges = isinstance(result, list) and bool(result) and isinstance(result[0], Edge)
        if (of_edges or isinstance(result, Rows)) and not self.get_stream_usage(field_details_list, path):
            make = self._maker(return_type.of_type, field_details_list)
            if make is not None:
                make_part = (lambda part: make(Objects(part))) if of_edges else make
                return make_part(result) if len(result) <= SLICE else in_slices(make_part, result)
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _maker(self, type_: Any, field_details_list: Any) -> _Maker | None:
        """Makes of rows what the client selects of each; None where the ordinary way has to."""
        type_ = nullable(type_)
        if not is_object_type(type_):
            return None
        selected, deferred, *_ = self.collect_subfields(type_, field_details_list)
        makers = [self._column_maker(type_, details) for details in selected.values()]
        known = [make for make in makers if make is not None]
        if deferred or len(known) < len(makers):
            return None
        keys = tuple(selected)

        def make(rows: Rows[Any] | Objects) -> list[Any]:
            columns = [column(rows) for column in known]
            return list(map(dict, map(zip, repeat(keys), zip(*columns, strict=True))))

        return make

    def _column_maker(self, parent: GraphQLObjectType, details: Sequence[Any]) -> _ColumnMaker | None:
        name = details[0].node.name.value
        if name == "__typename":
            return lambda rows: repeat(parent.name, len(rows))
        field = parent.fields.get(name)
        if field is None or field.args or not getattr(field.resolve, "_is_default", False):
            return None
        column = field.extensions["strawberry-definition"].python_name
        type_ = nullable(field.type)
        if is_leaf_type(type_):
            if type_.name in specified_scalar_types:
                return lambda rows: rows.column(column)
            write = type_.serialize
            return lambda rows: [None if each is None else write(each) for each in rows.column(column)]
        below = self._maker(field.type, details)
        return None if below is None else lambda rows: _made_where_any(below, rows.column(column))


def _made_where_any(make: _Maker, objects: Sequence[Any]) -> Iterator[Any]:
    """What `make` makes of the objects, and None for None."""
    made = iter(make(Objects(each for each in objects if each is not None)))
    return (None if each is None else next(made) for each in objects)
