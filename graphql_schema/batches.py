"""Long lists of one input type: checked by msgspec, where GraphQL's and Strawberry's own way takes a hundred times as long.

A variable declared `[SignalInput!]` is read as a list of structs, one field each of the input: over HTTP from the
request's own text, before anything else has read it, else from the values that it has been read as. Where msgspec
refuses it, the ordinary way takes it, or words the error: no answer differs. Lists of plain rows are completed all at
once.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from functools import partial
from inspect import isawaitable
from itertools import repeat
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import orjson
from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    TypeNode,
    get_operation_ast,
    get_variable_values,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    specified_scalar_types,
    type_from_ast,
)
from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.http import GraphQLRequestData
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.errors import Refused, TooSlow
from app.instant import parse_instants
from graphql_schema.connections import Edge
from graphql_schema.context import Context
from graphql_schema.door import sees_schema
from graphql_schema.errors import of_refused
from graphql_schema.streams import Followed, Following

if TYPE_CHECKING:
    from graphql_schema.plans import Plan

_READER: Final = "reader"
"""Where an input's GraphQL type keeps its own."""

# Besides ValueError of an instant, UnicodeError of a lone surrogate.
REFUSED: Final = (msgspec.MsgspecError, ValueError, RecursionError)

_TYPES: Final[Mapping[str, Any]] = {
    "String": str,
    "Boolean": bool,
    "Int": Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)],
    # GraphQL refuses whole numbers that are no float exactly; the bounds bar NaN and infinity as well.
    "Float": Annotated[float, msgspec.Meta(gt=-(2.0**53), lt=2.0**53)],
    # Then parsed by the one code for instants: msgspec's own rounds what we refuse.
    "DateTime": str,
    "JSON": Any,
}

SLICE: Final = 1_000
"""Items that are read while nobody else has a turn, a few milliseconds."""

LONG: Final = 500_000
"""Bytes of a list that is read at once, a few milliseconds."""

MOST_FAULTS: Final = 50
"""Faults of variables that GraphQL tells of at most."""

type _Maker = Callable[["Rows[Any] | _Objects"], list[Any]]
type _ColumnMaker = Callable[["Rows[Any] | _Objects"], Iterable[Any]]


class Rows[T](Sequence[T]):
    """Result objects of one type, a column for each of its fields with values of their GraphQL types: completed all
    at once. As a sequence it makes the objects, for what is asked of them in an unusual way.
    """

    def __init__(self, kind: Callable[..., T], **columns: Sequence[Any]) -> None:
        self.kind = kind
        self.columns = columns

    def __len__(self) -> int:
        return min(map(len, self.columns.values()))

    def __getitem__(self, place: Any) -> Any:
        row = {name: column[place] for name, column in self.columns.items()}
        return Rows(self.kind, **row) if isinstance(place, slice) else self.kind(**row)

    def column(self, name: str) -> Sequence[Any]:
        return self.columns[name]


class _Objects(list[Any]):
    """Rows that are there as objects."""

    def column(self, name: str) -> Sequence[Any]:
        return [getattr(each, name) for each in self]


@dataclass(frozen=True, slots=True)
class Reader:
    """Of lists of one input type. What it refuses, it refuses with one of REFUSED."""

    struct: type[msgspec.Struct]
    instants: Sequence[str]
    """Fields that hold an instant's text, until `_finished`."""

    async def of_values(self, values: Sequence[Any]) -> list[Any]:
        items = list[self.struct]  # type: ignore[name-defined]
        return await in_slices(lambda part: self._finished(msgspec.convert(part, items)), values)

    async def of_text(self, text: msgspec.Raw) -> list[Any]:
        if memoryview(text).nbytes <= LONG:
            return self._finished(msgspec.json.decode(text, type=list[self.struct]))  # type: ignore[name-defined]
        decode = msgspec.json.Decoder(self.struct).decode
        return await in_slices(
            lambda part: self._finished(list(map(decode, part))),
            msgspec.json.decode(text, type=list[msgspec.Raw]),
        )

    def _finished(self, items: list[Any]) -> list[Any]:
        for name in self.instants:
            told = [item for item in items if getattr(item, name) is not None]
            for item, instant in zip(
                told, parse_instants([getattr(item, name) for item in told]), strict=True
            ):
                setattr(item, name, instant)
        return items


class ReadList(list[Any]):
    """A variable's items, read from the request's text in the hope that it is declared as a list of their input."""

    def __init__(self, text: msgspec.Raw, reader: Reader, items: list[Any]) -> None:
        super().__init__(items)
        self.text = text
        self.reader = reader


class _Request(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request, whose variables are still text."""

    query: str
    variables: dict[str, msgspec.Raw] | None = None
    operationName: str | None = None  # noqa: N815 - as the specification calls it
    extensions: dict[str, Any] | None = None


async def read_request(body: bytes, readers: Sequence[Reader]) -> GraphQLRequestData | None:
    """The request in this body, its long lists read in turns with others; None where msgspec refuses it, which is for
    the ordinary way to read or to find at fault.
    """
    try:
        request = msgspec.json.decode(body, type=_Request)
        variables: dict[str, Any] = {}
        for name, text in (request.variables or {}).items():
            is_list = bytes(memoryview(text)[:1]) == b"["
            variables[name] = await _read_list(text, readers) if is_list else msgspec.json.decode(text)
    except REFUSED:
        return None
    return GraphQLRequestData(request.query, variables, request.operationName, request.extensions)


async def _read_list(text: msgspec.Raw, readers: Sequence[Reader]) -> list[Any]:
    for reader in readers:
        with suppress(*REFUSED):
            return ReadList(text, reader, await reader.of_text(text))
    texts = msgspec.json.decode(text, type=list[msgspec.Raw])
    return await in_slices(partial(map, msgspec.json.decode), texts)


class Batches(SchemaExtension):
    """Reads long lists before they are coerced, and lets others have their turn meanwhile."""

    async def on_execute(self) -> AsyncIterator[None]:
        execution = self.execution_context
        schema, given = execution.schema._schema, execution.variables or {}  # noqa: SLF001 - its only door
        document = execution.graphql_document
        operation = document and get_operation_ast(document, execution.operation_name)
        definitions = (operation and operation.variable_definitions) or ()
        lists: dict[str, list[Any]] = {}
        refused: list[str] = []
        for definition in definitions:
            name = definition.variable.name.value
            value: Any = given.get(name)
            reader = _reader(schema, definition.type) if isinstance(value, list) else None
            if isinstance(value, ReadList):
                if reader is value.reader:
                    lists[name] = value
                    continue
                value = given[name] = await _read_list(value.text, ())
            if reader is not None:
                try:
                    lists[name] = await reader.of_values(value)
                except REFUSED:
                    refused.append(name)
        if any(len(given[name]) > SLICE for name in refused):
            # What GraphQL would do next, but not while everybody waits.
            found = await asyncio.to_thread(get_variable_values, schema, definitions, given, MOST_FAULTS)
            if isinstance(found, list):
                execution.result = ExecutionResult(None, found)
            else:
                lists |= {name: found.coerced[name] for name in refused}
        execution.context.lists = lists
        yield


async def in_slices[T](read: Callable[[Any], Iterable[T]], values: Sequence[Any]) -> list[T]:
    """What `read` makes of all the values, while others have their turn after every thousand."""
    found: list[T] = []
    for start in range(0, len(values), SLICE):
        if start:
            await asyncio.sleep(0)
        found += read(values[start : start + SLICE])
    return found


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

    async def _by_plan(self, plan: "Plan", context: Context) -> ExecutionResult:
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
                make_part = (lambda part: make(_Objects(part))) if of_edges else make
                return make_part(result) if len(result) <= SLICE else in_slices(make_part, result)
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _maker(self, type_: Any, field_details_list: Any) -> _Maker | None:
        """Makes of rows what the client selects of each; None where the ordinary way has to."""
        type_ = _nullable(type_)
        if not is_object_type(type_):
            return None
        selected, deferred, *_ = self.collect_subfields(type_, field_details_list)
        makers = [self._column_maker(type_, details) for details in selected.values()]
        known = [make for make in makers if make is not None]
        if deferred or len(known) < len(makers):
            return None
        keys = tuple(selected)

        def make(rows: Rows[Any] | _Objects) -> list[Any]:
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
        type_ = _nullable(field.type)
        if is_leaf_type(type_):
            if type_.name in specified_scalar_types:
                return lambda rows: rows.column(column)
            write = type_.serialize
            return lambda rows: [None if each is None else write(each) for each in rows.column(column)]
        below = self._maker(field.type, details)
        return None if below is None else lambda rows: _made_where_any(below, rows.column(column))


def _made_where_any(make: _Maker, objects: Sequence[Any]) -> Iterator[Any]:
    """What `make` makes of the objects, and None for None."""
    made = iter(make(_Objects(each for each in objects if each is not None)))
    return (None if each is None else next(made) for each in objects)


def read_fast(schema: Schema, kind: type) -> Reader:
    """Has lists of the input `kind` be read by msgspec. Resolvers get structs with its fields, whichever way."""
    definition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    input_type: Any = schema._schema.type_map[schema.config.name_converter.from_type(definition)]  # noqa: SLF001
    names = {
        name: field.extensions["strawberry-definition"].python_name
        for name, field in input_type.fields.items()
    }
    defaults = {field.name: field.default for field in fields(kind)}
    columns: list[Any] = []
    for name, field in input_type.fields.items():
        type_, default = _type_of(_nullable(field.type)), defaults[names[name]]
        if not is_non_null_type(field.type):
            columns.append((names[name], type_ | None if type_ is not Any else Any, None))
        elif default is MISSING:
            columns.append((names[name], type_))
        else:
            columns.append((names[name], type_, default))
    struct = msgspec.defstruct(
        kind.__name__,
        columns,
        rename={python: name for name, python in names.items()}.get,
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )
    instants = [
        names[name] for name, field in input_type.fields.items() if str(_nullable(field.type)) == "DateTime"
    ]
    reader = Reader(struct, instants)
    input_type.extensions[_READER] = reader
    input_type.out_type = lambda values: struct(**{names[name]: value for name, value in values.items()})
    # GraphQL has finished it then, and Strawberry converts it no further.
    schema.schema_converter.scalar_registry[kind] = None  # type: ignore[assignment]
    return reader


def _type_of(type_: Any) -> Any:
    """What msgspec reads it as: a list's items are never null here."""
    return list[_type_of(_nullable(type_.of_type))] if is_list_type(type_) else _TYPES[type_.name]  # type: ignore[misc]


def _reader(schema: GraphQLSchema, declared: TypeNode) -> Reader | None:
    """Of the items of a variable declared `[X!]` or `[X!]!`, where X has one."""
    type_: Any = _nullable(type_from_ast(schema, declared))
    if is_list_type(type_) and is_non_null_type(type_.of_type):
        return getattr(type_.of_type.of_type, "extensions", {}).get(_READER)
    return None


def _nullable(type_: Any) -> Any:
    return type_.of_type if is_non_null_type(type_) else type_
