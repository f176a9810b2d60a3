"""The plan of a mutation that is one `createSignals`, whose signals are a variable."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import msgspec
import orjson
from graphql import VariableNode
from graphql.execution.values import get_argument_values

from graphql_schema.batches import REFUSED, Reader, in_slices
from graphql_schema.context import Context
from graphql_schema.plans.compiler import Compiler
from graphql_schema.plans.plan import About, Answered, Declined, Unplanned
from graphql_schema.rows import Objects, Rows, as_objects
from graphql_schema.signals.mutations import CreateSignalsPayload, create_signals

FIELD: Final = "createSignals"

type _Told = Callable[[Rows[Any] | Objects], list[Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    """How a document asks for it."""

    key: str
    """Of the answer."""
    variable: str
    """That holds the signals."""
    fail_on_error: bool
    create_conversations: bool
    payload: _Told
    """Without `results`."""
    results: Mapping[str, _Told]
    """By their keys in the payload."""


@dataclass(frozen=True, slots=True)
class WritingMany:
    about: About
    batch: Batch
    reader: Reader

    async def answer(self, context: Context) -> Answered | Declined:
        signals = await self._signals(context)
        if signals is None:
            return Declined()
        batch = self.batch
        await context.charge_signals(len(signals))
        context.attempt.signals = len(signals)
        context.attempt.sent = True
        payload = await create_signals(context, signals, batch.fail_on_error, batch.create_conversations)
        context.attempt.stored = payload
        (told,) = batch.payload(Objects([payload]))
        for key, told_of in batch.results.items():
            told[key] = await in_slices(told_of, payload.results)
        return Answered([orjson.dumps({batch.key: told})])

    async def _signals(self, context: Context) -> Sequence[Any] | None:
        """None where it takes the executor to say what is at fault."""
        assert context.asked is not None  # noqa: S101 - what is planned has been asked
        read = context.lists.get(self.batch.variable)
        value = context.asked.variables.get(self.batch.variable)
        try:
            if read is None and isinstance(value, msgspec.Raw):
                read = await self.reader.of_text(value)
            elif read is None and isinstance(value, list):
                read = await self.reader.of_values(value)
        except REFUSED:
            return None
        return read


def compiled(compiler: Compiler, fields: dict[str, Any]) -> Batch:
    (key, details), *_ = fields.items() or [("", None)]
    node: Any = details and details[0].node
    arguments = {argument.name.value: argument.value for argument in (node and node.arguments) or ()}
    signals = arguments.get("signals")
    if not isinstance(signals, VariableNode):
        raise Unplanned("left out, or written out")
    field: Any = compiler.executor.schema.mutation_type.fields[FIELD]
    given = get_argument_values(field, node, compiler.executor.variable_values)
    selected = compiler.collected(CreateSignalsPayload.__name__, details)
    results = {name: each for name, each in selected.items() if compiler.name(each) == "results"}
    return Batch(
        key,
        signals.name.value,
        given["failOnError"],
        given["createConversations"],
        # In the order that they are asked for, with nothing in the place of the results yet.
        _told(compiler, CreateSignalsPayload.__name__, selected),
        {
            name: _told(compiler, "BatchItemResult", compiler.collected("BatchItemResult", each))
            for name, each in results.items()
        },
    )


def _told(compiler: Compiler, type_name: str, fields: dict[str, Any]) -> _Told:
    """What is selected of objects of a type whose fields are attributes, and at most an error below."""
    columns = {key: _column(compiler, type_name, details) for key, details in fields.items()}
    return lambda rows: as_objects({key: column(rows) for key, column in columns.items()}, len(rows))


def _column(compiler: Compiler, type_name: str, details: Any) -> Callable[[Any], Any]:
    name = compiler.name(details)
    if name == "__typename":
        return lambda rows: repeat(type_name, len(rows))
    if name == "results":
        return lambda rows: repeat(None, len(rows))
    field = compiler.executor.schema.get_type(type_name).fields[name]
    column = field.extensions["strawberry-definition"].python_name
    if name != "error":
        return lambda rows: rows.column(column)
    error = _told(compiler, "ItemError", compiler.collected("ItemError", details))
    return lambda rows: [each and error(Objects([each]))[0] for each in rows.column(column)]
