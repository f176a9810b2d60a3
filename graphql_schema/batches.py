"""Long lists of one input type: checked by msgspec, where GraphQL's and Strawberry's own way takes a hundred times as long.

A variable declared `[SignalInput!]` is read as a list of structs, one field each of the input: over HTTP from the
request's own text, before anything else has read it, else from the values that it has been read as. Where msgspec
refuses it, the ordinary way takes it, or words the error: no answer differs.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from graphql import (
    ExecutionResult,
    GraphQLSchema,
    TypeNode,
    get_operation_ast,
    get_variable_values,
    is_list_type,
    is_non_null_type,
    type_from_ast,
)
from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.http import GraphQLRequestData

from app.instant import parse_instants

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


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """Of a request, whose variables are still text."""

    query: str | None = None
    variables: dict[str, msgspec.Raw] | None = None
    operationName: str | None = None  # noqa: N815 - as the specification calls it
    documentId: str | None = None  # noqa: N815
    extensions: dict[str, Any] | None = None


async def read_request(body: bytes, readers: Sequence[Reader]) -> GraphQLRequestData | None:
    """The request in this body, its long lists read in turns with others; None where it has no document, or msgspec
    refuses it, which is for the ordinary way to read or to find at fault.
    """
    try:
        request = msgspec.json.decode(body, type=Body)
        if request.query is None:
            return None
        variables: dict[str, Any] = {}
        for name, text in (request.variables or {}).items():
            is_list = bytes(memoryview(text)[:1]) == b"["
            variables[name] = await _read_list(text, readers) if is_list else msgspec.json.decode(text)
    except REFUSED:
        return None
    return GraphQLRequestData(request.query, variables, request.operationName or None, request.extensions)


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
        # Nobody reads what is not declared, not even to tell requests apart.
        for name in given.keys() - {definition.variable.name.value for definition in definitions}:
            del given[name]
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
        type_, default = _type_of(nullable(field.type)), defaults[names[name]]
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
        names[name] for name, field in input_type.fields.items() if str(nullable(field.type)) == "DateTime"
    ]
    reader = Reader(struct, instants)
    input_type.extensions[_READER] = reader
    input_type.out_type = lambda values: struct(**{names[name]: value for name, value in values.items()})
    # GraphQL has finished it then, and Strawberry converts it no further.
    schema.schema_converter.scalar_registry[kind] = None  # type: ignore[assignment]
    return reader


def _type_of(type_: Any) -> Any:
    """What msgspec reads it as: a list's items are never null here."""
    return list[_type_of(nullable(type_.of_type))] if is_list_type(type_) else _TYPES[type_.name]  # type: ignore[misc]


def _reader(schema: GraphQLSchema, declared: TypeNode) -> Reader | None:
    """Of the items of a variable declared `[X!]` or `[X!]!`, where X has one."""
    type_: Any = nullable(type_from_ast(schema, declared))
    if is_list_type(type_) and is_non_null_type(type_.of_type):
        return getattr(type_.of_type.of_type, "extensions", {}).get(_READER)
    return None


def nullable(type_: Any) -> Any:
    return type_.of_type if is_non_null_type(type_) else type_
