"""Operations as one SQL statement that answers with JSON: the one door is `Plans.plan_of`."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, OperationType, Undefined
from graphql.execution.collect_fields import collect_fields

from app.auth.viewer import Rights
from app.database.base import Statement
from app.errors import Refused
from graphql_schema.encoding import to_json
from graphql_schema.plans.compiler import Compiler, Key, Unplanned, arguments, key_in

MOST_PLANS = 1_000
LONGEST_VARIABLES = 2_000
"""Characters of the variables of a plan that is kept."""


@dataclass(frozen=True, slots=True)
class Plan:
    statement: Statement
    """Whose one value is the text of the answer's data."""
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an operation with some variables, but for those that are parameters. No statement: no plan."""

    operation: Any
    """Kept: its id is another's only once it is gone."""
    statement: Statement | None
    keys: Mapping[str, Key]


class Plans:
    """Plans of operations with their variables, by viewers' rights; the latest are kept, those of nothing too."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._free: OrderedDict[Hashable, frozenset[str]] = OrderedDict()

    def plan_of(self, executor: Any) -> Plan | None:
        """None where the operation is not planned for, or would be an error: that is for the executor."""
        if executor.operation.operation is not OperationType.QUERY:
            return None
        rights = executor.context_value.rights
        key = id(executor.operation), rights
        known = self._known.get((*key, _variables(executor, self._free.get(key, frozenset()))))
        if known is None:
            known = self._learn(executor, rights)
        if known.statement is None:
            return None
        try:
            root = executor.schema.query_type
            parameters = {
                name: key_in(one.type_name, arguments(executor, root, one.details)["by"])
                for name, one in known.keys.items()
            }
        except (Refused, GraphQLError):
            return None
        return Plan(known.statement, parameters)

    def _learn(self, executor: Any, rights: Rights) -> _Known:
        compiler = Compiler(executor, rights)
        known = _Known(executor.operation, _compiled(executor, compiler), compiler.keys)
        free = compiler.free if known.statement is not None else frozenset()
        text = _variables(executor, free)
        if len(text) <= LONGEST_VARIABLES:
            key = id(executor.operation), rights
            self._free[key] = free
            self._known[*key, text] = known
            for kept in (self._known, self._free):
                if len(kept) > MOST_PLANS:
                    kept.popitem(last=False)
        return known


def _variables(executor: Any, free: frozenset[str]) -> str:
    """What is given, but for the free ones."""
    return to_json(
        {
            name: source.value
            for name, source in executor.variable_values.sources.items()
            if name not in free and source.value is not Undefined
        }
    )


def _compiled(executor: Any, compiler: Compiler) -> Statement | None:
    root = executor.schema.query_type
    fields, deferred, *_ = collect_fields(
        executor.schema,
        executor.fragments,
        executor.variable_values,
        root,
        executor.operation,
        executor.hide_suggestions,
    )
    if deferred:
        return None
    try:
        return compiler.data(root, fields)
    except (Unplanned, Refused, GraphQLError):  # what is at fault is the executor's to say, and where
        return None
