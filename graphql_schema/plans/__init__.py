"""Operations as one SQL statement that answers with JSON: `Plans` is the one door."""

from collections import OrderedDict
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from graphql import FieldNode, GraphQLError, OperationDefinitionNode, OperationType
from graphql.execution.collect_fields import collect_fields
from sqlalchemy import UUID as UUID_
from sqlalchemy import bindparam

from app.auth.viewer import Rights
from app.database.direct import Prepared
from app.errors import Refused
from graphql_schema.context import Asked
from graphql_schema.encoding import to_json
from graphql_schema.plans import batch, writing
from graphql_schema.plans.batch import WritingMany
from graphql_schema.plans.compiler import Compiler
from graphql_schema.plans.plan import VIEWER, About, Answered, Plan, Reading, Unplanned
from graphql_schema.plans.runner import report_failure, run
from graphql_schema.plans.writing import Writing

__all__ = ["Answered", "Plan", "Plans", "Reading", "report_failure", "run"]

MOST_PLANS: Final = 1_000
LONGEST: Final = 10_000
"""Characters of a document with its variables that has a plan kept."""

type _Operation = tuple[str, str | None, object]
"""Of a document, for a class of rights."""
type _Key = tuple[_Operation, frozenset[str], str]
"""With its variables: of those that are free only whether they are null. Which are free is told along, as the next plan of
the operation may have others.
"""


class Plans:
    """Plans of operations with their variables, by classes of rights; the latest are kept, those of nothing too."""

    def __init__(self) -> None:
        self._known: OrderedDict[_Key, Plan | None] = OrderedDict()
        self._free: OrderedDict[_Operation, frozenset[str]] = OrderedDict()

    def known(self, asked: Asked, rights: Rights) -> Plan | None:
        """The plan of an operation that has been parsed, validated, measured and allowed before; None where none is
        known, or where there is none.
        """
        key = self._key(asked, rights)
        plan = self._known.get(key)
        if plan is not None:
            self._known.move_to_end(key)
        return plan

    def plan_of(self, executor: Any, asked: Asked) -> Plan | None:
        """The plan of the operation that is about to be executed. None where it is not planned for, or would be an
        error: that is for the executor.
        """
        if not _may_be_planned(executor.operation):
            return None
        rights = executor.context_value.rights
        reads = executor.operation.operation is OperationType.QUERY
        # What a mutation writes is no part of a key, and may be megabytes.
        if reads or self.free_of(asked.query, asked.operation_name, rights) is not None:
            key = self._key(asked, rights)
            if key in self._known:
                return self._known[key]
        plan = _compiled(executor, rights)
        if plan is not None:
            self._free[_operation(asked.query, asked.operation_name, rights)] = plan.about.free
        elif not reads:
            return None
        key = self._key(asked, rights)
        if len(asked.query) + len(key[-1]) <= LONGEST:
            self._known[key] = plan
        for kept in (self._known, self._free):
            if len(kept) > MOST_PLANS:
                kept.popitem(last=False)
        return plan

    def free_of(self, query: str, name: str | None, rights: Rights) -> frozenset[str] | None:
        """Variables of an operation that make no other plan; None where no plan of it is known."""
        return self._free.get(_operation(query, name, rights))

    def _key(self, asked: Asked, rights: Rights) -> _Key:
        operation = _operation(asked.query, asked.operation_name, rights)
        free = self._free.get(operation, frozenset())
        return (
            operation,
            free,
            to_json(
                {name: value is None if name in free else value for name, value in asked.variables.items()}
            ),
        )


def _operation(query: str, name: str | None, rights: Rights) -> _Operation:
    return query, name, (rights.role, rights.scopes, rights.user_id is None)


def _may_be_planned(operation: OperationDefinitionNode) -> bool:
    """Told without a look at variables, of which mutations may have megabytes."""
    if operation.operation is OperationType.MUTATION:
        (first, *others) = operation.selection_set.selections
        return (
            not others and isinstance(first, FieldNode) and first.name.value in {writing.FIELD, batch.FIELD}
        )
    return operation.operation is OperationType.QUERY


def _compiled(executor: Any, rights: Rights) -> Plan | None:
    """For all of their kind: whose rights they are is a parameter."""
    if rights.user_id is not None:
        anyone = cast(UUID, bindparam(VIEWER, None, UUID_(as_uuid=True)))
        rights = Rights(rights.role, rights.scopes, anyone)
    kind = executor.operation.operation
    root = executor.schema.get_root_type(kind)
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
    compiler = Compiler(executor, rights)
    name, cost = executor.operation.name, executor.context_value.cost
    end = f',"extensions":{{"cost":{to_json(cost)}}}}}'.encode()
    about = partial(About, name and name.value, cost["rows"], end)
    try:
        if kind is OperationType.MUTATION:
            (reader,) = executor.schema._strawberry_schema.readers  # noqa: SLF001 - its only door
            if executor.operation.selection_set.selections[0].name.value == batch.FIELD:
                many = batch.compiled(compiler, fields)
                return WritingMany(about(frozenset({many.variable})), many, reader)
            insertion, variable = writing.compiled(compiler, fields)
            return Writing(about(frozenset({variable})), insertion, reader, variable)
        statement = Prepared.of(compiler.data(root, fields))
        return Reading(about(compiler.free), statement, compiler.parameters, compiler.holes)
    except (Unplanned, Refused, GraphQLError):  # what is at fault is the executor's to say, and where
        return None
