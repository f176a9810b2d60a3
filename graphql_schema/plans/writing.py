"""The plan of a mutation that is one `createSignal` and answers with nothing but the signal's own columns."""

from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final

from graphql import VariableNode
from sqlalchemy import ColumnElement

from app.signals.queries import SignalKey
from app.signals.single import Insertion
from graphql_schema.batches import REFUSED, Reader
from graphql_schema.context import Context
from graphql_schema.plans.compiler import Compiler
from graphql_schema.plans.fields import FIELDS
from graphql_schema.plans.plan import VIEWER, About, Answered, Declined, Unplanned
from graphql_schema.plans.text import Piece, joined

FIELD: Final = "createSignal"


@dataclass(frozen=True, slots=True)
class Writing:
    about: About
    insertion: Insertion
    reader: Reader
    """Of a list of what `variable` holds one of."""
    variable: str

    async def answer(self, context: Context) -> Answered | Declined:
        assert context.asked is not None  # noqa: S101 - what is planned has been asked
        services, attempt, began = context.services, context.attempt, perf_counter()
        try:
            (signal,) = await self.reader.of_values([context.asked.variables.get(self.variable)])
        except REFUSED:
            return Declined()
        await context.charge_signals(1)
        attempt.signals = 1
        now = datetime.now(UTC)

        def sends(key: SignalKey) -> None:
            attempt.sent, attempt.stored = True, (key, now)

        given = {VIEWER: context.rights.user_id}
        text = await services.signals.create_by(self.insertion, signal, now, given, sends)
        if text is None:
            attempt.sent, attempt.stored = False, None
            return Declined()
        services.statistics.ingested(accepted=1, seconds=perf_counter() - began)
        return Answered([text.encode()])


def compiled(compiler: Compiler, fields: dict[str, Any]) -> tuple[Insertion, str]:
    """How the signal is stored, and the variable that holds it."""
    (key, details), *_ = fields.items() or [("", None)]
    value = details and details[0].node.arguments[0].value
    if not isinstance(value, VariableNode):
        raise Unplanned("left out, or written out")

    def text(row: Any) -> ColumnElement[str]:
        def column(name: str, _: Any) -> list[Piece]:
            if name not in FIELDS["Signal"]:
                raise Unplanned(name)
            return [FIELDS["Signal"][name](row.c)]

        signal = compiler.written("Signal", compiler.collected("Signal", details), column)
        return joined([f'{{"{key}":', *signal, "}"])

    return Insertion.of(compiler.rights, text), value.name.value
