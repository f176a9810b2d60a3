"""Signals of many conversations at once."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.coherence.sources.freshness import freshness
from app.coherence.sources.spans import Span
from app.database.paging import Page, Slice
from app.errors import BadUserInput
from app.signals import queries
from app.signals.lineage import Step, lineage
from app.signals.queries import SignalFilter, SignalKey
from app.signals.summary import Summary, pieces, summaries
from app.timerange import TimeRange
from graphql_schema.calculation import Calculation, calculation
from graphql_schema.connections import SIGNALS, Connection, Edge, edges
from graphql_schema.context import Context, Loader
from graphql_schema.signals.types import LineageStep, Signal, SignalSummary


class SignalLoader(Loader[SignalKey, None, Signal | None]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[SignalKey], arguments: None
    ) -> dict[SignalKey, Signal | None]:
        found = await queries.by_keys(connection, self.rights, keys)
        return {key: Signal.of(row) for key, row in found.items()}

    def missing(self) -> None:
        return None


class SignalPages(Loader[UUID | None, tuple[SignalFilter, Page], Slice[Edge[Signal]]]):
    """By conversation; None for those of all."""

    async def read(
        self,
        connection: AsyncConnection,
        keys: Sequence[UUID | None],
        arguments: tuple[SignalFilter, Page],
    ) -> dict[UUID | None, Slice[Edge[Signal]]]:
        found: dict[UUID | None, Slice[Edge[Signal]]] = {}
        if None in keys:
            found[None] = edges(SIGNALS, await queries.page(connection, self.rights, *arguments), Signal.of)
        if ids := [key for key in keys if key is not None]:
            pages = await queries.pages_of_conversations(connection, ids, *arguments)
            found |= {key: edges(SIGNALS, page, Signal.of) for key, page in pages.items()}
        return found


class SignalCounts(Loader[UUID | None, SignalFilter, int]):
    """By conversation; None for those of all."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: SignalFilter
    ) -> dict[UUID | None, int]:
        found: dict[Any, int] = {}
        if None in keys:
            found[None] = await queries.count(connection, self.rights, arguments)
        if ids := [key for key in keys if key is not None]:
            found |= await queries.counts_of_conversations(connection, ids, arguments)
        return found

    def missing(self) -> int:
        return 0


def signals_of(
    context: Context, conversation: UUID | None, wanted: SignalFilter, page: Page
) -> Connection[Signal]:
    async def load() -> Slice[Edge[Signal]]:
        if wanted.classification is not None:
            await context.arrivals_dealt_with()
        return await context.loader(SignalPages).load(conversation, (wanted, page))

    async def count() -> int:
        if wanted.classification is not None:
            await context.arrivals_dealt_with()
        return await context.loader(SignalCounts).load(conversation, wanted)

    return Connection(paged=SIGNALS, load=load, count=count)


_SUMMARY = "count of signals, by class and by source"
_LINEAGE = "steps between consecutive signals of different sources; mean of score after - score before"


class SummaryLoader(Loader[UUID | None, SignalFilter, tuple[Summary | BadUserInput, Calculation]]):
    """By user; None for that of everything."""

    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID | None], arguments: SignalFilter
    ) -> dict[UUID | None, tuple[Summary | BadUserInput, Calculation]]:
        began = perf_counter()
        fresh = await freshness(connection, pieces(arguments))
        found: dict[UUID | None, Summary | BadUserInput] = {}
        if None in keys:
            found |= await summaries(connection, self.rights, [None], arguments)
        if users := [key for key in keys if key is not None]:
            found |= await summaries(connection, self.rights, users, arguments)
        calculated = calculation(arguments.range, fresh, _SUMMARY, began)
        return {key: (summary, calculated) for key, summary in found.items()}


async def summary_of(context: Context, user: UUID | None, wanted: SignalFilter) -> SignalSummary:
    await context.arrivals_dealt_with()
    summary, calculated = await context.loader(SummaryLoader).load(user, wanted)
    if isinstance(summary, BadUserInput):
        raise summary
    return SignalSummary.of(summary, user, wanted, calculated)


class LineageLoader(Loader[UUID, TimeRange, tuple[list[Step] | BadUserInput, Calculation]]):
    async def read(
        self, connection: AsyncConnection, keys: Sequence[UUID], arguments: TimeRange
    ) -> dict[UUID, tuple[list[Step] | BadUserInput, Calculation]]:
        began = perf_counter()
        fresh = await freshness(connection, [Span(arguments, None)])
        found = await lineage(connection, keys, arguments)
        calculated = calculation(arguments, fresh, _LINEAGE, began)
        return {key: (steps, calculated) for key, steps in found.items()}


async def lineage_of(context: Context, conversation: UUID, wanted: TimeRange) -> list[LineageStep]:
    steps, (inputs, meta) = await context.loader(LineageLoader).load(conversation, wanted)
    if isinstance(steps, BadUserInput):
        raise steps
    return [
        LineageStep(
            from_source=step.from_source,
            to_source=step.to_source,
            count=step.count,
            mean_score_change=step.mean_score_change,
            inputs=inputs,
            meta=meta,
        )
        for step in steps
    ]
