"""GraphQL's executor, with plans before it, and lists completed by columns (graphql_schema/completing.py)."""

import asyncio
from inspect import isawaitable
from typing import Any

import orjson
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    is_non_null_type,
    is_object_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.errors import TooSlow
from graphql_schema.batches import SLICE, nullable
from graphql_schema.completing import Shape
from graphql_schema.connections import Edge
from graphql_schema.context import Context
from graphql_schema.door import sees_schema
from graphql_schema.errors import of_refused
from graphql_schema.plans import Answered, Plan, report_failure, run
from graphql_schema.rows import Objects, Rows
from graphql_schema.streams import Followed, Following


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
        context = self.context_value
        if not isinstance(context, Context):
            return super().execute_operation(serially)
        if isinstance(context.attempt.failure, TooSlow):
            return self._too_slow(context.attempt.failure)
        plan = self._plan(context)
        return super().execute_operation(serially) if plan is None else self._by_plan(plan, context)

    def _plan(self, context: Context) -> Plan | None:
        plans = self.schema._strawberry_schema.plans  # type: ignore[attr-defined]  # noqa: SLF001 - its only door
        if plans is None or not context.as_json or context.asked is None or context.attempt.planned:
            return None
        try:
            return plans.plan_of(self, context.asked)  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001 - whatever it is, the operation can be executed
            name = self.operation.name
            report_failure(context, name.value if name else None, error)
            return None

    async def _by_plan(self, plan: Plan, context: Context) -> ExecutionResult:
        found = await run(plan, context)
        if isinstance(found, Answered):
            return ExecutionResult(orjson.Fragment(b"".join(found.pieces)))  # type: ignore[arg-type]
        if isinstance(context.attempt.failure, TooSlow):  # it would be as slow again
            return self._too_slow(context.attempt.failure)
        result = super().execute_operation()
        return await result if isawaitable(result) else result  # type: ignore[return-value]

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
        of_edges = isinstance(result, list) and bool(result) and isinstance(result[0], Edge)
        if (of_edges or isinstance(result, Rows)) and position_context is None:
            streams = self.get_stream_usage(field_details_list, path)
            shape = None if streams else self._shape(return_type.of_type, field_details_list)
            if shape is not None:
                if len(result) <= SLICE:
                    return shape.complete(Objects(result) if of_edges else result, path, 0)
                return _in_slices(shape, result, path)
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _shape(self, type_: Any, field_details_list: Any) -> Shape | None:
        """None where the ordinary way has to do it."""
        if not is_object_type(nullable(type_)):
            return None
        shape = Shape(self, nullable(type_), field_details_list)
        return shape if shape.possible and (is_non_null_type(type_) or not shape.raises) else None


async def _in_slices(shape: Shape, result: Any, path: Any) -> list[Any]:
    """The items of a long list, while others have their turn."""
    items: list[Any] = []
    for start in range(0, len(result), SLICE):
        if start:
            await asyncio.sleep(0)
        part = result[start : start + SLICE]
        made = shape.complete(part if isinstance(part, Rows) else Objects(part), path, start)
        items += await made if isawaitable(made) else made
    return items
